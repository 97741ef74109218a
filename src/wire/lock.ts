import { utf8 } from "../base/bytes.ts";
import { RequestCode } from "./codes.ts";
import type { Request } from "./command.ts";
import { JsonBody } from "./json_body.ts";
import { type MessageQueue, plainQueue, readQueue } from "./message_queue.ts";

export type { MessageQueue } from "./message_queue.ts";

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
  return utf8(JSON.stringify({ lockOKMQSet: queues.map(plainQueue) }));
}

/** Request 41, or 42 to unlock. */
export function formatQueuesOfClient(wanted: "lock" | "unlock", of: QueuesOfClient): Request {
  const { clientId, consumerGroup, queues } = of;
  const body = utf8(JSON.stringify({ clientId, consumerGroup, mqSet: queues.map(plainQueue) }));
  return {
    code: wanted === "lock" ? RequestCode.LOCK_BATCH_MQ : RequestCode.UNLOCK_BATCH_MQ,
    body,
  };
}

/** Queues that are the client's now, from the answer to 41. @throws {FieldError} */
export function parseLocked(body: Uint8Array): MessageQueue[] {
  return JsonBody.parse(body).list("lockOKMQSet", readQueue);
}
