import { viewOf } from "../../base/bytes.ts";
import type { IndexFile } from "./index_file.ts";
import { ITEM_BYTES, readIndexItem } from "./index_layout.ts";

/** Items of a chain looked at before others may go on. */
const STEPS = 1_024;
/** Read at a time on the way along a chain. */
const NEAR_ITEMS = 204;

/**
 * Log offsets that a file has for a hash and a time, the newest first, each once; -1 after many items that
 * are none.
 */
export function* placesIn(
  file: IndexFile,
  hash: number,
  beginMs: number,
  endMs: number,
): Generator<number> {
  const { header } = file;
  if (header.beginMs > endMs || header.endMs + 1_000 < beginMs) return;
  const items = new Uint8Array(NEAR_ITEMS * ITEM_BYTES); // items of a hot key lie near each other
  const view = viewOf(items);
  let [first, end] = [0, 0]; // numbers of those in there
  let last = -1;
  let steps = 0;
  for (let n = file.newest(hash); n > 0;) {
    if (n < first || n >= end) {
      first = Math.max(1, n - NEAR_ITEMS + 1);
      end = first + file.readItems(first, items);
      if (n >= end) return;
    }
    const item = readIndexItem(view, (n - first) * ITEM_BYTES);
    if (item.previous >= n) return; // a chain only leads back
    const storeMs = header.beginMs + (n === 1 ? 0 : item.seconds * 1_000);
    const counts = item.hash === hash && storeMs <= endMs && storeMs + 1_000 > beginMs;
    if (counts && item.logOffset !== last) yield last = item.logOffset;
    else if (++steps % STEPS === 0) yield -1;
    n = item.previous;
  }
}
