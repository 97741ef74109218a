import { readInt64, viewOf, writeInt64 } from "../base/bytes.ts";
import type { LogFile } from "../ports/fs.ts";
import type { Segment } from "./segment.ts";

/**
 * Entry n of a consume queue, at n * 20.
 *
 *     0                  8            12
 *     | log offset int64 | size int32 | tags code int64 |
 *
 * The tags code is Java's hash of the tag, sign-extended, or in SCHEDULE_TOPIC_XXXX the time (ms) of delivery.
 * The first entry whose size is not above 0 ends the queue. Source: ConsumeQueue.
 */
export const ENTRY_BYTES = 20;

/** What stands for entries that this broker never had: offset 0, code 0 and this size. */
export const FILL_SIZE = 0x7fffffff;

export function putEntry(
  view: DataView,
  at: number,
  logOffset: number,
  size: number,
  tagsCode: number,
): void {
  writeInt64(view, at, logOffset);
  view.setInt32(at + 8, size);
  writeInt64(view, at + 12, tagsCode);
}

export function entryLogOffset(view: DataView, at: number): number {
  return readInt64(view, at);
}

export function entrySize(view: DataView, at: number): number {
  return view.getInt32(at + 8);
}

export function entryTagsCode(view: DataView, at: number): number {
  return readInt64(view, at + 12);
}

/** True for what was put there, false for zeros and garbage behind the end. */
export function entryIsThere(view: DataView, at: number): boolean {
  return entrySize(view, at) > 0 && entryLogOffset(view, at) >= 0;
}

/**
 * Makes entries of a file none, and leaves their log offsets: one that a power cut tears would be that of an
 * older entry, and what a file ends in would not be known for an entry by `endsInEntry`.
 */
function takeSizes(segment: Segment, at: number, end: number): void {
  const entries = new Uint8Array(end - at);
  segment.file.readAt(at, entries);
  const view = viewOf(entries);
  for (let size = 8; size < entries.length; size += ENTRY_BYTES) view.setInt32(size, 0);
  segment.overwrite(at, entries);
}

/**
 * Takes away a file's entries from `at` on, which end at `end`; behind them lies garbage unless `isZeroBehind`.
 * To free blocks takes a disk milliseconds.
 */
export function takeEntries(
  segment: Segment,
  at: number,
  end: number,
  isZeroBehind: boolean,
): void {
  if (!isZeroBehind) {
    const keepsBlock = at === 0 && liesAt(segment.file, 0);
    segment.zeroFrom(keepsBlock ? ENTRY_BYTES : at);
    if (keepsBlock) takeSizes(segment, 0, ENTRY_BYTES);
  } else if (end > at) takeSizes(segment, at, end);
}

/**
 * What a crash leaves of a file between cutting it and giving it its size again: nothing, or whole entries,
 * some of which the next process may have taken away.
 */
export function endsInEntry({ file }: { readonly file: LogFile }, size: number): boolean {
  if (size === 0 || size === ENTRY_BYTES) return true; // the one at log offset 0 has nothing else left
  if (size % ENTRY_BYTES !== 0) return false;
  const last = new Uint8Array(ENTRY_BYTES);
  const view = viewOf(last);
  if (file.readAt(size - ENTRY_BYTES, last) < ENTRY_BYTES) return false;
  return entryIsThere(view, 0) || (entrySize(view, 0) === 0 && entryLogOffset(view, 0) > 0);
}

/** Bytes of fill entries, to be written again and again. */
export function fillEntries(count: number): Uint8Array {
  const bytes = new Uint8Array(count * ENTRY_BYTES);
  const view = viewOf(bytes);
  for (let i = 0; i < count; i++) putEntry(view, i * ENTRY_BYTES, 0, FILL_SIZE, 0);
  return bytes;
}

/** The first entries of a file. */
const head = new Uint8Array(204 * ENTRY_BYTES);
const headView = viewOf(head);
const first = head.subarray(0, ENTRY_BYTES);

/** Number of the first entry of a file at which nothing was put. Of a short queue one read tells it. */
export function firstFree({ base, end, file }: Segment): number {
  const from = base / ENTRY_BYTES;
  const count = Math.floor(file.readAt(0, head) / ENTRY_BYTES);
  const isFree = (n: number) => !entryIsThere(headView, n * ENTRY_BYTES);
  if (count > 0 && isFree(count - 1)) return from + firstThat(0, count, isFree);
  return firstThat(from + count, end / ENTRY_BYTES, (n) => !liesAt(file, n * ENTRY_BYTES - base));
}

/** Whether an entry was put `at` bytes into a file. */
function liesAt(file: LogFile, at: number): boolean {
  return file.readAt(at, first) === ENTRY_BYTES && entryIsThere(headView, 0);
}

/** The first number of `low` to `high` for which `holds` is true; it is false before it and true behind. */
export function firstThat(low: number, high: number, holds: (n: number) => boolean): number {
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
