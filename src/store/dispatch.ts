import { viewOf } from "../base/bytes.ts";
import { CorruptLogError } from "../base/errors.ts";
import { type Log, reasonOf } from "../base/log.ts";
import { type Signalled, signalled } from "../base/together.ts";
import { FsError } from "../ports/fs.ts";
import type { Clock } from "../ports/host.ts";
import type { RecordView } from "../wire/record_view.ts";
import type { CommitLog } from "./commit_log.ts";
import type { ConsumeQueue } from "./consume_queue.ts";
import type { Feed } from "./feed.ts";
import { Scanner } from "./scan.ts";
import { TURN_MS } from "./turn.ts";

/** Read at a time. */
const SLICE_BYTES = 256 * 1024;
/** How long to wait before entries are offered again to a disk that did not take them. */
const RETRY_MS = 1_000;

interface Waiter {
  readonly logOffset: number;
  readonly settled: Signalled<void>;
}

/**
 * Feeds the consume queues with each record, in log order. It runs behind the log, in turns, when everything
 * that was ready has been handled, so answers to senders never wait for it.
 */
export class Dispatch {
  readonly #log: CommitLog;
  readonly #feed: Feed;
  readonly #clock: Clock;
  readonly #report: Log;
  readonly #scanner = new Scanner();
  readonly #arrivals: ((queue: ConsumeQueue) => void)[] = [];
  readonly #touched: ConsumeQueue[] = [];
  readonly #unlisten: () => void;
  #waiters: Waiter[] = [];
  #bytes = new Uint8Array(SLICE_BYTES); // larger once a record was
  #view = viewOf(this.#bytes);
  #slicePart = this.#bytes;
  #position: number;
  #storeTimestamp: number;
  #scheduled = false;
  #failure: Error | undefined;
  #cancelRetry: (() => void) | undefined;
  #entries = 0;
  #hasWaited = false; // for the disk, since it moved last
  #needs = 0; // the log must reach up to here before what lies at #position is whole
  #closed = false;

  /** Begins at `position`, where a record begins; `storeTimestamp` is that of the record before it. */
  constructor(
    log: CommitLog,
    feed: Feed,
    clock: Clock,
    from: { position: number; storeTimestamp: number },
    report: Log,
  ) {
    this.#log = log;
    this.#feed = feed;
    this.#clock = clock;
    this.#report = report;
    this.#position = from.position;
    this.#storeTimestamp = from.storeTimestamp;
    this.#unlisten = log.onMoved(() => this.#wake());
    this.#wake();
  }

  /** Log offset up to which the queues know all records. */
  get position(): number {
    return this.#position;
  }

  /** When the last of them was stored. */
  get storeTimestamp(): number {
    return this.#storeTimestamp;
  }

  /** How many entries the queues got from it. */
  get entries(): number {
    return this.#entries;
  }

  /** The record that cannot be read and ends dispatch, once there is one. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Calls `fn` once for each queue that got entries, after each slice. Gives the way to stop it. */
  onArrival(fn: (queue: ConsumeQueue) => void): () => void {
    this.#arrivals.push(fn);
    return () => {
      const at = this.#arrivals.indexOf(fn);
      if (at >= 0) this.#arrivals.splice(at, 1);
    };
  }

  /** Resolves when the queues know all whole records before `logOffset`. */
  reached(logOffset: number): Promise<void> {
    if (this.#position >= logOffset) return Promise.resolve();
    if (this.#failure) return Promise.reject(this.#failure);
    const waiter = { logOffset, settled: signalled<void>() };
    this.#waiters.push(waiter);
    return waiter.settled.promise;
  }

  /**
   * Looks at bytes of the log, which begin at `logOffset`, where whoever appended them still has them: that
   * saves reading them. They need not begin with a record; when they begin too late or the disk is waited
   * for, the log is read as ever. A turn's work at most.
   */
  take(logOffset: number, bytes: Uint8Array): void {
    const at = this.#position - logOffset;
    const mayGoOn = this.#failure === undefined && this.#cancelRetry === undefined;
    if (at < 0 || at >= bytes.length || !mayGoOn) return;
    try {
      this.#look(bytes, viewOf(bytes), at, bytes.length);
    } catch (error) {
      this.#stumble(error);
    } finally {
      this.#announce();
    }
  }

  /**
   * The log ends at `logOffset` now, behind a record stored at `storeTimestamp`: goes on from there. Whoever
   * waits for what lay behind it hears that. The queues are cut by the store, in the same turn.
   */
  cutTo(logOffset: number, storeTimestamp: number): void {
    const lost = this.#waiters.filter((waiter) => waiter.logOffset > logOffset);
    this.#waiters = this.#waiters.filter((waiter) => waiter.logOffset <= logOffset);
    for (const { settled } of lost) settled.reject(new Error(`the log was cut at ${logOffset}`));
    if (this.#closed || this.#position < logOffset) return;
    this.#position = logOffset;
    this.#storeTimestamp = storeTimestamp;
    this.#needs = 0;
    this.#failure = undefined; // what could not be read is gone
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#hasWaited = false;
    this.#wake();
  }

  /** Ends it where it is. */
  close(): void {
    this.#closed = true;
    this.#unlisten();
    this.#cancelRetry?.();
    this.#fail(new Error("the store was closed"));
  }

  #wake(): void {
    if (this.#scheduled || this.#failure || this.#cancelRetry) return;
    this.#scheduled = true;
    this.#clock.soon(this.#turn);
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    const end = this.#clock.monotonic() + TURN_MS;
    try {
      let moved = true;
      while (moved && !this.#failure && this.#clock.monotonic() < end) moved = this.#slice();
      if (moved) this.#wake();
    } catch (error) {
      this.#stumble(error);
    }
  };

  /** Reads and dispatches what one read gives; false when nothing whole was left. */
  #slice(): boolean {
    if (this.#position < this.#log.minOffset) this.#position = this.#log.minOffset;
    const before = this.#position;
    if (this.#log.tail < this.#needs) return false;
    try {
      this.#look(this.#bytes, this.#view, 0, this.#log.readAt(before, this.#slicePart));
      if (this.#position === before) this.#lookFarther();
    } finally {
      this.#announce();
    }
    if (this.#position === before) return false;
    this.#hasWaited = false;
    return true;
  }

  /** Dispatches the whole records from `at`, where the record or filler at #position begins, up to `end`. */
  #look(bytes: Uint8Array, view: DataView, at: number, end: number): void {
    const { fileBytes } = this.#log;
    let fileRoom = fileBytes - this.#position % fileBytes;
    while (at < end) {
      const found = this.#scanner.look(view, at, end, this.#position, fileRoom);
      const { size } = this.#scanner;
      if (found === "record") this.#record(bytes, this.#scanner.record);
      else if (found !== "blank" || this.#position + size > this.#log.tail) {
        if (found === "zero" || found === "bad") return this.#damaged(found);
        this.#needs = this.#position + size;
        return;
      }
      this.#position += size;
      at += size;
      fileRoom = fileRoom > size ? fileRoom - size : fileBytes;
    }
  }

  /** A record that is larger than a slice is looked at in a larger buffer, once it is there. */
  #lookFarther(): void {
    const size = this.#needs - this.#position;
    if (this.#failure || size <= SLICE_BYTES || this.#log.available(this.#position) < size) return;
    if (size > this.#bytes.length) this.#resize(size);
    const length = this.#log.readAt(this.#position, this.#bytes.subarray(0, size));
    this.#look(this.#bytes, this.#view, 0, length);
  }

  #record(bytes: Uint8Array, record: RecordView): void {
    this.#storeTimestamp = record.storeTimestamp;
    const queue = this.#feed.put(bytes, record);
    if (queue === undefined) return;
    this.#entries++;
    if (queue.touched) return;
    queue.touched = true;
    this.#touched.push(queue);
  }

  /** Entries of this slice can be read: says so to whoever waits for them. */
  #announce(): void {
    for (const queue of this.#touched) {
      queue.touched = false;
      for (const fn of this.#arrivals) this.#tell(fn, queue);
    }
    this.#touched.length = 0;
    if (this.#waiters.length === 0) return;
    const served = this.#waiters.filter((waiter) => waiter.logOffset <= this.#position);
    if (served.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => waiter.logOffset > this.#position);
    for (const waiter of served) waiter.settled.resolve();
  }

  /** Whatever a listener does, dispatch goes on. */
  #tell(fn: (queue: ConsumeQueue) => void, queue: ConsumeQueue): void {
    try {
      fn(queue);
    } catch (error) {
      this.#report.error("a listener to arrivals failed", { reason: reasonOf(error) });
    }
  }

  #damaged(found: "zero" | "bad"): void {
    const reason = found === "zero" ? "nothing was written there" : this.#scanner.reason;
    this.#stumble(new CorruptLogError("commit log", this.#position, reason));
  }

  /** A disk that takes no entries is asked again; anything else ends dispatch here. */
  #stumble(error: unknown): void {
    if (error instanceof FsError) {
      if (!this.#hasWaited) {
        this.#report.error("dispatch waits for the disk", {
          at: this.#position,
          reason: error.message,
        });
      }
      this.#hasWaited = true;
      this.#cancelRetry = this.#clock.after(RETRY_MS, () => {
        this.#cancelRetry = undefined;
        this.#wake();
      });
      return;
    }
    this.#report.error("dispatch ends at a record that cannot be read", {
      at: this.#position,
      reason: reasonOf(error),
    });
    this.#fail(error instanceof Error ? error : new Error(reasonOf(error)));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const waiter of this.#waiters) waiter.settled.reject(this.#failure);
    this.#waiters = [];
  }

  #resize(size: number): void {
    this.#bytes = new Uint8Array(size);
    this.#view = viewOf(this.#bytes);
    this.#slicePart = this.#bytes.subarray(0, SLICE_BYTES);
  }
}
