import { viewOf, writeInt64 } from "../base/bytes.ts";
import { signalled } from "../base/together.ts";
import type { Clock } from "../ports/host.ts";
import { FlushError } from "../store/errors.ts";
import { REPORT_BYTES } from "./frames.ts";
import type { CopyStore } from "./intake.ts";

/** What a reporter needs besides the connection. */
export interface ReportContext {
  readonly store: CopyStore;
  readonly clock: Clock;
  /** An idle connection carries a report this often. */
  readonly everyMs: number;
  /** Report only what would survive a power cut here: SYNC_FLUSH. */
  readonly onlyDurable: boolean;
}

/** Of bytes that come in bulk, a report covers up to so many; a report for each read costs more than its dispatch. */
const HELD_BYTES = 1024 * 1024;
/** And it waits no longer than that for the next read. */
const HELD_MS = 2;

/**
 * Tells the master how far our log reaches, which it takes as a promise. One write is under way at a time
 * and carries the newest offset; with `onlyDurable` one flush is, and its end reports what it covered.
 */
export class Reporter implements Disposable {
  readonly #store: CopyStore;
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #onlyDurable: boolean;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #bytes = new Uint8Array(REPORT_BYTES); // free again once its write resolved
  readonly #view = viewOf(this.#bytes);
  readonly #end = signalled<void>();
  #wanted = 0;
  #reported = 0;
  #writing = false;
  #flushing = false;
  #open = true;
  #lastWrite = 0;
  #cancelIdle: () => void = () => {};
  #cancelHeld: (() => void) | undefined;

  constructor(
    { store, clock, everyMs, onlyDurable }: ReportContext,
    writer: WritableStreamDefaultWriter<Uint8Array>,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#onlyDurable = onlyDurable;
    this.#writer = writer;
  }

  /** Resolves after `end`; rejects when a report could not be written or a flush failed: none follows then. */
  get ended(): Promise<void> {
    return this.#end.promise;
  }

  end(): void {
    this.#open = false;
    this.#end.resolve();
  }

  /** The offset last written. */
  get reported(): number {
    return this.#reported;
  }

  /** When the last report was written, on the monotonic clock. */
  get lastWrite(): number {
    return this.#lastWrite;
  }

  /** Sends the first report, which is where the master is to begin. */
  async begin(first: number): Promise<void> {
    const { log, flush } = this.#store;
    // What recovery found included; an empty log has nothing to make safe.
    if (this.#onlyDurable) await safe(flush, Math.min(first, log.tail));
    this.#wanted = first;
    this.#write();
    this.#watchIdle();
  }

  /**
   * The log has grown: reports it now, or once it is flushed. With `inBulk` more is about to come, and one
   * report may do for several reads.
   */
  appended(inBulk = false): void {
    const { tail } = this.#store.log;
    if (this.#onlyDurable) return this.#flush();
    if (inBulk && tail - this.#wanted < HELD_BYTES) return this.#hold();
    this.#cancelHeld?.();
    this.#cancelHeld = undefined;
    this.#report(tail);
  }

  [Symbol.dispose](): void {
    this.#open = false;
    this.#cancelIdle();
    this.#cancelHeld?.();
  }

  #hold(): void {
    this.#cancelHeld ??= this.#clock.after(HELD_MS, () => {
      this.#cancelHeld = undefined;
      this.#report(this.#store.log.tail);
    });
  }

  #flush(): void {
    if (this.#flushing || !this.#open) return;
    this.#flushing = true;
    const { log, flush } = this.#store;
    safe(flush, log.tail).then(() => {
      this.#flushing = false;
      this.#report(log.durable);
      if (log.durable < log.tail) this.#flush();
    }, this.#fail);
  }

  #report(logEnd: number): void {
    if (logEnd <= this.#wanted) return;
    this.#wanted = logEnd;
    if (!this.#writing) this.#write();
  }

  #write(): void {
    if (!this.#open) return;
    this.#writing = true;
    this.#lastWrite = this.#clock.monotonic();
    this.#reported = this.#wanted;
    writeInt64(this.#view, 0, this.#wanted);
    this.#writer.write(this.#bytes).then(this.#written, this.#fail);
  }

  readonly #written = (): void => {
    this.#writing = false;
    if (this.#wanted > this.#reported) this.#write();
  };

  readonly #fail = (error: unknown): void => {
    this.#open = false;
    this.#end.reject(error);
  };

  #watchIdle(): void {
    const left = this.#lastWrite + this.#everyMs - this.#clock.monotonic();
    this.#cancelIdle = this.#clock.after(Math.max(1, Math.ceil(left)), () => {
      if (!this.#open) return;
      if (this.#clock.monotonic() - this.#lastWrite >= this.#everyMs) {
        if (this.#writing) this.#lastWrite = this.#clock.monotonic(); // one is on its way
        else this.#write();
      }
      this.#watchIdle();
    });
  }
}

/** A slow disk is waited for; only one that failed ends it. */
async function safe(flush: CopyStore["flush"], logOffset: number): Promise<void> {
  for (;;) {
    try {
      return await flush.reached(logOffset);
    } catch (error) {
      if (!(error instanceof FlushError && error.kind === "late")) throw error;
    }
  }
}
