import type { SlaveView } from "../ha/slave_status.ts";
import type { Slaves } from "../ha/slaves.ts";
import type { Handler, Handlers } from "../rpc/peer.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import { refuse } from "../wire/command.ts";
import { Fields } from "../wire/fields.ts";
import { formatHaStatus, type HaClientStatus, type OwnHaStatus } from "../wire/ha_status.ts";
import { parseSlaveName } from "../wire/slave_name.ts";

/** What requests about replication are answered from. */
export interface HaContext {
  readonly slaves: Slaves;
  readonly log: { readonly minOffset: number; readonly tail: number };
  /** A slave's view of its master; undefined on a master. */
  readonly view: (() => SlaveView) | undefined;
  /** ms since 1970. */
  readonly startedAt: number;
}

/** Handlers of 907 and 29072: how replication is here, and to serve a slave that was refused. */
export function haHandlers(context: HaContext): [number, Handler][] {
  const { slaves } = context;
  const accept: Handler = ({ ext }) => {
    const addr = new Fields(ext).text("addr");
    const why = slaves.refusals.accept(addr);
    if (why === undefined) return { code: ResponseCode.SUCCESS };
    return refuse(ResponseCode.SYSTEM_ERROR, `Cannot accept a slave: ${why}`);
  };
  return [
    [RequestCode.GET_BROKER_HA_STATUS, () => ({
      code: ResponseCode.SUCCESS,
      body: bodyOf(context),
    })],
    [RequestCode.HA_ACCEPT, accept],
  ];
}

/** The handlers with those through which slaves fetch tables: there ours say who they are. */
export function hearNames(handlers: Handlers, slaves: Slaves): Handlers {
  const table = new Map(handlers);
  for (const code of [RequestCode.GET_ALL_TOPIC_CONFIG, RequestCode.GET_ALL_CONSUMER_OFFSET]) {
    const handler = handlers.get(code)!;
    table.set(code, (command, peer) => {
      const name = parseSlaveName(new Fields(command.ext));
      if (name !== undefined) slaves.named(peer.remote.host, name);
      return handler(command, peer);
    });
  }
  return table;
}

function bodyOf({ slaves, log, view, startedAt }: HaContext): Uint8Array {
  const connections = slaves.connections;
  const slave = view?.();
  const own: OwnHaStatus = {
    state: slave?.state ?? "MASTER",
    since: slave?.since ?? startedAt,
    reason: slave?.reason ?? "",
    advice: slave?.advice ?? "",
    minOffset: log.minOffset,
    maxOffset: log.tail,
    masterMinOffset: slave?.masterMinOffset ?? -1,
    masterMaxOffset: slave?.masterMaxOffset ?? -1,
    refused: slaves.refusals.all,
  };
  return formatHaStatus({
    master: slave === undefined,
    masterCommitLogMaxOffset: log.tail,
    inSyncSlaveNums: connections.filter(({ inSync }) => inSync).length,
    haConnectionInfo: connections,
    haClientRuntimeInfo: clientOf(slave, log.tail),
    pocketmq: own,
  });
}

function clientOf(slave: SlaveView | undefined, maxOffset: number): HaClientStatus {
  return {
    masterAddr: slave?.master,
    transferredByteInSecond: slave?.bytesPerSecond ?? 0,
    maxOffset: slave ? maxOffset : 0,
    lastReadTimestamp: slave?.lastRead ?? 0,
    lastWriteTimestamp: slave?.lastWrite ?? 0,
    masterFlushOffset: 0, // nothing on this wire says it
  };
}
