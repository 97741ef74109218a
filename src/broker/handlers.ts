import type { Resync } from "../ha/resync.ts";
import type { SlaveView } from "../ha/slave_status.ts";
import type { Handler, Handlers } from "../rpc/peer.ts";
import { RequestCode } from "../wire/codes.ts";
import { askMemberHandlers } from "./admin/ask_members.ts";
import { cleanHandlers } from "./admin/clean.ts";
import { cloneOffsetHandler } from "./admin/clone_offset.ts";
import { resetOffsetHandler } from "./admin/reset_offset.ts";
import { readingHandlers } from "./admin/reading.ts";
import { clientHandlers } from "./client_handlers.ts";
import { configHandlers } from "./config_handlers.ts";
import { groupHandlers } from "./group_handlers.ts";
import { haHandlers, hearNames } from "./ha_handlers.ts";
import { lockHandlers } from "./lock_handlers.ts";
import { offsetHandlers } from "./offset_handlers.ts";
import type { Parts } from "./parts.ts";
import type { Pulls } from "./pull.ts";
import { queryHandlers } from "./query_handlers.ts";
import { queueHandlers } from "./queue_handlers.ts";
import { replyHandlers } from "./reply/reply.ts";
import { resyncHandler } from "./resync.ts";
import { sendBackHandler } from "./retry/send_back.ts";
import { runtimeInfoHandler } from "./runtime_info.ts";
import type { Sends } from "./send.ts";
import { ANSWER_BYTES_MAX } from "./told.ts";
import { topicHandlers } from "./topic_handlers.ts";

/** What a slave has beside a master. */
export interface SlaveSide {
  /** What it says of itself and its master. */
  readonly view: () => SlaveView;
  readonly resync: Resync;
}

/** The broker's table of contents: every request it answers. */
export function brokerHandlers(
  parts: Parts,
  sends: Sends,
  pulls: Pulls,
  slave?: SlaveSide,
  known: () => Promise<void> = () => Promise.resolve(),
): Handlers {
  const { store, isSlave, slaves, startedAt, config: { brokerName } } = parts;
  const erasing = {
    erase(topics: Iterable<string>): Promise<void> {
      parts.puts.commit(); // what came before it is deleted
      return store.deletions.erase(topics);
    },
    floors: () => store.deletions.floors,
  };
  const table: [number, Handler][] = [
    [RequestCode.SEND_MESSAGE, sends.send],
    [RequestCode.SEND_MESSAGE_V2, sends.sendV2],
    [RequestCode.SEND_BATCH_MESSAGE, sends.sendV2],
    [RequestCode.END_TRANSACTION, parts.transactions.end],
    [RequestCode.RESUME_CHECK_HALF_MESSAGE, parts.transactions.resume],
    ...replyHandlers({
      ...parts,
      clock: parts.runtime.clock,
      sends,
      stores: parts.config.storeReplyMessageEnable,
    }),
    [RequestCode.PULL_MESSAGE, pulls.pull],
    [RequestCode.LITE_PULL_MESSAGE, pulls.pull],
    sendBackHandler(parts),
    ...queueHandlers(parts),
    ...queryHandlers({
      store,
      clock: parts.runtime.clock,
      offsets: parts.offsets,
      clients: parts.clients,
      isSlave,
      isIndexed: parts.config.messageIndexEnable,
      maxCount: parts.config.maxMsgsNumBatch,
      uniqueMaxCount: parts.config.defaultQueryMaxNum,
      maxBytes: ANSWER_BYTES_MAX,
    }),
    ...offsetHandlers({
      offsets: parts.offsets,
      queueOf: (topic, queueId) => store.queues.get(topic, queueId),
      startsOnDisk: parts.startsOnDisk,
      delay: parts.delay,
    }),
    ...topicHandlers({ topics: parts.topics, isSlave, erasing, known }),
    ...groupHandlers({ groups: parts.groups, offsets: parts.offsets, isSlave }),
    ...clientHandlers(parts),
    ...lockHandlers(parts.locks),
    resetOffsetHandler({ ...parts, brokerName }),
    cloneOffsetHandler(parts),
    ...cleanHandlers({ ...parts, erasing }),
    ...askMemberHandlers({ ...parts, brokerName }),
    ...configHandlers(parts),
    ...haHandlers({ slaves, log: store.log, view: slave?.view, startedAt }),
    ...readingHandlers({ ...parts, address: sends.storeHost }),
    resyncHandler(parts.runtime.clock, slave?.resync),
    runtimeInfoHandler({
      runtime: parts.runtime,
      disk: parts.disk,
      queueDisk: parts.queueDisk,
      store,
      stats: parts.stats,
      delay: parts.delay,
      startedAt,
      parked: () => pulls.parked,
      waiting: () => parts.confirmations.waiting,
    }),
  ];
  return hearNames(new Map(table), slaves);
}

/** What the fast port answers: all but pulls. Source: BrokerController.registerProcessor. */
export function fastHandlers(handlers: Handlers): Handlers {
  const fast = new Map(handlers);
  fast.delete(RequestCode.PULL_MESSAGE);
  fast.delete(RequestCode.LITE_PULL_MESSAGE);
  return fast;
}
