import { FieldError } from "../base/errors.ts";
import { type JsonBody, parseJson } from "./json_body.ts";
import { formatLooseObject } from "./loose_json.ts";
import { formatQueue, type MessageQueue, plainQueue, readQueue } from "./message_queue.ts";

/** Something for each of some queues. */
export type ByQueue<T> = readonly (readonly [queue: MessageQueue, value: T])[];

/**
 * A map by queue as fastjson writes it, the key an object and not text:
 *
 *     {{"brokerName":"b","queueId":0,"topic":"T"}:VALUE,...}
 *
 * Go clients know such a body by not being JSON, so keys are never quoted.
 */
export function formatByQueue<T>(map: ByQueue<T>, format: (value: T) => string | number): string {
  return formatLooseObject(map.map(([queue, value]) => [formatQueue(queue), format(value)]));
}

/** The map in the field of that name, empty when there is none. @throws {FieldError} */
export function readByQueue<T>(
  body: JsonBody,
  name: string,
  read: (value: unknown, path: string) => T,
): [MessageQueue, T][] {
  const map: [MessageQueue, T][] = [];
  for (const [key, value, path] of body.each(name)) {
    if (!key.startsWith("{")) throw new FieldError(path, key, "a queue as the key");
    map.push([plainQueue(readQueue(parseJson(key, path), path)), read(value, path)]);
  }
  return map;
}
