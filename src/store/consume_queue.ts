import { viewOf } from "../base/bytes.ts";
import { CorruptLogError } from "../base/errors.ts";
import { FsError } from "../ports/fs.ts";
import { firstToCut } from "./queue_cut.ts";
import {
  endsInEntry,
  ENTRY_BYTES,
  entryIsThere,
  entryLogOffset,
  entrySize,
  FILL_SIZE,
  fillEntries,
  firstFree,
  firstThat,
  putEntry,
  takeEntries,
} from "./queue_entry.ts";
import type { Segment } from "./segment.ts";
import type { Segments } from "./segments.ts";

/** Entries wait in this much memory before they go to the file together. */
const TAIL_BYTES = 204 * ENTRY_BYTES;
/** What they may take while the disk does not accept them; then dispatch waits. */
const TAIL_BYTES_MAX = 256 * TAIL_BYTES;
/** A record further ahead of its queue than this is no gap but damage. */
const GAP_ENTRIES_MAX = 1 << 20;

/** One entry. */
const one = new Uint8Array(ENTRY_BYTES);
const oneView = viewOf(one);

/**
 * The messages of one topic and queue in order, 20 bytes each (queue_entry.ts). The newest entries are in
 * memory only; a crash loses them and recovery makes them again from the log.
 */
export class ConsumeQueue {
  readonly topic: string;
  readonly queueId: number;
  /** Got entries since it was last taken to be made safe. */
  dirty = false;
  /** Got entries in the slice that is being dispatched. */
  touched = false;
  /** Size of the records that entries were put for, since it was opened. */
  putBytes = 0;
  readonly #segments: Segments;
  readonly #becameDirty: (queue: ConsumeQueue) => void;
  #min = 0; // entry number
  #start = 0; // and of the first that was not deleted
  #floor: number; // log offset
  #fileEnd = 0; // bytes of the queue that are in files
  #syncedEnd = 0; // and up to here safe
  #tail: Uint8Array | undefined; // entries behind #fileEnd
  #tailView!: DataView;
  #tailBytes = 0;
  #logEnd = 0; // behind the newest record it points at
  #isZeroBehind = false; // in the files, behind the last entry
  #cutUnsafe = false; // entries were removed, but a power cut could bring them back

  constructor(
    topic: string,
    queueId: number,
    segments: Segments,
    becameDirty: (queue: ConsumeQueue) => void,
    floor = 0,
  ) {
    this.topic = topic;
    this.queueId = queueId;
    this.#segments = segments;
    this.#becameDirty = becameDirty;
    this.#floor = floor;
  }

  /** Number of the first entry whose message is still in the log, and was not deleted with its topic. */
  get minOffset(): number {
    return this.#min;
  }

  /** Number of the first entry of the topic as it is now; 0 when none was deleted with it. */
  get start(): number {
    return this.#start;
  }

  /** Number the next entry gets. */
  get maxOffset(): number {
    return (this.#fileEnd + this.#tailBytes) / ENTRY_BYTES;
  }

  /** Log offset behind the newest record that an entry points at; 0 without entries. */
  get logEnd(): number {
    return this.#logEnd;
  }

  /** Its files are not known to a power-safe folder yet. */
  get isNew(): boolean {
    return this.#segments.first?.named === false;
  }

  /** Number of the first entry of the file behind the one that holds this entry. */
  nextFileOffset(queueOffset: number): number {
    const perFile = this.#segments.fileBytes / ENTRY_BYTES;
    return (Math.floor(queueOffset / perFile) + 1) * perFile;
  }

  /** Takes over the files that are there. `crashed`: the last may be short; it ends in garbage unless `isZeroBehind`. */
  load(crashed: boolean, isZeroBehind: boolean): void {
    this.#isZeroBehind = isZeroBehind;
    this.#segments.load((last, size) => crashed && endsInEntry(last, size));
    const { first, last } = this.#segments;
    if (!first || !last) return;
    this.#fileEnd = ENTRY_BYTES * firstFree(last);
    this.#syncedEnd = crashed ? first.base : this.#fileEnd;
    this.#min = first.base / ENTRY_BYTES;
    this.#findLogEnd();
    if (this.maxOffset === 0) this.#beDirty(); // see #dropEmptyFile
  }

  /** Messages before that log offset are deleted (deletions.ts). */
  setFloor(logOffset: number): void {
    this.#floor = logOffset;
    if (this.#logEnd > logOffset) this.correctMin(0);
    else if (logOffset > 0) this.#min = this.#start = this.maxOffset; // mostly, and the disk is not asked
  }

  /** Looks up which entry is the first whose message the log, which begins at `logMin`, still has. */
  correctMin(logMin: number): void {
    const least = Math.max(logMin, this.#floor);
    const first = (this.#segments.first?.base ?? this.#fileEnd) / ENTRY_BYTES;
    const isThere = (n: number) => {
      this.read(n, one);
      return entrySize(oneView, 0) !== FILL_SIZE && entryLogOffset(oneView, 0) >= least;
    };
    const from = Math.max(first, this.#min);
    const { maxOffset } = this;
    // mostly nothing was removed: then one look is enough
    this.#min = from < maxOffset && isThere(from) ? from : firstThat(from, maxOffset, isThere);
    if (this.#floor > logMin) this.#start = this.#min;
  }

  /**
   * Removes the files all of whose messages are gone from a log that begins at `logMin` now, but never the
   * last one: it knows the number of the next entry. Each is gone for good before the next one goes.
   */
  async removeBefore(logMin: number): Promise<void> {
    const segments = this.#segments;
    while (segments.length > 1 && this.#look(segments.first!.end / ENTRY_BYTES - 1)) {
      if (entryLogOffset(oneView, 0) >= logMin) break;
      await segments.removeFirst();
    }
    this.correctMin(logMin);
  }

  /**
   * Drops the entries of records at or behind `logOffset`, and whatever lies behind them. Those before them
   * are in the files and safe: a crash may leave a file cut short, and it must end in an entry then.
   */
  cutFrom(logOffset: number): void {
    this.#tailBytes = 0;
    const { first } = this.#segments;
    if (!first) return;
    const [from, to] = [first.base / ENTRY_BYTES, this.#fileEnd / ENTRY_BYTES];
    const cut = firstToCut(from, to, logOffset, (n) => this.#look(n), oneView);
    this.#cutTo(cut * ENTRY_BYTES, first);
  }

  /** Forgets all entries and removes their files. */
  clear(): void {
    this.#tailBytes = this.#fileEnd = this.#syncedEnd = 0;
    this.#min = this.#start = this.#logEnd = 0;
    this.#segments.removeFrom(0);
  }

  /** Drops the last entry. */
  dropLast(): void {
    const { first } = this.#segments;
    if (first) this.#cutTo(this.#fileEnd - ENTRY_BYTES, first);
  }

  /**
   * Adds the entry of a record that lies behind all others it points at. One that it has is left alone.
   * @throws {FsError} when neither disk nor memory takes it, {CorruptLogError} when it cannot follow
   */
  put(queueOffset: number, logOffset: number, size: number, tagsCode: number): boolean {
    if (logOffset + size <= this.#logEnd) return false;
    if (queueOffset !== this.maxOffset && !this.#advanceTo(queueOffset)) return false;
    if (this.#tail === undefined) this.#resizeTail(TAIL_BYTES);
    if (this.#tailBytes === this.#tail!.length) this.#makeRoom();
    putEntry(this.#tailView, this.#tailBytes, logOffset, size, tagsCode);
    this.#tailBytes += ENTRY_BYTES;
    this.#logEnd = logOffset + size;
    this.putBytes += size;
    if (logOffset < this.#floor) this.#min = this.#start = this.maxOffset;
    if (!this.dirty) this.#beDirty();
    return true;
  }

  /** Reads entries from that number on, as many as fit and are there; gives the number of bytes. */
  read(queueOffset: number, into: Uint8Array): number {
    const from = queueOffset * ENTRY_BYTES;
    const left = this.#fileEnd + this.#tailBytes - from;
    const want = Math.min(left, into.length - into.length % ENTRY_BYTES);
    let done = 0;
    while (done < want && from + done < this.#fileEnd) {
      const segment = this.#segments.find(from + done);
      if (!segment) return 0;
      const count = Math.min(want - done, Math.min(segment.end, this.#fileEnd) - from - done);
      const part = into.subarray(done, done + count);
      if (segment.file.readAt(from + done - segment.base, part) < count) return done;
      done += count;
    }
    if (done >= want) return done;
    const at = from + done - this.#fileEnd;
    into.set(this.#tail!.subarray(at, at + want - done), done);
    return want;
  }

  /** Writes what is in memory only. @throws {FsError} and keeps what was not written */
  write(): void {
    if (this.maxOffset === 0) this.#dropEmptyFile();
    let done = 0;
    try {
      while (done < this.#tailBytes) {
        const count = this.#writeSome(this.#tail!.subarray(done, this.#tailBytes));
        done += count;
        this.#fileEnd += count;
      }
    } finally {
      if (done < this.#tailBytes) this.#tail!.copyWithin(0, done, this.#tailBytes);
      this.#tailBytes -= done;
    }
  }

  /** Writes and makes safe what it has now. */
  async sync(): Promise<void> {
    this.write();
    const covers = this.#fileEnd;
    if (this.#cutUnsafe) await this.#syncCut();
    let segment = this.#segments.find(this.#syncedEnd) ?? this.#segments.first;
    while (segment && segment.base < covers) {
      await segment.sync();
      segment = this.#segments.find(segment.end);
    }
    this.#syncedEnd = covers;
  }

  /** Writes the first part of `bytes` behind what is in files, up to a file's end; gives how many. */
  #writeSome(bytes: Uint8Array): number {
    const at = this.#fileEnd;
    const segment = this.#segments.find(at) ?? this.#segments.add(at);
    // As a double it would make one of every place in memory that is counted from it, and JSC never settles
    // on doubles there: each number written would leave its compiled code.
    const count = Math.min(bytes.length, segment.end - at) | 0;
    segment.file.writeAt(at - segment.base, bytes.subarray(0, count));
    return count;
  }

  /** The disk may be full for a while: then memory keeps more, up to a bound. */
  #makeRoom(): void {
    try {
      this.write();
    } catch (error) {
      const size = this.#tail!.length;
      if (!(error instanceof FsError) || size >= TAIL_BYTES_MAX) throw error;
      if (this.#tailBytes === size) this.#resizeTail(2 * size);
    }
  }

  #resizeTail(size: number): void {
    const tail = new Uint8Array(size);
    if (this.#tail) tail.set(this.#tail);
    this.#tail = tail;
    this.#tailView = viewOf(tail);
  }

  /** Fills up to an entry this broker joined too late for. False when the queue is beyond it already. */
  #advanceTo(queueOffset: number): boolean {
    const missing = queueOffset - this.maxOffset;
    if (missing < 0) return false;
    if (this.maxOffset === 0 && !this.#segments.first) {
      const { fileBytes } = this.#segments;
      const at = queueOffset * ENTRY_BYTES;
      this.#fileEnd = this.#syncedEnd = at - at % fileBytes;
      this.#min = queueOffset;
    } else if (missing > GAP_ENTRIES_MAX) {
      const path = this.#segments.dir.path;
      const reason = `entry ${queueOffset} cannot follow entry ${this.maxOffset - 1}`;
      throw new CorruptLogError(path, this.#fileEnd + this.#tailBytes, reason);
    }
    this.write();
    if (this.#min === this.maxOffset) this.#min = queueOffset; // no message lies before the gap
    const filler = fillEntries(Math.min(queueOffset - this.maxOffset, 3_276));
    while (this.maxOffset < queueOffset) {
      const left = queueOffset * ENTRY_BYTES - this.#fileEnd;
      this.#fileEnd += this.#writeSome(filler.subarray(0, left));
    }
    return true;
  }

  #cutTo(end: number, first: Segment): void {
    const was = this.#fileEnd;
    if (end < was && !this.dirty) this.#beDirty();
    this.#fileEnd = end;
    this.#min = Math.min(this.#min, end / ENTRY_BYTES); // it lies behind what was deleted
    this.#start = Math.min(this.#start, this.#min);
    this.#syncedEnd = Math.min(this.#syncedEnd, end);
    this.#cutUnsafe = true;
    this.#segments.removeFrom(Math.max(end, first.end));
    const segment = this.#segments.find(end);
    if (segment) {
      const [at, to] = [end - segment.base, Math.min(was, segment.end) - segment.base];
      takeEntries(segment, at, to, this.#isZeroBehind);
    }
    this.#isZeroBehind = false; // once something failed to be written, who knows
    this.#findLogEnd();
  }

  /** A file must not stay when its entries were cut: Java takes its first 20 bytes for one, zeros or not. */
  #dropEmptyFile(): void {
    if (!this.#segments.first) return;
    this.clear();
    this.#cutUnsafe = true;
  }

  #beDirty(): void {
    this.dirty = true;
    this.#becameDirty(this);
  }

  async #syncCut(): Promise<void> {
    this.#cutUnsafe = false;
    await this.#segments.find(this.#fileEnd)?.sync();
    await this.#segments.dir.sync();
  }

  #findLogEnd(): void {
    this.#logEnd = 0;
    const there = this.read(this.maxOffset - 1, one) === ENTRY_BYTES;
    if (!there || !entryIsThere(oneView, 0) || entrySize(oneView, 0) === FILL_SIZE) return;
    this.#logEnd = entryLogOffset(oneView, 0) + entrySize(oneView, 0);
  }

  /** Brings entry `n` of the files into `one`; false when nothing was put there. */
  #look(n: number): boolean {
    const at = n * ENTRY_BYTES;
    const segment = this.#segments.find(at);
    if (!segment || segment.file.readAt(at - segment.base, one) < ENTRY_BYTES) return false;
    return entryIsThere(oneView, 0);
  }
}
