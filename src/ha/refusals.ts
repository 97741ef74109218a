import { type Log, reasonOf } from "../base/log.ts";
import type { Clock } from "../ports/host.ts";
import type { RefusedSlave } from "../wire/ha_status.ts";
import type { Refusal } from "./admission.ts";

/** A refused slave is let go after this, doubling up to the second while it comes back with the same. */
const HOLD_MS_MIN = 1_000;
const HOLD_MS_MAX = 5_000;
/** Addresses remembered; beyond it the one refused longest ago is forgotten. */
const KEPT_MAX = 64;
/** An address makes one line a second at most, whatever it comes up with. */
const LINE_MS = 1_000;

interface Entry {
  refused: RefusedSlave;
  holdMs: number;
  /** The kind that was logged last, and when, on the monotonic clock. */
  said: string;
  saidAt: number;
}

/** Slaves that were not served, by address, and those an operator had served all the same. */
export class Refusals {
  readonly #clock: Pick<Clock, "now" | "monotonic">;
  readonly #log: Log;
  readonly #entries = new Map<string, Entry>(); // refused last comes last
  readonly #accepted = new Set<string>();

  constructor(clock: Pick<Clock, "now" | "monotonic">, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** The latest refusal of each address. */
  get all(): RefusedSlave[] {
    return Array.from(this.#entries.values(), ({ refused }) => refused);
  }

  /** Notes it, says it when it is news, and gives how long the connection is held before it is closed. */
  refuse(addr: string, { kind, message }: Refusal): number {
    const old = this.#entries.get(addr);
    const again = old?.refused.kind === kind;
    const entry: Entry = {
      refused: { addr, kind, reason: message, at: this.#clock.now() },
      holdMs: again ? Math.min(HOLD_MS_MAX, 2 * old.holdMs) : HOLD_MS_MIN,
      said: old?.said ?? "",
      saidAt: old?.saidAt ?? -Infinity,
    };
    this.#entries.delete(addr);
    this.#entries.set(addr, entry);
    if (this.#entries.size > KEPT_MAX) this.#entries.delete(this.#entries.keys().next().value!);
    this.#say(entry);
    return entry.holdMs;
  }

  /** It is served now. */
  served(addr: string): void {
    this.#entries.delete(addr);
  }

  /** Whether an operator wants that slave served though its log may differ. */
  accepts(addr: string, host: string): boolean {
    return this.#accepted.has(addr) || this.#accepted.has(host);
  }

  /**
   * Has a slave served from its next connection on that was refused as FOREIGN; `addr` is as `all` gives it,
   * or its IP alone. Gives why not, or undefined when it is done.
   */
  accept(addr: string): string | undefined {
    const found = this.#entries.get(addr) ?? this.#findHost(addr);
    if (found === undefined) {
      const known = Array.from(this.#entries.keys()).join(", ");
      return `"${addr}" was never refused here${known ? `; refused were ${known}` : ""}`;
    }
    const { kind, reason } = found.refused;
    if (kind !== "FOREIGN") {
      return `"${addr}" was refused as ${kind}: ${reason}; that cannot be accepted, only FOREIGN can`;
    }
    this.#accepted.add(found.refused.addr);
    if (!this.#entries.has(addr)) this.#accepted.add(hostOf(addr));
    this.#log.warn("a slave that was refused is served from now on", { remote: addr, reason });
    return undefined;
  }

  /** By the IP alone, or by an IP with a port where the slave had not said its own. */
  #findHost(addr: string): Entry | undefined {
    const host = hostOf(addr);
    const alone = this.#entries.get(host);
    if (alone !== undefined || host !== addr) return alone;
    return Array.from(this.#entries).findLast(([name]) => hostOf(name) === host)?.[1];
  }

  #say(entry: Entry): void {
    const { addr, kind, reason } = entry.refused;
    const now = this.#clock.monotonic();
    if (entry.said === kind || now - entry.saidAt < LINE_MS) return;
    entry.said = kind;
    entry.saidAt = now;
    this.#log.warn("refused a slave", {
      remote: addr,
      kind,
      reason,
      ...adviceFor(kind, addr),
    });
  }
}

/** What an operator does about it; nothing about what is no slave. */
function adviceFor(kind: string, addr: string): { advice?: string } {
  const empty = "start it with an empty store";
  if (kind === "FOREIGN") return { advice: `pocketmq ha accept ${addr} serves it all the same` };
  if (kind === "AHEAD") return { advice: `run pocketmq ha resync on it, or ${empty}` };
  return kind === "PURGED" ? { advice: empty } : {};
}

/** The IP of `IP`, `IP:port` or `[IP]:port`. */
function hostOf(addr: string): string {
  const port = /^(?:\[(.+)\]|([^:]+)):\d+$/.exec(addr);
  return port?.[1] ?? port?.[2] ?? addr;
}

/** Says why connections of slaves ended: once, not each time one comes back with the same. */
export class Told {
  readonly #log: Log;
  readonly #last = new Map<string, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  left(host: string, error: unknown): void {
    const kind = reasonOf(error).replace(/\d+/g, "#"); // its numbers grow each time
    if (this.#last.get(host) === kind) return;
    if (this.#last.size >= 1000) this.#last.clear();
    this.#last.set(host, kind);
    this.#log.warn("closed the connection of a slave", { remote: host, reason: reasonOf(error) });
  }

  served(host: string): void {
    this.#last.delete(host);
  }
}
