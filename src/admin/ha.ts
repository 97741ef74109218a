import { AnswerError } from "../client/errors.ts";
import type { Redial } from "../rpc/redial.ts";
import { parseSettings } from "../wire/admin.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import type { Command, Request } from "../wire/command.ts";
import {
  formatResync,
  isResyncRefused,
  parseResyncReport,
  type ResyncReport,
} from "../wire/ha_resync.ts";
import { type HaStatus, parseHaStatus } from "../wire/ha_status.ts";
import { parseKvTable } from "../wire/route.ts";

/** A resync compares logs while it is asked for, for a second at most; a busy machine takes longer. */
const ANSWER_MS = 10_000;

/** How brokers are asked. */
export type Calls = Pick<Redial, "call">;

/** What a broker says of its replication, with the settings that tell what it means. */
export interface BrokerHa {
  /** Undefined when the broker knows no request 907, as Java's 4.x does. */
  readonly status: HaStatus | undefined;
  readonly name: string;
  readonly id: number;
  /** "SYNC_MASTER", "ASYNC_MASTER" or "SLAVE"; empty when it did not say. */
  readonly role: string;
  /** Nodes that must have a message, the master too; 0 when it did not say. */
  readonly inSyncReplicas: number;
  /** The log by request 28; -1 when it did not say. */
  readonly minOffset: number;
  readonly maxOffset: number;
  /** Such as V4_9_7. */
  readonly version: string;
}

/** What a broker says of itself when it is asked how it is. */
export interface BrokerState {
  readonly ha: BrokerHa;
  /** What it was told: its answer to 26. */
  readonly settings: ReadonlyMap<string, string>;
  /** Its answer to 28; empty when it has just started. */
  readonly runtime: ReadonlyMap<string, string>;
}

/**
 * Asks one broker how its replication is: 907, 26 and 28.
 *
 * @throws {CallError} when it does not answer. @throws {AnswerError} {FieldError}
 */
export async function brokerHa(calls: Calls, address: string): Promise<BrokerHa> {
  return (await brokerState(calls, address)).ha;
}

/** The same, and all else that these requests tell. @throws {CallError} {AnswerError} {FieldError} */
export async function brokerState(calls: Calls, address: string): Promise<BrokerState> {
  const ask = (code: number) => calls.call(address, { code }, ANSWER_MS);
  const [ha, settings, runtime] = await Promise.all([
    ask(RequestCode.GET_BROKER_HA_STATUS),
    ask(RequestCode.GET_BROKER_CONFIG).then(settingsIn),
    ask(RequestCode.GET_BROKER_RUNTIME_INFO).then(tableIn),
  ]);
  if (ha.code !== ResponseCode.SUCCESS && ha.code !== ResponseCode.REQUEST_CODE_NOT_SUPPORTED) {
    throw refusal(`${address} does not say how its replication is`, ha);
  }
  return {
    ha: {
      status: ha.code === ResponseCode.SUCCESS ? parseHaStatus(ha.body) : undefined,
      name: settings.get("brokerName") ?? "",
      id: numberIn(settings, "brokerId", 0),
      role: settings.get("brokerRole") ?? "",
      inSyncReplicas: numberIn(settings, "inSyncReplicas", 0),
      minOffset: numberIn(runtime, "commitLogMinOffset", -1),
      maxOffset: numberIn(runtime, "commitLogMaxOffset", -1),
      version: runtime.get("brokerVersionDesc") ?? "",
    },
    settings,
    runtime,
  };
}

/** A slave will not cut its log: it would not be safe, or not be right. */
export class ResyncRefused extends Error {
  override name = "ResyncRefused";
}

/**
 * Begins a resync of the slave at `address`, or asks how the one under way is (`progress`).
 *
 * @throws {ResyncRefused} @throws {AnswerError} when it failed, or the broker knows no such request.
 * @throws {CallError} when it does not answer.
 */
export async function resync(
  calls: Calls,
  address: string,
  progress: boolean,
): Promise<ResyncReport> {
  const answer = await calls.call(address, formatResync(progress), ANSWER_MS);
  if (answer.code === ResponseCode.SUCCESS) return parseResyncReport(answer.body);
  if (isResyncRefused(answer)) throw new ResyncRefused(answer.remark ?? "Cannot resync");
  throw refusal(`${address} was not resynced`, answer);
}

/**
 * Has the master at `address` serve a slave that it refused as FOREIGN.
 *
 * @throws {AnswerError} when it does not. @throws {CallError} when it does not answer.
 */
export async function accept(calls: Calls, address: string, slave: string): Promise<void> {
  const request: Request = { code: RequestCode.HA_ACCEPT, ext: { addr: slave } };
  const answer = await calls.call(address, request, ANSWER_MS);
  if (answer.code !== ResponseCode.SUCCESS) throw refusal(`${address} does not accept it`, answer);
}

function refusal(what: string, { code, remark }: Command): AnswerError {
  const why = code === ResponseCode.REQUEST_CODE_NOT_SUPPORTED
    ? "it knows no such request: it is no broker of ours"
    : `it answers ${code}` + (remark === undefined ? "" : ` (${remark})`);
  return new AnswerError(code, `${what}: ${why}`);
}

function settingsIn({ code, body }: Command): Map<string, string> {
  return code === ResponseCode.SUCCESS ? parseSettings(body) : new Map();
}

/** A broker that has just started may have nothing to say. */
function tableIn({ code, body }: Command): Map<string, string> {
  return code === ResponseCode.SUCCESS && body.length > 0 ? parseKvTable(body) : new Map();
}

function numberIn(table: ReadonlyMap<string, string>, key: string, fallback: number): number {
  const text = table.get(key);
  return text !== undefined && /^-?\d{1,16}$/.test(text) ? Number(text) : fallback;
}
