import { JsonBody } from "./json_body.ts";

/** One queue of one broker; the fields stand in the order in which Java writes them. Source: MessageQueue. */
export interface MessageQueue {
  /** The broker group it lies on. */
  readonly brokerName: string;
  /** Its number there, from 0. */
  readonly queueId: number;
  /** The topic. */
  readonly topic: string;
}

/**
 * The queue as JSON. Java also puts this text, as it is, where a key stands; Go clients split bodies at its
 * braces, so the order of the fields and the lack of spaces matter.
 */
export function formatQueue(queue: MessageQueue): string {
  return JSON.stringify(plainQueue(queue));
}

/** The queue alone, to be put into JSON: its owner may know more of it. */
export function plainQueue({ brokerName, queueId, topic }: MessageQueue): MessageQueue {
  return { brokerName, queueId, topic };
}

/** A queue in a list of a body. @throws {FieldError} */
export function readQueue(item: unknown, path: string): MessageQueue {
  const queue = JsonBody.of(item, path);
  return {
    brokerName: queue.text("brokerName"),
    queueId: queue.whole("queueId", undefined, 0),
    topic: queue.text("topic"),
  };
}
