import { viewOf } from "../base/bytes.ts";
import { decodeRecord, type StoredMessage } from "../wire/message.ts";
import type { CommitLog } from "./commit_log.ts";
import type { ConsumeQueue } from "./consume_queue.ts";
import { ENTRY_BYTES, entryLogOffset, entrySize, firstThat } from "./queue_entry.ts";
import { HEAD_BYTES, Scanner } from "./scan.ts";

const scanner = new Scanner();
const entry = new Uint8Array(ENTRY_BYTES);
const entryView = viewOf(entry);

/** The record at `logOffset`, copied; undefined when no record begins there. */
export function recordAt(log: CommitLog, logOffset: number): Uint8Array | undefined {
  const room = log.available(logOffset);
  if (room <= 0) return undefined;
  const head = new Uint8Array(Math.min(HEAD_BYTES, room));
  const found = lookAt(log, logOffset, head);
  if (found === "record") return head.subarray(0, scanner.size);
  if (found !== "more" || scanner.size > room) return undefined;
  const whole = new Uint8Array(scanner.size);
  return lookAt(log, logOffset, whole) === "record" ? whole : undefined;
}

/** The message of the record at `logOffset`; undefined when no record begins there. @throws {WireError} */
export function messageAt(log: CommitLog, logOffset: number): StoredMessage | undefined {
  const record = recordAt(log, logOffset);
  return record && decodeRecord(record);
}

/** When the record at `logOffset` was stored; -1 when no record begins there. */
export function storeTimeAt(log: CommitLog, logOffset: number): number {
  return recordAt(log, logOffset) ? scanner.record.storeTimestamp : -1;
}

/** When the first record of the log was stored; -1 without one. */
export function earliestStoreTime(log: CommitLog): number {
  return storeTimeAt(log, log.minOffset);
}

/** When the first message of a queue was stored; -1 without one. */
export function earliestStoreTimeOf(log: CommitLog, queue: ConsumeQueue | undefined): number {
  return queue === undefined ? -1 : storeTimeOf(log, queue, queue.minOffset);
}

/**
 * Number of the entry whose message was stored at that time; else of the one stored nearest to it, the
 * earlier of two as near. 0 without messages, or when the one it comes to cannot be read; but where messages
 * were deleted with their topic, the number behind them. Source: ConsumeQueue.
 */
export function offsetAt(
  log: CommitLog,
  queue: ConsumeQueue | undefined,
  timestampMs: number,
): number {
  if (queue === undefined || queue.maxOffset <= queue.minOffset) return queue?.start ?? 0;
  const timeAt = (n: number): number => storeTimeOf(log, queue, n);
  const last = queue.maxOffset - 1;
  const at = firstThat(queue.minOffset, last, (n) => timeAt(n) >= timestampMs);
  if (timeAt(at) < 0) return 0;
  const late = timeAt(at) - timestampMs;
  if (late <= 0 || at === queue.minOffset) return at;
  const early = timestampMs - timeAt(at - 1);
  return late < early ? at : at - 1;
}

/** Log offset of an entry's message; undefined where there is no entry. */
export function logOffsetOf(
  queue: ConsumeQueue | undefined,
  queueOffset: number,
): number | undefined {
  if (queue === undefined || queue.read(queueOffset, entry) < ENTRY_BYTES) return undefined;
  return entryLogOffset(entryView, 0);
}

/** When the message of an entry was stored; -1 without such an entry, or when its message is gone. */
export function storeTimeOf(log: CommitLog, queue: ConsumeQueue, queueOffset: number): number {
  if (queue.read(queueOffset, entry) < ENTRY_BYTES) return -1;
  const size = entrySize(entryView, 0);
  const logOffset = entryLogOffset(entryView, 0);
  return size > log.fileBytes ? -1 : storeTimeAt(log, logOffset);
}

function lookAt(log: CommitLog, logOffset: number, into: Uint8Array): ReturnType<Scanner["look"]> {
  const length = log.readAt(logOffset, into);
  const fileRoom = log.fileBytes - logOffset % log.fileBytes;
  return scanner.look(viewOf(into), 0, length, logOffset, fileRoom);
}
