import { utf8 } from "../base/bytes.ts";
import { JsonBody } from "./json_body.ts";

/**
 * How replication is at one broker: the body of the answer to 907. The first part is 5.x's HARuntimeInfo, so
 * that its tools read it; what only our brokers know is in `pocketmq`, which those pass over.
 */
export interface HaStatus {
  readonly master: boolean;
  /** Where this broker's log ends. */
  readonly masterCommitLogMaxOffset: number;
  readonly inSyncSlaveNums: number;
  /** Slaves that this broker sends its log to; a slave may have some, too. */
  readonly haConnectionInfo: readonly HaConnectionStatus[];
  /** The master this broker follows; all zero on a master. */
  readonly haClientRuntimeInfo: HaClientStatus;
  readonly pocketmq?: OwnHaStatus;
}

/** One slave, as its master sees it. Source: HARuntimeInfo.HAConnectionRuntimeInfo of 5.x. */
export interface HaConnectionStatus {
  /** Its HA connection, ip:port. */
  readonly addr: string;
  readonly slaveAckOffset: number;
  /** Bytes it is behind. */
  readonly diff: number;
  readonly inSync: boolean;
  readonly transferredByteInSecond: number;
  /** Log offset of the next byte it is sent. */
  readonly transferFromWhere: number;
}

/** A slave's view of its master. Source: HARuntimeInfo.HAClientRuntimeInfo of 5.x. */
export interface HaClientStatus {
  /** Its HA address, ip:port. */
  readonly masterAddr: string | undefined;
  readonly transferredByteInSecond: number;
  /** Where the slave's log ends. */
  readonly maxOffset: number;
  /** ms since 1970. */
  readonly lastReadTimestamp: number;
  /** ms since 1970. */
  readonly lastWriteTimestamp: number;
  readonly masterFlushOffset: number;
}

/** What our brokers add. */
export interface OwnHaStatus {
  /** A slave's state, or a master's "MASTER". */
  readonly state: HaState;
  /** ms since 1970. */
  readonly since: number;
  /** What shows the state, with its numbers; empty when there is nothing to say. */
  readonly reason: string;
  /** What an operator does about it; empty when nothing is to be done. */
  readonly advice: string;
  /** This broker's log. */
  readonly minOffset: number;
  readonly maxOffset: number;
  /** A slave: its master's log, as far as it is known; -1 when it is not. */
  readonly masterMinOffset: number;
  readonly masterMaxOffset: number;
  /** Slaves that this broker would not serve, the latest reason of each. */
  readonly refused: readonly RefusedSlave[];
}

/** A slave that a master sent away. */
export interface RefusedSlave {
  /** What `pocketmq ha accept` takes: its address. */
  readonly addr: string;
  /** "FOREIGN", "AHEAD", "PURGED", or "BAD" for what no slave says. */
  readonly kind: string;
  readonly reason: string;
  /** ms since 1970. */
  readonly at: number;
}

/** How a slave is with its master. */
export type SlaveState =
  | "CONNECTING"
  | "HANDSHAKE"
  | "CATCHING_UP"
  | "IN_SYNC"
  | "CHAINED"
  | "AHEAD"
  | "PURGED"
  | "DIVERGED"
  | "WRONG_FILE_SIZE";

/** What `OwnHaStatus.state` can be. */
export type HaState = SlaveState | "MASTER";

const STATES: readonly HaState[] = [
  "CONNECTING",
  "HANDSHAKE",
  "CATCHING_UP",
  "IN_SYNC",
  "CHAINED",
  "AHEAD",
  "PURGED",
  "DIVERGED",
  "WRONG_FILE_SIZE",
  "MASTER",
];

/** The body of the answer to 907. */
export function formatHaStatus(status: HaStatus): Uint8Array {
  return utf8(JSON.stringify(status));
}

/** @throws {FieldError} */
export function parseHaStatus(body: Uint8Array): HaStatus {
  const json = JsonBody.parse(body);
  const has = new Set(Array.from(json.all(), ([name, value]) => value === null ? "" : name));
  return {
    master: json.flag("master", false),
    masterCommitLogMaxOffset: json.long("masterCommitLogMaxOffset", 0),
    inSyncSlaveNums: json.long("inSyncSlaveNums", 0),
    haConnectionInfo: json.list("haConnectionInfo", readConnection),
    haClientRuntimeInfo: readClient(
      has.has("haClientRuntimeInfo") ? json.object("haClientRuntimeInfo") : JsonBody.of({}, "body"),
    ),
    ...(has.has("pocketmq") ? { pocketmq: readOwn(json.object("pocketmq")) } : {}),
  };
}

function readConnection(item: unknown, path: string): HaConnectionStatus {
  const json = JsonBody.of(item, path);
  return {
    addr: json.textOr("addr", ""),
    slaveAckOffset: json.long("slaveAckOffset", 0),
    diff: json.long("diff", 0),
    inSync: json.flag("inSync", false),
    transferredByteInSecond: json.long("transferredByteInSecond", 0),
    transferFromWhere: json.long("transferFromWhere", 0),
  };
}

function readClient(json: JsonBody): HaClientStatus {
  return {
    masterAddr: json.textOr("masterAddr", undefined),
    transferredByteInSecond: json.long("transferredByteInSecond", 0),
    maxOffset: json.long("maxOffset", 0),
    lastReadTimestamp: json.long("lastReadTimestamp", 0),
    lastWriteTimestamp: json.long("lastWriteTimestamp", 0),
    masterFlushOffset: json.long("masterFlushOffset", 0),
  };
}

function readOwn(json: JsonBody): OwnHaStatus {
  return {
    state: json.choice("state", STATES, "MASTER") as HaState,
    since: json.long("since", 0),
    reason: json.textOr("reason", ""),
    advice: json.textOr("advice", ""),
    minOffset: json.long("minOffset", 0),
    maxOffset: json.long("maxOffset", 0),
    masterMinOffset: json.long("masterMinOffset", -1),
    masterMaxOffset: json.long("masterMaxOffset", -1),
    refused: json.list("refused", (item, path) => {
      const one = JsonBody.of(item, path);
      return {
        addr: one.textOr("addr", ""),
        kind: one.textOr("kind", "BAD"),
        reason: one.textOr("reason", ""),
        at: one.long("at", 0),
      };
    }),
  };
}
