import { readInt64, viewOf } from "../../base/bytes.ts";
import type { LogFile } from "../../ports/fs.ts";
import {
  type IndexHeader,
  type IndexItem,
  type IndexShape,
  ITEM_BYTES,
  itemPlace,
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
  replayed: Replayed,
  logPart: LogPart,
  turn: Turns,
): Promise<boolean> {
  const { shape, file } = replayed;
  const replay = new Replay(replayed, logPart);
  const bytes = new Uint8Array(READ_BYTES);
  for (let goesOn = true; goesOn && replay.next < shape.items;) {
    const part = bytes.subarray(0, (shape.items - replay.next) * ITEM_BYTES);
    if (file().readAt(itemPlace(shape, replay.next), part) < part.length) break;
    if (turn.isOver()) await turn.next();
    goesOn = replay.take(viewOf(part));
  }
  replay.end();
  return replay.reached;
}

/** Goes over items; nothing is allocated for one, for there may be millions. */
class Replay {
  reached = false;
  /** Number of the next item. */
  next = 1;
  readonly #slots: IndexSlots;
  readonly #slotCount: number;
  readonly #header: IndexHeader;
  readonly #logPart: LogPart;
  #usedSlots = 0;
  #logOffset: number; // of the item before
  #seconds = 0;

  constructor({ shape, slots, header }: Replayed, logPart: LogPart) {
    this.#slots = slots;
    this.#slotCount = shape.slots;
    this.#header = header;
    this.#logPart = logPart;
    this.#logOffset = header.beginLogOffset;
  }

  /** Takes the items in `view`; false when one of them is not to be taken. */
  take(view: DataView): boolean {
    const { from, logEnd, keeps } = this.#logPart;
    for (let at = 0; at < view.byteLength; at += ITEM_BYTES) {
      const hash = view.getInt32(at);
      const logOffset = readInt64(view, at + 4);
      const seconds = view.getInt32(at + 12);
      const previous = view.getInt32(at + 16);
      if (!this.#mayFollow(hash, logOffset, seconds, previous)) return false;
      const slot = hash % this.#slotCount;
      if (logOffset >= from) {
        if (logOffset >= logEnd || this.#slots.get(slot) !== previous) return false;
        this.reached = true;
        if (!keeps) return false;
      }
      if (this.next === 1 && !this.#begins(logOffset, previous)) return false;
      const held = this.#slots.swap(slot, this.next);
      if (held !== previous) {
        this.#slots.swap(slot, held);
        return false;
      }
      if (previous === 0) this.#usedSlots++;
      this.#logOffset = logOffset;
      this.#seconds = seconds;
      this.next++;
    }
    return true;
  }

  /** Has the header say what was taken. */
  end(): void {
    const header = this.#header;
    const isEmpty = this.next === 1;
    header.count = this.next;
    header.usedSlots = this.#usedSlots;
    const logOffset = isEmpty ? header.beginLogOffset : this.#logOffset;
    endWith(header, { logOffset, seconds: this.#seconds });
  }

  /** An item can lie behind another: what was never written, and most of what was torn, cannot. */
  #mayFollow(hash: number, logOffset: number, seconds: number, previous: number): boolean {
    if (hash < 0 || seconds < 0 || logOffset < this.#logOffset) return false;
    return hash !== 0 || logOffset !== 0 || seconds !== 0 || previous !== 0;
  }

  /** A header that was never written since says nothing, and the items behind it have no time but their record's. */
  #begins(logOffset: number, previous: number): boolean {
    const header = this.#header;
    const { keeps, storeMsAt } = this.#logPart;
    if (previous !== 0) return false;
    if (logOffset === header.beginLogOffset && header.beginMs > 0) return true;
    const storeMs = keeps ? storeMsAt(logOffset) : undefined;
    if (storeMs === undefined) return false;
    header.beginMs = storeMs;
    header.beginLogOffset = logOffset;
    return true;
  }
}

/** Makes `item` the last one that a header knows, to the second. */
export function endWith(
  header: IndexHeader,
  { logOffset, seconds }: Pick<IndexItem, "logOffset" | "seconds">,
): void {
  header.endLogOffset = logOffset;
  header.endMs = header.beginMs + 1_000 * seconds;
}
