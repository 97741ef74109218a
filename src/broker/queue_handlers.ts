import type { Handler } from "../rpc/peer.ts";
import { earliestStoreTimeOf, offsetAt } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import type { Command, ExtFields, Reply } from "../wire/command.ts";
import { Fields } from "../wire/fields.ts";
import type { Topics } from "./topics.ts";

/** What these requests are answered from. */
export interface QueueContext {
  readonly store: Store;
  readonly topics: Topics;
  readonly isSlave: boolean;
}

/** Handlers of 29, 30, 31 and 32: where a queue begins and ends, in entries and in time. */
export function queueHandlers({ store, topics, isSlave }: QueueContext): [number, Handler][] {
  const queueOf = ({ ext }: Command) => {
    const fields = new Fields(ext);
    return { fields, queue: store.queues.get(fields.text("topic"), fields.int32("queueId")) };
  };

  const search: Handler = (command) => {
    const { fields, queue } = queueOf(command);
    return offsetReply(offsetAt(store.log, queue, fields.int64("timestamp")));
  };

  // On a master the entries count that are still on their way from the log to the queue: whoever got an
  // answer to a send sees it here.
  const max: Handler = (command) => {
    const { fields, queue } = queueOf(command);
    const [topic, queueId] = [fields.text("topic"), fields.int32("queueId")];
    const queues = topics.get(topic)?.writeQueueNums ?? 0;
    const isWritten = !isSlave && queueId >= 0 && queueId < queues;
    return offsetReply(isWritten ? store.nextQueueOffset(topic, queueId) : queue?.maxOffset ?? 0);
  };

  const min: Handler = (command) => offsetReply(queueOf(command).queue?.minOffset ?? 0);

  const earliest: Handler = (command) => {
    const time = earliestStoreTimeOf(store.log, queueOf(command).queue);
    return { code: ResponseCode.SUCCESS, ext: { timestamp: String(time) } };
  };

  return [
    [RequestCode.SEARCH_OFFSET_BY_TIMESTAMP, search],
    [RequestCode.GET_MAX_OFFSET, max],
    [RequestCode.GET_MIN_OFFSET, min],
    [RequestCode.GET_EARLIEST_MSG_STORETIME, earliest],
  ];
}

function offsetReply(offset: number): Reply {
  const ext: ExtFields = { offset: String(offset) };
  return { code: ResponseCode.SUCCESS, ext };
}
