import { utf8 } from "../base/bytes.ts";
import type { Handler } from "../rpc/peer.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import { refuse } from "../wire/command.ts";
import { Fields } from "../wire/fields.ts";
import { type OffsetPlace, parseOffsetPlace } from "../wire/offset.ts";
import type { DelayProgress } from "./delay_progress.ts";
import type { Offsets } from "./offsets.ts";

/** What requests about consumer offsets need of their broker. */
export interface OffsetContext {
  readonly offsets: Offsets;
  /** First offset of a queue; 0 or less when there is no such queue. */
  readonly minOffset: (topic: string, queueId: number) => number;
  /** Whether entry 0 of a queue is so far behind the log's end that it counts as read from disk. */
  readonly startsOnDisk: (topic: string, queueId: number) => boolean;
  readonly delay: DelayProgress;
}

const SUCCESS = { code: ResponseCode.SUCCESS };

/** Handlers of 14, 15, 43 and 45. Source: ConsumerManageProcessor, AdminBrokerProcessor. */
export function offsetHandlers(context: OffsetContext): [number, Handler][] {
  const { offsets } = context;

  const query: Handler = ({ ext }) => {
    const fields = new Fields(ext);
    const place = parseOffsetPlace(fields);
    const stored = offsets.of(place.consumerGroup, place.topic, place.queueId);
    if (stored !== undefined) return offsetReply(stored);
    const mayBeZero = fields.optional("setZeroIfNotFound") === undefined ||
      fields.flag("setZeroIfNotFound");
    if (mayBeZero && isYoung(place, context)) return offsetReply(0);
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

/** A new group starts at the first message of a young queue, whatever its policy says. */
function isYoung({ topic, queueId }: OffsetPlace, context: OffsetContext): boolean {
  return context.minOffset(topic, queueId) <= 0 && !context.startsOnDisk(topic, queueId);
}

function offsetReply(offset: number) {
  return { ...SUCCESS, ext: { offset: String(offset) } };
}
