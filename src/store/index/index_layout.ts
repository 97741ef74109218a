import { readInt64, writeInt64 } from "../../base/bytes.ts";

/**
 * A file of the key index: a hash table from `topic#key` to places in the log. It has its full size from the
 * beginning, sparse where nothing was put. All numbers are big-endian.
 *
 *     0                8                16                     24
 *     | beginMs int64  | endMs int64    | beginLogOffset int64 | endLogOffset int64 |
 *     32               36               40
 *     | usedSlots int32 | count int32   | slots: int32 each    | items: 20 bytes each |
 *
 * Slot s holds the number of the newest item whose hash modulo the number of slots is s, 0 for none. `count`
 * is the number that the next item gets; item 0 is never used. Item n:
 *
 *     0            4                  12             16
 *     | hash int32 | log offset int64 | seconds int32 | previous int32 |
 *
 * `seconds` since beginMs, when the message was stored; `previous` the item before it of the same slot.
 * Source: IndexHeader, IndexFile.
 */
export const INDEX_HEADER_BYTES = 40;
/** Where a header has endMs. */
export const INDEX_END_AT = 8;
export const SLOT_BYTES = 4;
export const ITEM_BYTES = 20;

/** How large the files are. */
export interface IndexShape {
  /** [maxHashSlotNum] */
  readonly slots: number;
  /** [maxIndexNum] A file is full with one item less, for item 0 is not used. */
  readonly items: number;
}

/** The header of a file, as numbers. Times are store times in ms. */
export interface IndexHeader {
  beginMs: number;
  endMs: number;
  beginLogOffset: number;
  endLogOffset: number;
  usedSlots: number;
  count: number;
}

/** One item. */
export interface IndexItem {
  readonly hash: number;
  readonly logOffset: number;
  readonly seconds: number;
  readonly previous: number;
}

/** Size of a file. */
export function indexFileBytes(shape: IndexShape): number {
  return itemPlace(shape, shape.items);
}

/** Where slot `slot` lies in a file. */
export function slotPlace(slot: number): number {
  return INDEX_HEADER_BYTES + SLOT_BYTES * slot;
}

/** Where item `n` lies in a file. */
export function itemPlace({ slots }: IndexShape, n: number): number {
  return INDEX_HEADER_BYTES + SLOT_BYTES * slots + ITEM_BYTES * n;
}

/** Reads the header at the beginning of `view`. */
export function readIndexHeader(view: DataView): IndexHeader {
  return {
    beginMs: readInt64(view, 0),
    endMs: readInt64(view, 8),
    beginLogOffset: readInt64(view, 16),
    endLogOffset: readInt64(view, 24),
    usedSlots: view.getInt32(32),
    count: view.getInt32(36) || 1, // Java writes it with the first item
  };
}

/** Writes the header to the beginning of `view`. */
export function writeIndexHeader(view: DataView, header: IndexHeader): void {
  writeInt64(view, 0, header.beginMs);
  writeInt64(view, 8, header.endMs);
  writeInt64(view, 16, header.beginLogOffset);
  writeInt64(view, 24, header.endLogOffset);
  view.setInt32(32, header.usedSlots);
  view.setInt32(36, header.count);
}

/** Reads the item at `at`. */
export function readIndexItem(view: DataView, at: number): IndexItem {
  return {
    hash: view.getInt32(at),
    logOffset: readInt64(view, at + 4),
    seconds: view.getInt32(at + 12),
    previous: view.getInt32(at + 16),
  };
}

/** Writes an item at `at`. */
export function putIndexItem(
  view: DataView,
  at: number,
  hash: number,
  logOffset: number,
  seconds: number,
  previous: number,
): void {
  view.setInt32(at, hash);
  writeInt64(view, at + 4, logOffset);
  view.setInt32(at + 12, seconds);
  view.setInt32(at + 16, previous);
}

/** What an item holds of Java's hash of its key: never below 0. Source: IndexFile.indexKeyHashMethod. */
export function keyHash(javaHash: number): number {
  const hash = Math.abs(javaHash);
  return hash > 0x7fffffff ? 0 : hash;
}

/** Names of index files are the local time of their making, so that they sort by age. */
const NAME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})$/;

/** Name for a file made at `nowMs`: behind `last`, whatever the clock did. */
export function indexFileName(nowMs: number, last: string | undefined): string {
  const name = nameOfTime(new Date(nowMs));
  if (last === undefined || name > last) return name;
  const [year, month, day, hour, minute, second, ms] = NAME.exec(last)!.slice(1).map(Number);
  return nameOfTime(new Date(year, month - 1, day, hour, minute, second, ms + 1));
}

/** True for the name of an index file. */
export function isIndexFileName(name: string): boolean {
  return NAME.test(name);
}

function nameOfTime(time: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return String(time.getFullYear()).padStart(4, "0") + two(time.getMonth() + 1) +
    two(time.getDate()) + two(time.getHours()) + two(time.getMinutes()) + two(time.getSeconds()) +
    String(time.getMilliseconds()).padStart(3, "0");
}
