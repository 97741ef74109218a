import { sameBytes, utf8, viewOf } from "../../base/bytes.ts";
import type { ConsumeQueue } from "../consume_queue.ts";
import type { LogReader } from "../log_reader.ts";
import { ENTRY_BYTES, entryLogOffset, entrySize, FILL_SIZE } from "../queue_entry.ts";
import type { Queues } from "../queues.ts";
import type { Boundary } from "./walk.ts";

/** Behind the newest record a queue knows, `min` without one; undefined when the log has no such record. */
export function newestKnown(queues: Queues, min: number, reader: LogReader): Boundary | undefined {
  let newest: ConsumeQueue | undefined;
  for (const queue of queues.all()) if (queue.logEnd > (newest?.logEnd ?? 0)) newest = queue;
  if (!newest || newest.logEnd <= min) return { at: min, time: 0 };
  const { logOffset, size } = lastEntry(newest);
  const { scanner } = reader;
  if (reader.look(logOffset) !== "record" || scanner.size !== size) return undefined;
  return { at: newest.logEnd, time: scanner.record.storeTimestamp };
}

/**
 * Drops the last entries of a queue while their records are not in the log, which reaches from `min` to `end`:
 * a Java broker leaves such behind a cut queue's end.
 */
export function dropStale(queue: ConsumeQueue, min: number, end: number, reader: LogReader): void {
  if (queue.logEnd > end) queue.cutFrom(end);
  while (queue.maxOffset > queue.minOffset) {
    const { logOffset, size } = lastEntry(queue);
    if (size === FILL_SIZE || logOffset < min) return;
    if (reader.look(logOffset) === "record" && isOf(queue, size, reader)) return;
    queue.dropLast();
  }
}

function isOf(queue: ConsumeQueue, size: number, { scanner, bytes }: LogReader): boolean {
  const { record } = scanner;
  const topic = bytes.subarray(record.topicAt, record.topicAt + record.topicLength);
  return scanner.size === size && record.queueId === queue.queueId &&
    sameBytes(topic, utf8(queue.topic));
}

const entryBytes = new Uint8Array(ENTRY_BYTES);
const entryView = viewOf(entryBytes);

function lastEntry(queue: ConsumeQueue): { logOffset: number; size: number } {
  queue.read(queue.maxOffset - 1, entryBytes);
  return { logOffset: entryLogOffset(entryView, 0), size: entrySize(entryView, 0) };
}
