import { invariant } from "../base/errors.ts";
import { type Log, reasonOf } from "../base/log.ts";
import { putBlank } from "../wire/message.ts";
import { BLANK_BYTES_MIN } from "../wire/record_layout.ts";
import { PutRefusal } from "./errors.ts";
import { Gate } from "./gate.ts";
import { Listeners } from "./listeners.ts";
import { CUTTING, notTakenBack, writeFailed } from "./refusal_texts.ts";
import type { Segment } from "./segment.ts";
import type { Segments } from "./segments.ts";
import { Stage } from "./stage.ts";

/**
 * The bytes of the log and the one owner of its tail. What is staged becomes visible, to readers and slaves
 * alike, only by `commit`; then it is written, though not yet safe from a power cut (flush.ts).
 */
export class CommitLog {
  readonly fileBytes: number;
  readonly stage: Stage = new Stage();
  /** What of the store's surroundings says that nothing may be appended. */
  readonly gate: Gate = new Gate();
  readonly #segments: Segments;
  readonly #log: Log;
  readonly #moved: Listeners;
  readonly #wasCut: Listeners;
  #tail: number;
  #stagedEnd!: number; // log offset of the next record to be staged
  #stagedFileEnd!: number; // where its file ends
  #durable: number;
  #current: Segment | undefined; // read last
  #uncut = false; // bytes of a failed write, or of a cut, lie behind the tail
  #kept = ""; // why they could not be removed
  #cutting = false;
  #cutUnsafe = false; // they were removed, but a power cut could bring them back
  #failing = false; // the disk did not take the last write

  /** `tail` is where recovery found the end, `durable` up to where a power cut takes nothing of it. */
  constructor(segments: Segments, tail: number, durable: number, log: Log) {
    this.fileBytes = segments.fileBytes;
    this.#segments = segments;
    this.#log = log;
    this.#moved = new Listeners(log);
    this.#wasCut = new Listeners(log);
    this.#tail = tail;
    this.#durable = durable;
    this.#stageFrom(tail);
  }

  /** Log offset of the first byte there is; never behind the tail, also when emptying it failed. */
  get minOffset(): number {
    return Math.min(this.#segments.first?.base ?? this.#tail, this.#tail);
  }

  /** Log offset behind the last byte that readers see. */
  get tail(): number {
    return this.#tail;
  }

  /** Up to here a power cut takes nothing. */
  get durable(): number {
    return this.#durable;
  }

  /** A sync would make something safe. */
  get needsSync(): boolean {
    return this.#durable < this.#tail || this.#cutUnsafe;
  }

  /** Log offset at which the next record goes. A record that does not fit its file goes behind it instead. */
  get stagedEnd(): number {
    return this.#stagedEnd;
  }

  /** Calls `fn` after each move of the tail, at once. Gives the way to stop it. */
  onMoved(fn: (tail: number) => void): () => void {
    return this.#moved.add(fn);
  }

  /** Calls `fn` with the new end when the log was cut, at once: what lay behind it is no more. Gives the way to stop it. */
  onCut(fn: (end: number) => void): () => void {
    return this.#wasCut.add(fn);
  }

  /**
   * Counts `size` bytes of records that were put behind what is staged; gives their log offset. When the file
   * has no room for them and a blank, the blank comes before them and they begin the next file.
   */
  staged(size: number): number {
    const { stage } = this;
    const room = this.#stagedFileEnd - this.#stagedEnd;
    if (size + BLANK_BYTES_MIN > room) this.#rollStage(size, room);
    const logOffset = this.#stagedEnd;
    stage.length += size;
    this.#stagedEnd += size;
    return logOffset;
  }

  /**
   * Writes what is staged and shows it to readers. When the write fails nothing of it is in the log; it is
   * staged still, and the caller takes it back.
   * @throws {PutRefusal} "unavailable"
   */
  commit(): void {
    if (this.stage.length === 0) return;
    this.mustTake();
    try {
      this.#writeStage();
    } catch (error) {
      throw this.#failed(error);
    }
    this.stage.clear();
    this.#written(this.#stagedEnd);
  }

  /** Forgets what is staged; the log is as it was after the last commit. */
  takeBack(): void {
    this.stage.clear();
    this.#stageFrom(this.#tail);
  }

  /**
   * Appends bytes of a master's log. They are at exactly the tail (an empty log: a file's first byte) and do
   * not reach over a file's end.
   * @throws {PutRefusal} "unavailable", and the log is as before
   */
  appendRaw(logOffset: number, bytes: Uint8Array): void {
    invariant(
      this.stage.length === 0,
      "a log is written by its own node or by its master, not by both",
    );
    invariant(
      logOffset === this.#tail || (this.#segments.length === 0 && logOffset % this.fileBytes === 0),
      `bytes at ${logOffset} do not continue a log that ends at ${this.#tail}`,
    );
    const at = logOffset % this.fileBytes;
    invariant(at + bytes.length <= this.fileBytes, "bytes of one append lie in one file");
    if (bytes.length === 0) return;
    this.mustTake();
    try {
      this.#segmentAt(logOffset).file.writeAt(at, bytes);
    } catch (error) {
      throw this.#failed(error);
    }
    this.#stageFrom(logOffset + bytes.length);
    this.#written(this.#stagedEnd);
  }

  /**
   * Takes away all from `logOffset` on, where a record begins. It is gone for readers before this returns,
   * and once it resolves no power cut brings it back; until then nothing is appended. A crash at any moment
   * leaves the log as it was or as it shall be, for the file that ends the log changes first and alone. No
   * sync may be running (flush.ts).
   */
  async cutTo(logOffset: number): Promise<void> {
    const segments = this.#segments;
    invariant(
      logOffset >= this.minOffset && logOffset <= this.#tail && !this.#cutting,
      `a log from ${this.minOffset} to ${this.#tail} cannot be cut at ${logOffset}`,
    );
    this.#hide(logOffset);
    try {
      const holder = segments.find(logOffset);
      holder?.zeroFrom(logOffset - holder.base);
      this.#wasCut.tell(logOffset);
      await holder?.sync();
      segments.removeFrom(Math.max(logOffset, segments.first?.end ?? 0));
      await segments.dir.sync();
      this.#uncut = false;
    } finally {
      this.#cutting = false;
    }
  }

  /** Takes away all there is; what comes next may begin at any file's start. See `cutTo`, but for crashes. */
  async clear(): Promise<void> {
    this.#hide(0);
    try {
      this.#wasCut.tell(0);
      this.#segments.removeFrom(0);
      await this.#segments.dir.sync();
      this.#uncut = false;
    } finally {
      this.#cutting = false;
    }
  }

  /** The first file, unless it is the last as well: that one is never taken away. */
  get oldest(): { readonly end: number; readonly modifiedMs: number } | undefined {
    const { first, length, dir } = this.#segments;
    if (first === undefined || length === 1) return undefined;
    return { end: first.end, modifiedMs: dir.stat(first.name)?.modifiedMs ?? Infinity };
  }

  /** Takes that file away: for readers at once, when it resolves for good, its disk space included. */
  removeOldest(): Promise<void> {
    invariant(this.#segments.length > 1, "the file that ends the log stays");
    this.#current = undefined;
    return this.#segments.removeFirst();
  }

  /** Resolves when no power cut brings back a file that was taken away. */
  syncNames(): Promise<void> {
    return this.#segments.dir.sync();
  }

  /** Ends the log there for everybody who asks; the files are still to follow. */
  #hide(logOffset: number): void {
    this.#cutting = this.#uncut = true;
    this.#current = undefined;
    this.#tail = logOffset;
    this.#durable = Math.min(this.#durable, logOffset);
    this.takeBack();
  }

  /** Reads until `into`, the written bytes or their file end, whichever comes first; gives the number read. */
  readAt(logOffset: number, into: Uint8Array): number {
    const available = this.available(logOffset);
    if (available <= 0) return 0;
    const segment = this.#current!;
    const part = into.length <= available ? into : into.subarray(0, available);
    return segment.file.readAt(logOffset - segment.base, part);
  }

  /** Bytes to be read from there without crossing a file end; 0 at the tail, -1 outside the log. */
  available(logOffset: number): number {
    const left = this.#tail - logOffset;
    if (left <= 0) return left === 0 ? 0 : -1;
    let segment = this.#current;
    if (segment === undefined || logOffset < segment.base || logOffset >= segment.end) {
      segment = this.#segments.find(logOffset);
      if (segment === undefined) return -1;
      this.#current = segment;
    }
    const room = segment.end - logOffset;
    return left < room ? left : room;
  }

  /** Makes safe what lies before `tail` as it is now; gives that offset. flush.ts calls it, one at a time. */
  async sync(): Promise<number> {
    const covers = this.#tail;
    if (this.#cutUnsafe) await this.#syncCut(covers);
    const from = Math.max(this.#durable, this.minOffset);
    for (let segment = this.#segments.find(from); segment && segment.base < covers;) {
      await segment.sync();
      segment = this.#segments.find(segment.end);
    }
    this.#durable = covers;
    return covers;
  }

  async #syncCut(tail: number): Promise<void> {
    this.#cutUnsafe = false;
    await this.#segments.find(tail)?.sync();
    await this.#segments.dir.sync();
  }

  /** From now on every append is refused with this reason. */
  refuse(reason: string): void {
    this.gate.close(reason);
  }

  /** @throws {PutRefusal} "unavailable" when nothing can be appended now */
  mustTake(): void {
    this.gate.mustBeOpen();
    if (this.#cutting) throw new PutRefusal("unavailable", CUTTING);
    if (!this.mend()) throw new PutRefusal("unavailable", notTakenBack(this.#kept));
  }

  /** Takes back what a failed write left, if the disk lets it now; false when it still lies there. */
  mend(): boolean {
    return !this.#uncut || this.#cutting || this.#cutBehindTail();
  }

  /** The disk took it: readers see it from now on. */
  #written(tail: number): void {
    if (this.#failing) {
      this.#failing = false;
      this.#log.info("the log is written again");
    }
    this.#tail = tail;
    this.#moved.tell(tail);
  }

  /** Nothing of it is in the log. */
  #failed(error: unknown): PutRefusal {
    this.#cutBehindTail();
    const reason = writeFailed(error);
    if (!this.#failing) this.#log.error("nothing is stored", { reason });
    this.#failing = true;
    return new PutRefusal("unavailable", reason, { cause: error });
  }

  #rollStage(size: number, room: number): void {
    const { stage } = this;
    const at = stage.length;
    stage.reserve(size + BLANK_BYTES_MIN);
    stage.bytes.copyWithin(at + BLANK_BYTES_MIN, at, at + size);
    putBlank(stage.view, at, room);
    stage.length += BLANK_BYTES_MIN;
    stage.cuts.push(stage.length);
    this.#stageFrom(this.#stagedEnd + room);
  }

  #stageFrom(logOffset: number): void {
    this.#stagedEnd = logOffset;
    this.#stagedFileEnd = logOffset - logOffset % this.fileBytes + this.fileBytes;
  }

  /** All files are there before the first byte is written: then less can go wrong half way. */
  #writeStage(): void {
    const { bytes, cuts, length } = this.stage;
    let segment = this.#segmentAt(this.#tail);
    for (let i = 0, { end } = segment; i < cuts.length; i++) end = this.#segmentAt(end).end;
    let at = this.#tail - segment.base;
    for (let i = 0, from = 0; from < length; i++) {
      const to = i < cuts.length ? cuts[i] : length;
      segment.file.writeAt(at, bytes.subarray(from, to));
      if (to < length) segment = this.#segmentAt(segment.end);
      from = to;
      at = 0;
    }
  }

  /** The file that holds `logOffset`, made when it is the next one. */
  #segmentAt(logOffset: number): Segment {
    return this.#segments.find(logOffset) ?? this.#segments.add(logOffset);
  }

  /** Removes what a failed write left. A record must never come to life that nobody was told of. */
  #cutBehindTail(): boolean {
    this.#uncut = true;
    try {
      const tail = this.#tail;
      this.#current = undefined;
      this.#segments.removeBehind(tail);
      const last = this.#segments.find(tail);
      last?.zeroFrom(tail - last.base);
      this.#uncut = false;
      this.#cutUnsafe = true;
      this.#kept = "";
    } catch (error) {
      const reason = reasonOf(error);
      const isNews = reason !== this.#kept; // every append tries again
      this.#kept = reason;
      if (isNews) this.#log.error("cannot take back a failed write", { tail: this.#tail, reason });
    }
    return !this.#uncut;
  }
}
