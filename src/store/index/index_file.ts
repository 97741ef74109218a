import { viewOf } from "../../base/bytes.ts";
import { type Dir, FsError, type LogFile } from "../../ports/fs.ts";
import type { RecordKeys } from "../../wire/record_keys.ts";
import type { Closable, Handles } from "../handles.ts";
import { type Covered, headerBehind, IndexHead, writeHead } from "./index_head.ts";
import {
  indexFileBytes,
  type IndexHeader,
  type IndexItem,
  type IndexShape,
  ITEM_BYTES,
  itemPlace,
  keyHash,
  putIndexItem,
  readIndexItem,
  slotPlace,
} from "./index_layout.ts";
import { endWith, type LogPart, replayItems } from "./index_replay.ts";
import { IndexSlots } from "./index_slots.ts";
import { AT_ONCE, type Turns } from "../turn.ts";

/** Items wait in this much memory before they go to the file together. */
const TAIL_BYTES = 3_276 * ITEM_BYTES;
const SECONDS_MAX = 0x7fffffff;

/** Where the files of an index lie, and what they all go by. */
export interface IndexHome extends Covered {
  readonly dir: Dir;
  readonly shape: IndexShape;
  readonly handles: Handles;
}

/**
 * One file of the key index (index_layout.ts). The one that gets items holds header and slots in memory, and
 * the newest items; a crash loses those and the log gives them again. An older one is only read.
 *
 * Whoever starts after a kill at any moment, a Java broker too, finds a header whose slots lead to items that
 * are there, and that ends no later than they do: what the slots may not know yet is read again.
 */
export class IndexFile implements Closable {
  readonly name: string;
  readonly header: IndexHeader;
  /** Used since `Handles` last looked. */
  used = false;
  readonly #home: IndexHome;
  readonly #shape: IndexShape;
  readonly #head: IndexHead;
  #file: LogFile | undefined;
  #slots: IndexSlots | undefined;
  #tail: Uint8Array | undefined; // items from number #tailFirst on
  #tailView!: DataView;
  #tailFirst: number;
  #tailBytes = 0;
  #isDirty = false;
  #named = true; // the folder's entry for it would survive a power cut

  private constructor(home: IndexHome, name: string, header: IndexHeader, written: IndexHeader) {
    this.name = name;
    this.header = header;
    this.#home = home;
    this.#shape = home.shape;
    this.#head = new IndexHead(home, written);
    this.#tailFirst = header.count;
  }

  /** Takes over a file that is there, with its header. */
  static take(home: IndexHome, name: string, header: IndexHeader): IndexFile {
    return new IndexFile(home, name, header, { ...header });
  }

  /**
   * Makes the file at its full size, to go on behind `before`. On the disk it begins where that one ends
   * there. @throws {FsError}
   */
  static create(home: IndexHome, name: string, before: IndexFile | undefined): IndexFile {
    const { dir, shape } = home;
    const written = before ? before.#head.next() : headerBehind(undefined);
    using file = dir.open(name, "create");
    try {
      if (file.size() > 0) file.truncate(0); // what a crash may have left; see Segment.create
      file.truncate(indexFileBytes(shape));
      writeHead(file, written);
    } catch (error) {
      dir.remove(name);
      throw error;
    }
    const made = new IndexFile(home, name, headerBehind(before?.header), written);
    made.#slots = new IndexSlots(shape, made.#open, "empty");
    made.#isDirty = true;
    made.#named = false;
    return made;
  }

  get path(): string {
    return `${this.#home.dir.path}/${this.name}`;
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

  /** The newest record was stored then: seconds are all that items know, and a header need not say it. */
  endsAt(ms: number): void {
    const { header } = this;
    if (header.count <= 1) return;
    header.endMs = ms;
    this.#head.storedAt(header.endLogOffset, ms);
  }

  /** Takes back the items of records at or behind `logOffset`, in memory: see `settle`. @throws {FsError} */
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
   * Makes header and slots again from the items before `part` (index_replay.ts), in memory: see `settle`.
   * True when an item of it was met, so that none is missing before it. @throws {FsError}
   */
  async replay(part: LogPart, turn: Turns): Promise<boolean> {
    this.#slots = new IndexSlots(this.#shape, this.#open, "rebuilt");
    const parts = { shape: this.#shape, slots: this.#slots, header: this.header, file: this.#open };
    const reached = await replayItems(parts, part, turn);
    this.#tailFirst = this.header.count;
    this.#isDirty = true;
    this.#named = false; // the process that made it may have died before it was
    return reached;
  }

  /**
   * Writes what `replay` or `takeBack` left, then zeros what lies behind the last item: stale items must not
   * come back to life. A disk that takes nothing gets it later. @throws {FsError}
   */
  async settle(turn: Turns): Promise<void> {
    try {
      while (!this.#write(turn)) await turn.next();
    } catch (error) {
      if (!(error instanceof FsError)) throw error;
    }
    this.#zeroBehind();
  }

  /** `settle` at once. @throws {FsError} */
  settleNow(): void {
    this.#write(AT_ONCE);
    this.#zeroBehind();
  }

  #zeroBehind(): void {
    const file = this.#open();
    file.truncate(itemPlace(this.#shape, this.#tailFirst));
    file.truncate(indexFileBytes(this.#shape));
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
      while (!this.#write(turn)) await turn.next();
      await this.#syncFile();
      if (!this.#named) await this.#home.dir.sync();
      this.#named = true;
    } catch (error) {
      this.#isDirty = true;
      throw error;
    }
  }

  /** Has the header say when it ends, as far as the checkpoint does; not safe before `finish`. @throws {FsError} */
  writeEnd(): void {
    this.#head.writeEnd(this.#open);
  }

  /** Makes safe what `writeEnd` wrote. @throws {FsError} */
  async finish(): Promise<void> {
    if (this.#head.isUnsafe) await this.#syncFile();
  }

  /**
   * Writes what is in memory only, in this order: items, a header that counts old and new ones and ends where
   * the first of old and new does, slots, the true header. False when the turn was over before.
   */
  #write(turn: Turns): boolean {
    this.writeItems();
    this.#head.writeBetween(this.#open(), this.header);
    const slots = this.#warm();
    if (!slots.write(turn)) return false;
    this.#head.writeTrue(this.header, (header) => slots.writeHeader(header));
    return true;
  }

  async #syncFile(): Promise<void> {
    const file = this.#open();
    try {
      this.#head.isUnsafe = false;
      await file.sync();
    } catch (error) {
      this.#head.isUnsafe = true;
      this.#home.handles.syncFailed();
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
    this.#home.handles.closed(this);
    this.close();
  }

  /** Removes it at once; resolves when its disk space is free. @throws {FsError} and it is still there */
  discard(): Promise<void> {
    const freed = this.#home.dir.discard(this.name);
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
    this.#file = this.#home.dir.open(this.name, "write");
    this.#home.handles.opened(this);
    return this.#file;
  };
}

function secondsBetween(beginMs: number, storeMs: number): number {
  const seconds = Math.floor((storeMs - beginMs) / 1_000);
  return seconds < 0 ? 0 : seconds > SECONDS_MAX ? SECONDS_MAX : seconds | 0;
}
