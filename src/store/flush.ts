import { invariant } from "../base/errors.ts";
import { type Log, reasonOf } from "../base/log.ts";
import { type Signalled, signalled } from "../base/together.ts";
import type { Clock } from "../ports/host.ts";
import type { CommitLog } from "./commit_log.ts";
import { FlushError } from "./errors.ts";
import type { StoreOptions } from "./options.ts";
import { flushFailed } from "./refusal_texts.ts";

const PAGE_BYTES = 4096;
const done = Promise.resolve();

/** Those who wait for the same sync. */
interface Group {
  readonly settled: Signalled<void>;
  readonly cancelTimer: () => void;
}

/**
 * Makes the log safe: at intervals, and at once when somebody waits. One sync runs at a time; all who come
 * meanwhile share the next one. A sync that failed is never tried again as if nothing had been: the kernel
 * may have dropped the pages, so from then on the log takes nothing and nothing more counts as safe.
 */
export class Flush {
  readonly #log: CommitLog;
  readonly #clock: Clock;
  readonly #options: StoreOptions;
  readonly #report: Log;
  #syncing: Group | undefined; // whoever waits for the sync that runs
  #covers = 0; // what it makes safe
  #next: Group | undefined; // whoever waits for the one after it
  #running: Promise<void> | undefined;
  #failure: FlushError | undefined;
  #stopTimer: (() => void) | undefined;
  #flushedAt: number; // monotonic

  constructor(log: CommitLog, clock: Clock, options: StoreOptions, report: Log) {
    this.#log = log;
    this.#clock = clock;
    this.#options = options;
    this.#report = report;
    this.#flushedAt = clock.monotonic();
    this.#tick();
  }

  /** Log offset up to which a power cut takes nothing. */
  get durable(): number {
    return this.#log.durable;
  }

  /** Why syncing ended, once it did. */
  get failure(): FlushError | undefined {
    return this.#failure;
  }

  /**
   * Resolves when the log is safe up to `logOffset`, which is not above its tail. Everybody who waits for one
   * sync gets the same promise.
   * @throws {FlushError} "late" after syncFlushTimeoutMs, "failed" when the disk failed
   */
  reached(logOffset: number): Promise<void> {
    if (logOffset <= this.#log.durable) return done;
    invariant(logOffset <= this.#log.tail, "what was not written cannot be made safe");
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#running && logOffset <= this.#covers) {
      return (this.#syncing ??= this.#group()).settled.promise;
    }
    const group = this.#next ??= this.#group();
    this.wake();
    return group.settled.promise;
  }

  /** Starts a sync when none runs and bytes are not safe yet; nobody waits for it. */
  wake(): void {
    if (this.#running || this.#failure || !this.#log.needsSync) return;
    this.#running = this.#run();
  }

  /** Resolves at the end of the sync that is running, if one is. */
  get running(): Promise<void> | undefined {
    return this.#running;
  }

  /** Resolves when the log is safe up to there, however long the disk takes. @throws {FlushError} "failed" */
  async patiently(logOffset: number): Promise<void> {
    while (this.#log.durable < logOffset) {
      invariant(logOffset <= this.#log.tail, "what was not written cannot be made safe");
      await this.#syncOnce();
    }
  }

  /** Stops the timer and makes safe what is there, however long the disk takes. */
  async close(): Promise<void> {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    do await this.#syncOnce(); while (this.#log.needsSync);
  }

  /** Awaits the sync that runs, or one that begins now. */
  async #syncOnce(): Promise<void> {
    this.wake();
    await this.#running;
    if (this.#failure) throw this.#failure;
  }

  async #run(): Promise<void> {
    try {
      do {
        this.#syncing = this.#next;
        this.#next = undefined;
        this.#covers = this.#log.tail;
        this.#flushedAt = this.#clock.monotonic();
        await this.#log.sync();
        settle(this.#syncing);
        this.#syncing = undefined;
      } while (this.#next);
    } catch (error) {
      this.#fail(error);
    }
    this.#running = undefined;
  }

  #fail(error: unknown): void {
    const reason = flushFailed(error);
    this.#failure = new FlushError("failed", reason, { cause: error });
    this.#report.error("flush failed, nothing is stored from now on", {
      durable: this.#log.durable,
      reason: reasonOf(error),
    });
    this.#log.refuse(reason);
    settle(this.#syncing, this.#failure);
    settle(this.#next, this.#failure);
    this.#syncing = this.#next = undefined;
  }

  #group(): Group {
    const settled = signalled<void>();
    const ms = this.#options.syncFlushTimeoutMs;
    const cancelTimer = this.#clock.after(ms, () => {
      if (this.#syncing?.settled === settled) this.#syncing = undefined;
      if (this.#next?.settled === settled) this.#next = undefined;
      settled.reject(new FlushError("late", `the log was not safe within ${ms} ms`));
    });
    return { settled, cancelTimer };
  }

  #tick(): void {
    this.#stopTimer = this.#clock.after(this.#options.flushIntervalMs, () => {
      this.#log.mend(); // nobody may come who would store something
      if (this.#isDue()) this.wake();
      this.#tick();
    });
  }

  #isDue(): boolean {
    const { tail, durable, fileBytes } = this.#log;
    const { flush, flushLeastPages, flushThoroughMs } = this.#options;
    return flush === "sync" || tail - durable >= flushLeastPages * PAGE_BYTES ||
      Math.floor(tail / fileBytes) > Math.floor(durable / fileBytes) ||
      this.#clock.monotonic() - this.#flushedAt >= flushThoroughMs;
  }
}

function settle(group: Group | undefined, failure?: FlushError): void {
  if (!group) return;
  group.cancelTimer();
  if (failure) group.settled.reject(failure);
  else group.settled.resolve();
}
