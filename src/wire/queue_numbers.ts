import { utf8 } from "../base/bytes.ts";
import { FieldError } from "../base/errors.ts";
import { JsonBody, shown } from "./json_body.ts";
import type { MessageQueue } from "./message_queue.ts";
import { formatByQueue, readByQueue } from "./queue_map.ts";

/** A queue and a number that belongs to it: an offset, mostly. */
export type QueueNumber = readonly [queue: MessageQueue, value: number];

/** A map from queues to numbers; see queue_map.ts. */
export function formatQueueNumbers(numbers: readonly QueueNumber[]): string {
  return formatByQueue(numbers, String);
}

/** Such a map, the field `name` of a body; empty when there is none. @throws {FieldError} */
export function readQueueNumbers(body: JsonBody, name: string): QueueNumber[] {
  return readByQueue(body, name, (value, path) => {
    if (typeof value === "number" && Number.isSafeInteger(value)) return value;
    throw new FieldError(path, shown(value), "a whole number");
  });
}

/** Body of 220 and of the answer to 222. Source: ResetOffsetBody. */
export function formatOffsetsBody(offsets: readonly QueueNumber[]): Uint8Array {
  return utf8(`{"offsetTable":${formatQueueNumbers(offsets)}}`);
}

/** @throws {FieldError} */
export function parseOffsetsBody(body: Uint8Array): QueueNumber[] {
  return readQueueNumbers(JsonBody.parse(body), "offsetTable");
}
