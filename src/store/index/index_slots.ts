import { viewOf } from "../../base/bytes.ts";
import type { LogFile } from "../../ports/fs.ts";
import { type IndexHeader, type IndexShape, slotPlace, writeIndexHeader } from "./index_layout.ts";
import type { Turns } from "../turn.ts";

/** Read and written as a whole; a power of two, as the page of the system. */
const PAGE_BYTES = 4096;
const PAGE_BITS = 12;
/** Pages side by side that one write takes. */
const RUN_PAGES = 64;

const UNREAD = 0;
const CLEAN = 1;
const DIRTY = 2;

/**
 * Header and slots of the index file that gets items, in memory: keys hit slots at random, and a write each
 * would cost more than all else. A page is read when it is first used and written when it was changed.
 */
export class IndexSlots {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #pages: Uint8Array; // state of each
  readonly #file: () => LogFile;
  #next = 1; // page that `write` looks at next

  /** `content`: the file's own, or none: slots that are all to be written anew. */
  constructor(shape: IndexShape, file: () => LogFile, content: "empty" | "file" | "rebuilt") {
    this.#bytes = new Uint8Array(slotPlace(shape.slots)); // zeros take no memory until they are touched
    this.#view = viewOf(this.#bytes);
    this.#pages = new Uint8Array(Math.ceil(this.#bytes.length / PAGE_BYTES));
    this.#file = file;
    if (content !== "file") this.#pages.fill(content === "empty" ? CLEAN : DIRTY);
  }

  /** Number of the newest item of a slot. */
  get(slot: number): number {
    const place = slotPlace(slot);
    const page = place >>> PAGE_BITS;
    if (this.#pages[page] === UNREAD) this.#read(page);
    return this.#view.getInt32(place);
  }

  /** Puts another number there and gives the one it held. */
  swap(slot: number, n: number): number {
    const place = slotPlace(slot);
    const page = place >>> PAGE_BITS;
    if (this.#pages[page] !== DIRTY) this.#soil(page);
    const held = this.#view.getInt32(place);
    this.#view.setInt32(place, n);
    return held;
  }

  /**
   * Writes what was changed but the page of the header; false when the turn was over before. Once it is done
   * all is as in memory at that moment. @throws {FsError} and the rest is still to be written
   */
  write(turn: Turns): boolean {
    while (this.#next < this.#pages.length) {
      this.#next = this.#writeRun(this.#next);
      if (this.#next < this.#pages.length && turn.isOver()) return false;
    }
    // what was changed in turns between
    for (let page = 1; page < this.#pages.length;) page = this.#writeRun(page);
    this.#next = 1;
    return true;
  }

  /** Writes the header with the slots of its page. @throws {FsError} */
  writeHeader(header: IndexHeader): void {
    if (this.#pages[0] !== DIRTY) this.#soil(0);
    writeIndexHeader(this.#view, header);
    this.#write(0, 1);
  }

  /** Writes the first changed pages side by side from `page` on; gives the one behind them. */
  #writeRun(page: number): number {
    const pages = this.#pages;
    const first = pages.indexOf(DIRTY, page);
    if (first < 0) return pages.length;
    let end = first + 1;
    while (end < pages.length && end - first < RUN_PAGES && pages[end] === DIRTY) end++;
    this.#write(first, end);
    return end;
  }

  #write(page: number, end: number): void {
    const at = page * PAGE_BYTES;
    this.#file().writeAt(at, this.#bytes.subarray(at, end * PAGE_BYTES));
    this.#pages.fill(CLEAN, page, end);
  }

  #soil(page: number): void {
    if (this.#pages[page] === UNREAD) this.#read(page);
    this.#pages[page] = DIRTY;
  }

  #read(page: number): void {
    const at = page * PAGE_BYTES;
    this.#file().readAt(at, this.#bytes.subarray(at, at + PAGE_BYTES));
    this.#pages[page] = CLEAN;
  }
}
