import { type Log, reasonOf } from "../../base/log.ts";
import { type Dir, FsError } from "../../ports/fs.ts";
import type { Clock } from "../../ports/host.ts";
import { SysFlag } from "../../wire/record_layout.ts";
import type { RecordKeys } from "../../wire/record_keys.ts";
import type { RecordView } from "../../wire/record_view.ts";
import type { Handles } from "../handles.ts";
import { placesIn } from "./index_chain.ts";
import { IndexFile, type IndexHome } from "./index_file.ts";
import { indexFileName, type IndexShape, keyHash } from "./index_layout.ts";
import { endOffsetOf, type IndexStart, loadFiles } from "./index_load.ts";
import { AT_ONCE, type Turns } from "../turn.ts";

/** Folder of its files, in a store's. */
export const INDEX = "index";
const REMOVED = "a file of the key index was removed, its keys are read from the log again";

/**
 * Finds messages by their keys: files of hash -> log offset, in log order (index_layout.ts). It takes each
 * record once, in order. What it cannot take, because the disk does not let it or a crash lost it, it is
 * given again from the log (index_fill.ts), so it never holds up anything else.
 */
export class KeyIndex {
  readonly #home: IndexHome;
  readonly #dir: Dir;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #isOn: boolean;
  readonly #files: IndexFile[] = [];
  readonly #emptied: IndexFile[] = []; // about to be removed, the newest first
  #last = -1; // log offset of the newest record that has items
  #position = 0;
  #storeMs = 0; // of the newest record it was given
  #isBehind = true; // until it is loaded
  #failing = false; // the disk took no items the last time
  #onBehind: () => void = () => {};

  /** `isOn`: it is given what comes; else it only keeps what it has. */
  constructor(
    dir: Dir,
    shape: IndexShape,
    handles: Handles,
    clock: Clock,
    log: Log,
    isOn: boolean = true,
  ) {
    this.#home = { dir, shape, handles, coveredMs: Infinity };
    this.#dir = dir;
    this.#clock = clock;
    this.#log = log;
    this.#isOn = isOn;
  }

  /** Log offset up to which it knows all records. */
  get position(): number {
    return this.#position;
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

  /** What the checkpoint on the disk says of it; Infinity: nobody asks it. */
  get coveredMs(): number {
    return this.#home.coveredMs;
  }

  /**
   * What a checkpoint can say of it once it is safe: it knows all records stored up to then. `dispatchedMs` is
   * the store time of the newest that was dispatched.
   */
  coverable(dispatchedMs: number): number {
    const { coveredMs } = this.#home;
    if (!this.#isBehind && this.#isOn) return Math.max(coveredMs, dispatchedMs);
    return Math.max(0, Math.min(coveredMs, this.#storeMs - 1)); // others may have been stored in that moment
  }

  /** The checkpoint says this of it, or is about to say it instead of something later (index_head.ts). */
  cover(ms: number): void {
    this.#home.coveredMs = ms;
    try {
      for (const file of [...this.#emptied, ...this.#files]) file.writeEnd();
    } catch (error) {
      if (!(error instanceof FsError)) throw error; // another time will do
    }
  }

  /** The store is closed in order: its files say when they end, whatever the checkpoint does. */
  async finish(): Promise<boolean> {
    this.#home.coveredMs = Infinity;
    try {
      for (const file of this.#files) {
        file.writeEnd();
        await file.finish();
      }
      return !this.#home.handles.distrusted;
    } catch (error) {
      this.#fails(error);
      return false;
    }
  }

  /**
   * Takes over the files that are there. After a crash, what was not safe is kept only as far as it fits
   * together; a file that does not fit is removed with those behind it, and read from the log again.
   *
   * Who dies on the way leaves files to the next, or to a Java broker, of which no record that has keys is
   * missing but those that are read again: the checkpoint first says no more than will be there, then the
   * newest files go, then the last one that is left is cut.
   */
  async load(start: IndexStart, turn: Turns): Promise<void> {
    const { from, fromMs, coveredMs, keeps } = start;
    for (const file of [...this.#files.splice(0), ...this.#emptied.splice(0)]) {
      file.forget(); // it is loaded again
    }
    this.#home.coveredMs = coveredMs;
    const { files, reached, unfit } = await loadFiles(this.#home, start, turn);
    this.#files.push(...files);
    if (!keeps) this.#takeBack(from);
    const known = this.#endOffset;
    const isComplete = fromMs > 0 && fromMs <= coveredMs && unfit.length === 0;
    const isWhole = this.#files.length > 0 && (isComplete || reached);
    this.#position = isWhole ? from : Math.min(from, Math.max(0, known));
    this.#isBehind = this.#position < from;
    if (this.#isBehind && coveredMs > 0) await start.uncover();
    if (!isWhole || known >= from) this.#takeBack(known); // the last record may lack keys
    for (const { entry, reason, isLoss } of unfit.toReversed()) {
      await this.#dir.discard(entry.name);
      if (isLoss) this.#log.warn(REMOVED, { file: `${this.#dir.path}/${entry.name}`, reason });
    }
    this.#removeEmptied();
    await this.#settle(start, turn);
    this.#last = this.#endOffset;
  }

  /**
   * Takes the record whose keys these are; one it had already changes nothing. While it is behind it takes
   * nothing, and when the disk fails it falls behind.
   */
  put(record: RecordView, keys: RecordKeys): void {
    if (!this.#isBehind) this.add(record, keys);
  }

  /** It would take nothing of the record at `logOffset` but its place. */
  passes(logOffset: number): boolean {
    return this.#isBehind || logOffset <= this.#last;
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
    this.#removeEmptied();
    for (const file of this.#files) if (file.isDirty) file.settleNow();
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
      return !this.#home.handles.distrusted;
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

  /** Writes what was taken back from files, and when each ends as the log knows it. */
  async #settle({ storeMsAt }: IndexStart, turn: Turns): Promise<void> {
    for (const file of this.#files) {
      const endMs = file.header.count > 1 ? storeMsAt(file.header.endLogOffset) : undefined;
      if (endMs !== undefined) file.endsAt(endMs);
      if (file.isDirty) await file.settle(turn);
    }
    this.cover(this.#home.coveredMs);
  }

  /** Log offset of the newest record that has items; -1 without one. */
  get #endOffset(): number {
    return endOffsetOf(this.#files);
  }

  /** Drops items of records at or behind `logOffset`, and files that have no others, in memory. */
  #takeBack(logOffset: number): void {
    for (let file = this.#files.at(-1); file !== undefined; file = this.#files.at(-1)) {
      if (file.header.endLogOffset < logOffset || logOffset < 0) return;
      file.takeBack(logOffset);
      if (file.header.count > 1) return;
      this.#emptied.push(file);
      this.#files.pop();
    }
  }

  /** Their names are gone then; their space can wait. @throws {FsError} */
  #removeEmptied(): void {
    for (const file of this.#emptied.splice(0)) file.discard().catch(() => {});
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
    const file = IndexFile.create(this.#home, name, last);
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
