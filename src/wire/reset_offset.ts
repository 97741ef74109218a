import { utf8 } from "../base/bytes.ts";
import { RequestCode } from "./codes.ts";
import type { ExtFields, Request } from "./command.ts";
import { Fields } from "./fields.ts";
import { plainQueue } from "./message_queue.ts";
import { formatOffsetsBody, type QueueNumber } from "./queue_numbers.ts";

/** Stands for the end of each queue where a time is asked for. */
export const TO_THE_END = -1;

/** Request 222: a group shall go on elsewhere in the queues of a topic. Source: ResetOffsetRequestHeader. */
export interface ResetOffset {
  readonly topic: string;
  readonly group: string;
  /** Where the queues were at that time, ms since 1970, or TO_THE_END. */
  readonly timestamp: number;
  /** Also forward, past messages that nobody has consumed. */
  readonly isForced: boolean;
  /** 5.x: this queue alone, to this entry, whatever the time. */
  readonly only?: { readonly queueId: number; readonly queueOffset: number };
}

/** Fields of 222. @throws {FieldError} */
export function parseResetOffset(ext: ExtFields): ResetOffset {
  const fields = new Fields(ext);
  const reset = {
    topic: fields.text("topic"),
    group: fields.text("group"),
    timestamp: fields.int64("timestamp"),
    isForced: fields.flag("isForce"),
  };
  const queueId = fields.optionalInt32("queueId", -1);
  const queueOffset = fields.optionalInt64("offset", -1);
  return queueId < 0 || queueOffset < 0 ? reset : { ...reset, only: { queueId, queueOffset } };
}

/** Request 222; answered with the queues' new offsets, see `parseOffsetsBody`. */
export function formatResetOffset(reset: ResetOffset): Request {
  const ext = extOf(reset, reset.isForced);
  if (reset.only !== undefined) {
    ext.queueId = String(reset.only.queueId);
    ext.offset = String(reset.only.queueOffset);
  }
  return { code: RequestCode.INVOKE_BROKER_TO_RESET_OFFSET, ext };
}

/** Request 220, one-way: the same for a member of the group. Clients in C++ read a list, all others a map. */
export function formatResetOrder(
  reset: Pick<ResetOffset, "topic" | "group" | "timestamp">,
  offsets: readonly QueueNumber[],
  form: "map" | "list",
): Request {
  const body = form === "map" ? formatOffsetsBody(offsets) : listOf(offsets);
  // no broker says "forced" here, and no client looks
  return { code: RequestCode.RESET_CONSUMER_CLIENT_OFFSET, ext: extOf(reset, false), body };
}

function listOf(offsets: readonly QueueNumber[]): Uint8Array {
  const offsetTable = offsets.map(([queue, offset]) => {
    const { brokerName, queueId, topic } = plainQueue(queue);
    return { brokerName, offset, queueId, topic };
  });
  return utf8(JSON.stringify({ offsetTable }));
}

function extOf(
  { topic, group, timestamp }: Pick<ResetOffset, "topic" | "group" | "timestamp">,
  isForced: boolean,
): ExtFields {
  return { topic, group, timestamp: String(timestamp), isForce: String(isForced) };
}
