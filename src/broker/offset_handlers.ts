import { utf8 } from "../base/bytes.ts";
import type { Handler } from "../rpc/peer.ts";
import type { ConsumeQueue } from "../store/consume_queue.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import { refuse } from "../wire/command.ts";
import { Fields } from "../wire/fields.ts";
import { parseOffsetPlace } from "../wire/offset.ts";
import type { DelayProgress } from "./delay_progress.ts";
import type { Offsets } from "./offsets.ts";

/** What requests about consumer offsets need of their broker. */
export interface OffsetContext {
  readonly offsets: Offsets;
  /** Where a queue begins. */
  readonly queueOf: (
    topic: string,
    queueId: number,
  ) => Pick<ConsumeQueue, "minOffset" | "start"> | undefined;
  /** Whether the first entry of a queue is so far behind the log's end that it counts as read from disk. */
  readonly startsOnDisk: (topic: string, queueId: number) => boolean;
  readonly delay: DelayProgress;
}

const NO_QUEUE = { minOffset: 0, start: 0 };
const SUCCESS = { code: ResponseCode.SUCCESS };

/** Handlers of 14, 15, 43 and 45. Source: ConsumerManageProcessor, AdminBrokerProcessor. */
export function offsetHandlers(context: OffsetContext): [number, Handler][] {
  const { offsets } = context;

  const query: Handler = ({ ext }) => {
    const fields = new Fields(ext);
    const place = parseOffsetPlace(fields);
    const { minOffset, start } = context.queueOf(place.topic, place.queueId) ?? NO_QUEUE;
    const stored = offsets.of(place.consumerGroup, place.topic, place.queueId);
    // what it had not read of a topic that was deleted it need not ask for
    if (stored !== undefined) return offsetReply(start > 0 ? Math.max(start, stored) : stored);
    const mayBeZero = fields.optional("setZeroIfNotFound") === undefined ||
      fields.flag("setZeroIfNotFound");
    const isYoung = minOffset <= start && !context.startsOnDisk(place.topic, place.queueId);
    if (mayBeZero && isYoung) return offsetReply(start); // whatever the policy of the group says
    return refuse(
      ResponseCode.QUERY_NOT_FOUND,
      `"${place.consumerGroup}" has no offset yet in queue ${place.queueId} of "${place.topic}"`,
    );
  };

  const commit: Handler = ({ ext }) => {
    const fields = new Fields(ext);
    const { consumerGroup, topic, queueId } = parseOffsetPlace(fields);
    if (offsets.commit(consumerGroup, topic, queueId, fields.int64("commitOffset"))) return SUCCESS;
    return refuse(ResponseCode.SYSTEM_BUSY, "Cannot commit: the table of offsets is full");
  };

  return [
    [RequestCode.QUERY_CONSUMER_OFFSET, query],
    [RequestCode.UPDATE_CONSUMER_OFFSET, commit],
    [RequestCode.GET_ALL_CONSUMER_OFFSET, () => ({ ...SUCCESS, body: utf8(offsets.json()) })],
    [RequestCode.GET_ALL_DELAY_OFFSET, () => ({ ...SUCCESS, body: utf8(context.delay.json()) })],
  ];
}

function offsetReply(offset: number) {
  return { ...SUCCESS, ext: { offset: String(offset) } };
}
