import type { BrokerHa } from "../admin/ha.ts";
import type { HaState } from "../wire/ha_status.ts";
import { Exit } from "./exit.ts";

/** What was learned of one broker. */
export interface Seen {
  readonly address: string;
  /** As the name servers know it; undefined when it was asked by its address alone. */
  readonly registered?: { readonly cluster: string; readonly name: string; readonly id: number };
  readonly ha?: BrokerHa;
  /** Why it could not be asked, and the exit code of that. */
  readonly failure?: { readonly reason: string; readonly exit: number };
}

/** In words, for JSON. */
export type Health = "ok" | "behind" | "refused" | "unreachable" | "unknown";

/** How a broker is, and why, one sentence each. */
export interface Judged {
  readonly health: Health;
  readonly notes: readonly string[];
}

/** These hold no connection: going on could lose messages. */
const REFUSED: ReadonlySet<HaState> = new Set(["AHEAD", "PURGED", "DIVERGED", "WRONG_FILE_SIZE"]);
const FOLLOWS: ReadonlySet<HaState> = new Set(["IN_SYNC", "CHAINED"]);
/** Slaves that are refused come back every few seconds; one that did not for this long has gone. */
const STILL_REFUSED_MS = 60_000;

/** How one broker's replication is; `now` is ms since 1970. */
export function judge({ ha, failure }: Seen, now: number): Judged {
  if (failure !== undefined) return { health: "unreachable", notes: [failure.reason] };
  if (ha === undefined) return { health: "unknown", notes: [] };
  if (ha.status === undefined) {
    const version = ha.version === ""
      ? ""
      : ` ${ha.version.replace(/^V/, "").replaceAll("_", ".")}`;
    return {
      health: "unknown",
      notes: [
        `this broker${version} knows no request for it (907 is answered with code 3, as RocketMQ ` +
        "before 5.0 does); shown is where its log begins and ends (request 28)",
      ],
    };
  }
  return ha.status.master ? judgeMaster(ha, now) : judgeSlave(ha);
}

function judgeMaster({ status, role, inSyncReplicas }: BrokerHa, now: number): Judged {
  const { haConnectionInfo: slaves, inSyncSlaveNums, pocketmq } = status!;
  const notes: string[] = [];
  const refused = pocketmq?.refused ?? [];
  for (const { addr, kind, reason, at } of refused) {
    notes.push(`refused ${addr} as ${kind} at ${new Date(at).toISOString()}: ${reason}`);
  }
  const needed = role === "SYNC_MASTER" ? inSyncReplicas - 1 : 0;
  if (inSyncSlaveNums < needed) {
    notes.push(
      `a SYNC_MASTER with inSyncReplicas ${inSyncReplicas} needs ${plural(needed, "slave")} in ` +
        `sync and has ${inSyncSlaveNums}: it stores what is sent and answers SLAVE_NOT_AVAILABLE`,
    );
  }
  const unsafe = refused.some(({ kind, at }) => kind !== "BAD" && now - at < STILL_REFUSED_MS);
  if (unsafe) return { health: "refused", notes };
  const behind = inSyncSlaveNums < needed || slaves.some(({ inSync }) => !inSync);
  return { health: behind ? "behind" : "ok", notes };
}

function judgeSlave({ status }: BrokerHa): Judged {
  const own = status!.pocketmq;
  if (own === undefined) { // 5.x, which says no state
    const { lastReadTimestamp } = status!.haClientRuntimeInfo;
    return { health: lastReadTimestamp > 0 ? "ok" : "behind", notes: [] };
  }
  const notes = [own.reason, own.advice].filter((text) => text !== "");
  if (REFUSED.has(own.state)) return { health: "refused", notes };
  return { health: FOLLOWS.has(own.state) ? "ok" : "behind", notes };
}

/**
 * The exit code of one or many: refused for safety before unreachable before behind. A broker that cannot
 * tell counts only when nobody of its group can.
 */
export function exitOf(brokers: readonly { seen: Seen; health: Health }[]): number {
  const has = (wanted: Health) => brokers.some(({ health }) => health === wanted);
  if (has("refused")) return Exit.REFUSED;
  if (has("unreachable")) {
    return brokers.find(({ health }) => health === "unreachable")!.seen.failure!.exit;
  }
  if (has("behind")) return Exit.UNHEALTHY;
  const told = new Set(
    brokers.filter(({ health }) => health === "ok").map(({ seen }) => group(seen)),
  );
  return brokers.every(({ seen }) => told.has(group(seen))) ? Exit.OK : Exit.FAILED;
}

function group({ registered, address }: Seen): string {
  return registered ? `${registered.cluster}/${registered.name}` : address;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
