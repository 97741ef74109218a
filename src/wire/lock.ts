import { utf8 } from "../base/bytes.ts";
import { JsonBody } from "./json_body.ts";

/** One queue of one broker. Source: MessageQueue. */
export interface MessageQueue {
  readonly brokerName: string;
  readonly queueId: number;
  readonly topic: string;
}

/** Queues that a client wants to lock or unlock for its group. Source: LockBatchRequestBody. */
export interface QueuesOfClient {
  readonly clientId: string;
  readonly consumerGroup: string;
  readonly queues: readonly MessageQueue[];
}

/** @throws {FieldError} */
export function parseQueuesOfClient(body: Uint8Array): QueuesOfClient {
  const request = JsonBody.parse(body);
  return {
    clientId: request.text("clientId"),
    consumerGroup: request.text("consumerGroup"),
    queues: request.list("mqSet", readQueue),
  };
}

/** The body of the answer to 41. */
export function formatLocked(queues: readonly MessageQueue[]): Uint8Array {
  return utf8(JSON.stringify({ lockOKMQSet: queues }));
}

function readQueue(item: unknown, path: string): MessageQueue {
  const queue = JsonBody.of(item, path);
  return {
    brokerName: queue.text("brokerName"),
    queueId: queue.whole("queueId", undefined, 0),
    topic: queue.text("topic"),
  };
}
