import { viewOf } from "../../base/bytes.ts";
import type { LogFile } from "../../ports/fs.ts";
import {
  type IndexHeader,
  type IndexItem,
  type IndexShape,
  ITEM_BYTES,
  itemPlace,
  readIndexItem,
} from "./index_layout.ts";
import type { IndexSlots } from "./index_slots.ts";
import type { Turns } from "../turn.ts";

/** Read at a time. */
const READ_BYTES = 3_276 * ITEM_BYTES;

/** A file of which only the items count. */
export interface Replayed {
  readonly shape: IndexShape;
  /** Empty. */
  readonly slots: IndexSlots;
  /** Of it only the beginning is believed. */
  readonly header: IndexHeader;
  readonly file: () => LogFile;
}

/** What of the log is to be fed again. */
export interface LogPart {
  /** Log offset. */
  readonly from: number;
  /** No record lies behind it. */
  readonly logEnd: number;
  /** The last process's writes are all there: items of what is to be fed again are kept, too. */
  readonly keeps?: boolean;
  /** When the record at a log offset was stored; undefined when there is none. */
  storeMsAt(logOffset: number): number | undefined;
}

/**
 * Fills slots and header from the items of a file, as far as those fit together and their records lie before
 * `from`, or anywhere if it `keeps` those: items are only ever added, but slots and header are written in
 * place, and what a crash left of those says nothing. True when an item at or behind `from` was met, so that
 * none is missing before it.
 */
export async function replayItems(
  { shape, slots, header, file }: Replayed,
  logPart: LogPart,
  turn: Turns,
): Promise<boolean> {
  const { from, logEnd, keeps } = logPart;
  const { beginLogOffset } = header;
  header.count = 1;
  header.usedSlots = 0;
  header.endMs = header.beginMs;
  header.endLogOffset = beginLogOffset;
  const bytes = new Uint8Array(READ_BYTES);
  const view = viewOf(bytes);
  let reached = false;
  let last: IndexItem = { hash: 0, logOffset: beginLogOffset, seconds: 0, previous: 0 };
  for (let n = 1, left = 0; n < shape.items; n++, left -= ITEM_BYTES) {
    if (left === 0) {
      left = Math.min(READ_BYTES, (shape.items - n) * ITEM_BYTES);
      const part = bytes.subarray(READ_BYTES - left);
      if (file().readAt(itemPlace(shape, n), part) < left) return reached;
      if (turn.isOver()) await turn.next();
    }
    const item = readIndexItem(view, READ_BYTES - left);
    const slot = item.hash % shape.slots;
    if (!follows(item, last) || slots.get(slot) !== item.previous) return reached;
    if (item.logOffset >= from) {
      if (item.logOffset >= logEnd) return reached;
      reached = true;
      if (!keeps) return true;
    }
    if (n === 1 && !begins(item, header, logPart)) return reached;
    slots.swap(slot, n);
    if (item.previous === 0) header.usedSlots++;
    header.count = n + 1;
    endWith(header, item);
    last = item;
  }
  return reached;
}

/** Makes `item` the last one that a header knows, to the second. */
export function endWith(header: IndexHeader, { logOffset, seconds }: IndexItem): void {
  header.endLogOffset = logOffset;
  header.endMs = header.beginMs + 1_000 * seconds;
}

/** An item can lie behind another: what was never written, and most of what was torn, cannot. */
function follows(item: IndexItem, last: IndexItem): boolean {
  const { hash, logOffset, seconds, previous } = item;
  if (hash < 0 || seconds < 0 || logOffset < last.logOffset) return false;
  return hash !== 0 || logOffset !== 0 || seconds !== 0 || previous !== 0;
}

/** A header that was never safe says nothing, and the items behind it have no time but their record's. */
function begins(
  { logOffset }: IndexItem,
  header: IndexHeader,
  { keeps, storeMsAt }: LogPart,
): boolean {
  if (logOffset === header.beginLogOffset && header.beginMs > 0) return true;
  const storeMs = keeps ? storeMsAt(logOffset) : undefined;
  if (storeMs === undefined) return false;
  header.beginMs = storeMs;
  header.beginLogOffset = logOffset;
  return true;
}
