import { type Log, reasonOf } from "../../base/log.ts";
import { type Dir, type Entry, FsError } from "../../ports/fs.ts";
import type { Clock } from "../../ports/host.ts";
import { SysFlag } from "../../wire/record_layout.ts";
import type { RecordKeys } from "../../wire/record_keys.ts";
import type { RecordView } from "../../wire/record_view.ts";
import type { Handles } from "../handles.ts";
import { placesIn } from "./index_chain.ts";
import { IndexFile } from "./index_file.ts";
import {
  indexFileBytes,
  indexFileName,
  type IndexShape,
  isIndexFileName,
  keyHash,
} from "./index_layout.ts";
import type { LogPart } from "./index_replay.ts";
import { AT_ONCE, type Turns } from "../turn.ts";

/** Folder of its files, in a store's. */
export const INDEX = "index";
const REMOVED = "a file of the key index was removed, its keys are read from the log again";

/** What an index is opened with. */
export interface IndexStart extends LogPart {
  /** The last process did not close the store. */
  readonly crashed: boolean;
  /** When the record there, or after a stop in order the one before it, was stored; 0 when there is none. */
  readonly fromMs: number;
  /** The checkpoint vouches for the index up to this store time. */
  readonly coveredMs: number;
}

/** What became of the files. */
interface Loaded {
  /** An item at or behind the place of the start was met: none is missing before it. */
  readonly reached: boolean;
  /** A file was removed that had others. */
  readonly isDamaged: boolean;
}

/**
 * Finds messages by their keys: files of hash -> log offset, in log order (index_layout.ts). It takes each
 * record once, in order. What it cannot take, because the disk does not let it or a crash lost it, it is
 * given again from the log (index_fill.ts), so it never holds up anything else.
 */
export class KeyIndex {
  readonly #dir: Dir;
  readonly #shape: IndexShape;
  readonly #handles: Handles;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #files: IndexFile[] = [];
  #last = -1; // log offset of the newest record that has items
  #position = 0;
  #storeMs = 0; // of the newest record it was given
  #isBehind = true; // until it is loaded
  #failing = false; // the disk took no items the last time
  #onBehind: () => void = () => {};

  constructor(dir: Dir, shape: IndexShape, handles: Handles, clock: Clock, log: Log) {
    this.#dir = dir;
    this.#shape = shape;
    this.#handles = handles;
    this.#clock = clock;
    this.#log = log;
  }

  /** Log offset up to which it knows all records. */
  get position(): number {
    return this.#position;
  }

  /** When the last record it was given was stored; 0 before the first. */
  get storeTimestamp(): number {
    return this.#storeMs;
  }

  /** It lacks records that dispatch has passed, and takes only what `add` brings. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** Log offset and store time of the newest record with keys; 0 without one. */
  get newest(): { logOffset: number; storeMs: number } {
    const header = this.#files.at(-1)?.header;
    return { logOffset: header?.endLogOffset ?? 0, storeMs: header?.endMs ?? 0 };
  }

  /** Calls `fn` whenever it falls behind. */
  onBehind(fn: () => void): void {
    this.#onBehind = fn;
  }

  /** Its files, the oldest first. */
  get files(): readonly IndexFile[] {
    return this.#files;
  }

  /**
   * Takes over the files that are there. After a crash, what was not safe is kept only as far as it fits
   * together; a file that does not fit is removed with those behind it, and read from the log again.
   */
  async load(start: IndexStart, turn: Turns): Promise<void> {
    const { from, fromMs, coveredMs } = start;
    for (const file of this.#files.splice(0)) file.forget(); // when it is loaded again
    const { reached, isDamaged } = await this.#loadFiles(start, turn);
    this.#takeBack(from);
    const known = this.#endOffset;
    const isComplete = fromMs > 0 && fromMs <= coveredMs && !isDamaged;
    const isWhole = this.#files.length > 0 && (isComplete || reached);
    if (!isWhole) this.#takeBack(known); // the last record may lack keys
    this.#last = this.#endOffset;
    this.#position = isWhole ? from : Math.min(from, Math.max(0, known));
    this.#isBehind = this.#position < from;
  }

  /**
   * Takes the record whose keys these are; one it had already changes nothing. While it is behind it takes
   * nothing, and when the disk fails it falls behind.
   */
  put(record: RecordView, keys: RecordKeys): void {
    if (!this.#isBehind) this.add(record, keys);
  }

  /** Takes the record also while it is behind. False when the disk does not let it. */
  add(record: RecordView, keys: RecordKeys): boolean {
    const { logOffset, storeTimestamp } = record;
    if (logOffset > this.#last) {
      try {
        this.#putKeys(record, keys);
      } catch (error) {
        this.#fallBehind(logOffset, error);
        return false;
      }
    }
    this.#position = logOffset + record.size;
    this.#storeMs = storeTimestamp;
    return true;
  }

  /** It was given all records before `logOffset`, up to which dispatch has come: from now on, `put` is heard. */
  join(logOffset: number): void {
    if (this.#failing) this.#log.info("the key index takes keys again");
    this.#failing = false;
    this.#isBehind = false;
    this.#position = Math.max(this.#position, logOffset);
  }

  /** Forgets the records at or behind `logOffset`, at once; resolves when no power cut brings them back. */
  async cutFrom(logOffset: number): Promise<void> {
    this.#takeBack(logOffset);
    this.#last = this.#endOffset;
    if (this.#position >= logOffset) {
      this.#position = logOffset;
      this.#isBehind = false;
    }
    for (const file of [...this.#files]) await file.sync(AT_ONCE);
    if (this.#dir.entries().length > 0) await this.#dir.sync();
  }

  /** Forgets all and removes the files. */
  clear(): void {
    for (const file of this.#files.splice(0)) file.forget();
    for (const { name } of this.#dir.entries()) this.#dir.discard(name).catch(() => {});
    this.#last = -1;
    this.#position = this.#storeMs = 0;
    this.#isBehind = false;
  }

  /** Removes files that know only records before `logMin`, where the log begins; never the last one. */
  async removeBefore(logMin: number): Promise<void> {
    while (this.#files.length > 1 && this.#files[0].header.endLogOffset < logMin) {
      const freed = this.#files[0].discard();
      this.#files.shift();
      await freed;
    }
  }

  /** Writes items that are in memory only. What the disk does not take stays there for the next time. */
  write(): void {
    try {
      for (const file of this.#files) file.writeItems();
    } catch (error) {
      this.#fails(error);
    }
  }

  /** Makes safe what it has now. False when the disk did not let it, and for good once a sync failed. */
  async sync(turn: Turns): Promise<boolean> {
    try {
      for (const file of [...this.#files]) {
        if (file.isDirty) await file.sync(turn);
        if (!file.isDirty && file !== this.#files.at(-1)) file.cool();
      }
      return !this.#handles.distrusted;
    } catch (error) {
      this.#fails(error);
      return false;
    }
  }

  /**
   * Log offsets of records one of whose keys has this Java hash of `topic#key`, stored from `beginMs` to
   * `endMs` or within a second of that; the newest first. Other keys may have the hash. Gives -1 now and
   * then while nothing is found, so that the caller can let others go on.
   */
  *find(javaHash: number, beginMs: number, endMs: number): Generator<number> {
    const hash = keyHash(javaHash);
    for (const file of [...this.#files].reverse()) {
      try {
        yield* placesIn(file, hash, beginMs, endMs);
      } catch (error) {
        if (!(error instanceof FsError && error.code === "missing")) throw error; // removed meanwhile
      }
    }
  }

  async #loadFiles(start: IndexStart, turn: Turns): Promise<Loaded> {
    const { crashed, coveredMs, from } = start;
    const entries = this.#dir.entries().filter(({ isDir, name }) =>
      !isDir && isIndexFileName(name)
    );
    let reached = false;
    let isDamaged = false;
    let problem: string | undefined;
    for (const [i, entry] of entries.entries()) {
      const file = problem === undefined ? this.#take(entry) : problem;
      if (typeof file === "string") {
        problem = file;
        isDamaged ||= !reached;
        await this.#dir.discard(entry.name);
        const isTorn = entry.size < indexFileBytes(this.#shape); // while it was made or cut
        const isNoLoss = crashed && (reached || isTorn); // it is all fed again
        const told = { file: `${this.#dir.path}/${entry.name}`, reason: problem };
        if (!isNoLoss) this.#log.warn(REMOVED, told);
        continue;
      }
      this.#files.push(file);
      const isLast = i === entries.length - 1;
      const { endMs, endLogOffset } = file.header;
      // A start that died early may have taken back what lies from there on, and left the header.
      const isSafe = file.isFull && !isLast && endMs <= coveredMs && endLogOffset < from;
      if (!crashed || isSafe) continue;
      reached = await file.replay(start, turn);
      if (!file.isFull && !isLast) problem = `${file.name} before it was not whole`;
    }
    return { reached, isDamaged };
  }

  /** The file of that name, or why it cannot be used. */
  #take({ name, size }: Entry): IndexFile | string {
    const { slots, items } = this.#shape;
    const wanted = indexFileBytes(this.#shape);
    if (size !== wanted) {
      return `it has ${size} bytes, one of ${slots} slots and ${items} items has ${wanted}`;
    }
    const header = IndexFile.headerOf(this.#dir, name);
    const { beginMs, endMs, beginLogOffset, endLogOffset, count } = header;
    if (count < 1 || count > items) {
      return `it counts ${count} items, from 1 to ${items} would be possible`;
    }
    if (beginLogOffset > endLogOffset || beginMs < 0 || endMs < 0) return "its header cannot be";
    const before = this.#endOffset;
    if (count > 1 && beginLogOffset < before) {
      return `it begins at log offset ${beginLogOffset}, the file before it ends at ${before}`;
    }
    return new IndexFile(this.#dir, name, this.#shape, this.#handles, header);
  }

  /** Log offset of the newest record that has items; -1 without one. */
  get #endOffset(): number {
    const file = this.#files.findLast(({ header }) => header.count > 1);
    return file?.header.endLogOffset ?? -1;
  }

  /** Drops items of records at or behind `logOffset`, and files that have no others. */
  #takeBack(logOffset: number): void {
    for (let file = this.#files.at(-1); file !== undefined; file = this.#files.at(-1)) {
      if (file.header.endLogOffset < logOffset || logOffset < 0) return;
      file.takeBack(logOffset);
      if (file.header.count > 1) return file.zeroBehind();
      file.discard().catch(() => {}); // its name is gone; its space can wait
      this.#files.pop();
    }
  }

  /** The transaction that was rolled back has a record, but nobody looks for it. */
  #putKeys({ logOffset, sysFlag, storeTimestamp }: RecordView, keys: RecordKeys): void {
    let file = this.#writable();
    if ((sysFlag & SysFlag.TRANSACTION) === SysFlag.ROLLBACK) return;
    for (let i = 0; i < keys.count;) {
      if (file.isFull) file = this.#writable();
      i = file.put(keys, i, logOffset, storeTimestamp);
    }
    if (keys.count > 0) this.#last = logOffset;
  }

  /** The file that takes the next item, made when there is none. @throws {FsError} */
  #writable(): IndexFile {
    const last = this.#files.at(-1);
    if (last !== undefined && !last.isFull) return last;
    this.#dir.make();
    const name = indexFileName(this.#clock.now(), last?.name);
    const file = IndexFile.create(this.#dir, name, this.#shape, this.#handles, last?.header);
    this.#files.push(file);
    return file;
  }

  /** From here on the log gives the records again; keys of this one that it has already do no harm. */
  #fallBehind(logOffset: number, error: unknown): void {
    if (!(error instanceof FsError)) throw error;
    this.#fails(error);
    this.#position = logOffset;
    if (this.#isBehind) return;
    this.#isBehind = true;
    this.#onBehind();
  }

  #fails(error: unknown): void {
    if (!this.#failing) {
      this.#log.error("cannot write the key index, keys wait", { reason: reasonOf(error) });
    }
    this.#failing = true;
  }
}
