import { entryLogOffset, entrySize, FILL_SIZE, firstThat } from "./queue_entry.ts";

/**
 * The first entry from `low` to `high` that points at a record at or behind `logOffset`, or is not there.
 * Those before it are safe, so in order; of the others a power cut left what it liked, also entries that lost
 * half their log offset with the page before and seem to belong below. Such a one does not follow the entry
 * before it. `look` brings an entry into `view`, and is false when there is none.
 */
export function firstToCut(
  low: number,
  high: number,
  logOffset: number,
  look: (n: number) => boolean,
  view: DataView,
): number {
  const isToCut = (n: number) => !look(n) || entryLogOffset(view, 0) >= logOffset;
  let cut = firstThat(low, high, isToCut);
  while (cut > low && !follows(cut - 1, low, look, view)) cut = firstThat(low, cut - 1, isToCut);
  return cut;
}

function follows(n: number, low: number, look: (n: number) => boolean, view: DataView): boolean {
  if (!look(n)) return false;
  const logOffset = entryLogOffset(view, 0);
  const isFill = entrySize(view, 0) === FILL_SIZE;
  if (n === low) return true;
  if (!look(n - 1)) return false;
  const isAfterFill = entrySize(view, 0) === FILL_SIZE;
  return isAfterFill || (!isFill && entryLogOffset(view, 0) < logOffset);
}
