import { viewOf } from "../../base/bytes.ts";
import type { Dir, LogFile } from "../../ports/fs.ts";
import type { RecordKeys } from "../../wire/record_keys.ts";
import type { Closable, Handles } from "../handles.ts";
import {
  INDEX_HEADER_BYTES,
  indexFileBytes,
  type IndexHeader,
  type IndexItem,
  type IndexShape,
  ITEM_BYTES,
  itemPlace,
  keyHash,
  putIndexItem,
  readIndexHeader,
  readIndexItem,
  slotPlace,
  writeIndexHeader,
} from "./index_layout.ts";
import { endWith, type LogPart, replayItems } from "./index_replay.ts";
import { IndexSlots } from "./index_slots.ts";
import type { Turns } from "../turn.ts";

/** Items wait in this much memory before they go to the file together. */
const TAIL_BYTES = 3_276 * ITEM_BYTES;
const SECONDS_MAX = 0x7fffffff;

/**
 * One file of the key index (index_layout.ts). The one that gets items holds header and slots in memory, and
 * the newest items; a crash loses those and the log gives them again. An older one is only read.
 */
export class IndexFile implements Closable {
  readonly name: string;
  readonly header: IndexHeader;
  /** Used since `Handles` last looked. */
  used = false;
  readonly #dir: Dir;
  readonly #shape: IndexShape;
  readonly #handles: Handles;
  #file: LogFile | undefined;
  #slots: IndexSlots | undefined;
  #tail: Uint8Array | undefined; // items from number #tailFirst on
  #tailView!: DataView;
  #tailFirst: number;
  #tailBytes = 0;
  #isDirty = false;
  #named: boolean; // the folder's entry for it would survive a power cut

  constructor(
    dir: Dir,
    name: string,
    shape: IndexShape,
    handles: Handles,
    header: IndexHeader,
    isNew = false,
  ) {
    this.#dir = dir;
    this.name = name;
    this.#shape = shape;
    this.#handles = handles;
    this.header = header;
    this.#tailFirst = header.count;
    this.#named = !isNew;
    this.#isDirty = isNew;
    if (isNew) this.#slots = new IndexSlots(shape, this.#open, "empty");
  }

  /** Makes the file at its full size, to go on behind the one whose header is `before`. @throws {FsError} */
  static create(
    dir: Dir,
    name: string,
    shape: IndexShape,
    handles: Handles,
    before: IndexHeader | undefined,
  ): IndexFile {
    const [ms, logOffset] = [before?.endMs ?? 0, before?.endLogOffset ?? 0];
    const ends = { beginMs: ms, endMs: ms, beginLogOffset: logOffset, endLogOffset: logOffset };
    const header = { ...ends, usedSlots: 0, count: 1 };
    const bytes = new Uint8Array(INDEX_HEADER_BYTES);
    writeIndexHeader(viewOf(bytes), header);
    using file = dir.open(name, "create");
    try {
      file.truncate(0); // what a crash may have left
      file.truncate(indexFileBytes(shape));
      file.writeAt(0, bytes);
    } catch (error) {
      dir.remove(name);
      throw error;
    }
    return new IndexFile(dir, name, shape, handles, header, true);
  }

  /** The header that stands in a file. */
  static headerOf(dir: Dir, name: string): IndexHeader {
    using file = dir.open(name, "read");
    const bytes = new Uint8Array(INDEX_HEADER_BYTES);
    file.readAt(0, bytes);
    return readIndexHeader(viewOf(bytes));
  }

  get path(): string {
    return `${this.#dir.path}/${this.name}`;
  }

  get isFull(): boolean {
    return this.header.count >= this.#shape.items;
  }

  /** Something of it is in memory only, or not safe. */
  get isDirty(): boolean {
    return this.#isDirty;
  }

  /**
   * Adds items for a record's keys from number `first` on, behind all others; gives the number of the first
   * one that found no room. @throws {FsError} and those before it were added
   */
  put(keys: RecordKeys, first: number, logOffset: number, storeMs: number): number {
    if (this.#tail === undefined) this.#makeTail();
    const { header } = this;
    const { items, slots } = this.#shape;
    const warm = this.#warm();
    if (header.count === 1) {
      header.beginMs = storeMs;
      header.beginLogOffset = logOffset;
    }
    const seconds = secondsBetween(header.beginMs, storeMs);
    let n = header.count;
    let i = first;
    for (; i < keys.count && n < items; i++, n++) {
      if (this.#tailBytes === TAIL_BYTES) this.writeItems();
      const hash = keyHash(keys.hash(i));
      const held = warm.swap(hash % slots, n);
      const previous = held > 0 && held < n ? held : 0;
      putIndexItem(this.#tailView, this.#tailBytes, hash, logOffset, seconds, previous);
      this.#tailBytes += ITEM_BYTES;
      if (previous === 0) header.usedSlots++;
      header.count = n + 1;
      header.endMs = storeMs;
      header.endLogOffset = logOffset;
    }
    this.#isDirty = true;
    return i;
  }

  /** Takes back the items of records at or behind `logOffset`, in memory. @throws {FsError} */
  takeBack(logOffset: number): void {
    const { header } = this;
    while (header.count > 1) {
      const item = this.item(header.count - 1);
      if (item === undefined || item.logOffset < logOffset) {
        if (item) endWith(header, item);
        return;
      }
      this.#warm().swap(item.hash % this.#shape.slots, item.previous);
      if (item.previous === 0) header.usedSlots--;
      header.count--;
      if (this.#tailBytes > 0) this.#tailBytes -= ITEM_BYTES;
      else this.#tailFirst = header.count;
      this.#isDirty = true;
    }
  }

  /** Zeros what lies behind the last item, for stale items must not come back to life. @throws {FsError} */
  zeroBehind(): void {
    const file = this.#open();
    file.truncate(itemPlace(this.#shape, this.#tailFirst));
    file.truncate(indexFileBytes(this.#shape));
  }

  /** Number of the newest item of a hash's slot, 0 for none. @throws {FsError} */
  newest(hash: number): number {
    const slot = hash % this.#shape.slots;
    if (this.#slots) return this.#slots.get(slot);
    const bytes = new Uint8Array(4);
    return this.#open().readAt(slotPlace(slot), bytes) < 4 ? 0 : viewOf(bytes).getInt32(0);
  }

  /** Item `n`, undefined when there is none. @throws {FsError} */
  item(n: number): IndexItem | undefined {
    const bytes = new Uint8Array(ITEM_BYTES);
    return this.readItems(n, bytes) < 1 ? undefined : readIndexItem(viewOf(bytes), 0);
  }

  /** Reads items from number `first` on, as many as fit and are there; gives how many. @throws {FsError} */
  readItems(first: number, into: Uint8Array): number {
    const { count } = this.header;
    if (first < 1 || first >= count) return 0;
    const want = Math.min(count - first, Math.floor(into.length / ITEM_BYTES));
    const inFile = Math.min(want, Math.max(0, this.#tailFirst - first));
    if (inFile > 0) {
      const part = into.subarray(0, inFile * ITEM_BYTES);
      if (this.#open().readAt(itemPlace(this.#shape, first), part) < part.length) return 0;
    }
    if (inFile < want) {
      const at = (first + inFile - this.#tailFirst) * ITEM_BYTES;
      const bytes = (want - inFile) * ITEM_BYTES;
      into.set(this.#tail!.subarray(at, at + bytes), inFile * ITEM_BYTES);
    }
    return want;
  }

  /**
   * Makes header and slots again from the items before `part` (index_replay.ts). True when an item of it was
   * met, so that none is missing before it. @throws {FsError}
   */
  async replay(part: LogPart, turn: Turns): Promise<boolean> {
    this.#slots = new IndexSlots(this.#shape, this.#open, "rebuilt");
    const parts = { shape: this.#shape, slots: this.#slots, header: this.header, file: this.#open };
    const reached = await replayItems(parts, part, turn);
    this.#tailFirst = this.header.count;
    this.#isDirty = true;
    this.zeroBehind();
    return reached;
  }

  /** Writes the items that are in memory only. @throws {FsError} and keeps them */
  writeItems(): void {
    if (this.#tailBytes === 0) return;
    const file = this.#open();
    const place = itemPlace(this.#shape, this.#tailFirst);
    file.writeAt(place, this.#tail!.subarray(0, this.#tailBytes));
    this.#tailFirst += this.#tailBytes / ITEM_BYTES;
    this.#tailBytes = 0;
  }

  /** Writes and makes safe what it has now. @throws {FsError} and tries again the next time */
  async sync(turn: Turns): Promise<void> {
    if (!this.#isDirty || !this.#slots) return;
    this.#isDirty = false;
    try {
      this.writeItems();
      await this.#slots.write(turn);
      this.writeItems(); // those that came meanwhile: a reader finds all that the header counts
      this.#slots.writeHeader(this.header);
      await this.#syncFile();
      if (!this.#named) await this.#dir.sync();
      this.#named = true;
    } catch (error) {
      this.#isDirty = true;
      throw error;
    }
  }

  async #syncFile(): Promise<void> {
    const file = this.#open();
    try {
      await file.sync();
    } catch (error) {
      this.#handles.syncFailed();
      throw error;
    }
  }

  /** Lets go of the memory of a file that is safe and gets no more items. */
  cool(): void {
    this.#slots = undefined;
    this.#tail = undefined;
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** Ends the use of it; the file stays. */
  forget(): void {
    this.#handles.closed(this);
    this.close();
  }

  /** Removes it at once; resolves when its disk space is free. @throws {FsError} and it is still there */
  discard(): Promise<void> {
    const freed = this.#dir.discard(this.name);
    this.forget();
    return freed;
  }

  #warm(): IndexSlots {
    return this.#slots ??= new IndexSlots(this.#shape, this.#open, "file");
  }

  #makeTail(): void {
    this.#tail = new Uint8Array(TAIL_BYTES);
    this.#tailView = viewOf(this.#tail);
    this.#tailFirst = this.header.count;
  }

  /** The open file. Not to be kept: it is closed when too many are open. */
  readonly #open = (): LogFile => {
    this.used = true;
    if (this.#file) return this.#file;
    this.#file = this.#dir.open(this.name, "write");
    this.#handles.opened(this);
    return this.#file;
  };
}

function secondsBetween(beginMs: number, storeMs: number): number {
  const seconds = Math.floor((storeMs - beginMs) / 1_000);
  return seconds < 0 ? 0 : seconds > SECONDS_MAX ? SECONDS_MAX : seconds | 0;
}
