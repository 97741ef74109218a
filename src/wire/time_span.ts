import { utf8 } from "../base/bytes.ts";
import { RequestCode } from "./codes.ts";
import type { Request } from "./command.ts";
import { JsonBody } from "./json_body.ts";
import { type MessageQueue, plainQueue } from "./message_queue.ts";

/** What of one queue is there and how far a group is, in time; ms since 1970. Source: QueueTimeSpan. */
export interface TimeSpan {
  readonly queue: MessageQueue;
  /** When its first and its last message were stored; -1 without one. */
  readonly minTimeStamp: number;
  readonly maxTimeStamp: number;
  /** When the last message was stored that the group is done with; the first one's time before that. */
  readonly consumeTimeStamp: number;
  /** How long the group's next message has been there, in ms; 0 when there is none. */
  readonly delayTime: number;
}

/** Request 303. */
export function formatTimeSpanQuery(topic: string, group: string): Request {
  return { code: RequestCode.QUERY_CONSUME_TIME_SPAN, ext: { topic, group } };
}

/** The body of an answer to 303. Source: QueryConsumeTimeSpanBody. */
export function formatTimeSpans(spans: readonly TimeSpan[]): Uint8Array {
  const consumeTimeSpanSet = spans.map((span) => ({
    consumeTimeStamp: span.consumeTimeStamp,
    delayTime: span.delayTime,
    maxTimeStamp: span.maxTimeStamp,
    messageQueue: plainQueue(span.queue),
    minTimeStamp: span.minTimeStamp,
  }));
  return utf8(JSON.stringify({ consumeTimeSpanSet }));
}

/** @throws {FieldError} */
export function parseTimeSpans(body: Uint8Array): TimeSpan[] {
  return JsonBody.parse(body).list("consumeTimeSpanSet", (item, path) => {
    const span = JsonBody.of(item, path);
    const queue = span.object("messageQueue");
    return {
      queue: {
        brokerName: queue.text("brokerName"),
        queueId: queue.whole("queueId", undefined, 0),
        topic: queue.text("topic"),
      },
      minTimeStamp: span.long("minTimeStamp", -1),
      maxTimeStamp: span.long("maxTimeStamp", -1),
      consumeTimeStamp: span.long("consumeTimeStamp", -1),
      delayTime: span.long("delayTime", 0),
    };
  });
}
