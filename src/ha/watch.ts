import { WireError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { signalled } from "../base/together.ts";
import type { Clock } from "../ports/host.ts";
import type { MasterAnswers } from "./master_answers.ts";
import type { Reporter } from "./reporter.ts";
import type { Silence } from "./silence.ts";
import type { Bounds, SlaveStatus } from "./slave_status.ts";

/** How far the copy of a log is. */
export interface CopyProgress {
  /** Log offset that is here. */
  readonly end: number;
  /** Bytes that came since this connection began, and bytes it has to bring in all. */
  readonly done: number;
  readonly total: number;
  readonly bytesPerSecond: number;
  /** Undefined while nothing comes. */
  readonly secondsLeft: number | undefined;
}

/** Who wants to see that; `undefined` when the copy is over. */
export type OnProgress = (progress: CopyProgress | undefined) => void;

/** What one connection's watch needs. */
export interface WatchContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly status: SlaveStatus;
  readonly store: { readonly log: { readonly tail: number } };
  readonly answers: MasterAnswers;
  /** What the master said when we proved our log; undefined when it was not asked. */
  readonly bounds: Bounds | undefined;
  /** The master is a slave itself. */
  readonly chained: boolean;
  /** Where progress is shown; the log when absent. */
  readonly onProgress?: OnProgress;
}

const TICK_MS = 1_000;
/** The master is asked where its log ends this often. */
const ASK_TICKS = 5;
/** A line of the log about a long copy, this often. */
const SAY_TICKS = 10;
/** What a rate is the mean of. */
const RATE_TICKS = 10;
/** Empty transfers in a row where bytes are due. */
const EMPTY_MAX = 3;

/**
 * Tells when a slave is in sync: it holds all that the master's log held within the last seconds, by the
 * master's own word. Behind that it measures, and says how far a long copy is.
 */
export class Watch implements Disposable {
  readonly #context: WatchContext;
  readonly #silence: Pick<Silence, "lastHeard">;
  readonly #reporter: Pick<Reporter, "lastWrite">;
  readonly #end = signalled<void>();
  readonly #from: number;
  #target: number; // the master's max as of its last answer; Infinity: nothing to wait for
  #targetAt: number; // monotonic
  #asking = false;
  #open = true;
  #ticks = 0;
  #empty = 0;
  readonly #tails: number[]; // at the last ticks, the oldest first
  #shown = false;
  #cancel: () => void = () => {};

  /** Measures what comes and goes by `silence` and `reporter`. */
  constructor(
    context: WatchContext,
    silence: Pick<Silence, "lastHeard">,
    reporter: Pick<Reporter, "lastWrite">,
  ) {
    this.#context = context;
    this.#silence = silence;
    this.#reporter = reporter;
    this.#from = context.store.log.tail;
    this.#tails = [this.#from];
    this.#target = context.bounds?.max ?? Infinity;
    this.#targetAt = context.clock.monotonic();
    this.#arm();
  }

  /** Resolves after `end`; rejects when the master's answers say that it is not what it was. */
  get ended(): Promise<void> {
    return this.#end.promise;
  }

  end(): void {
    this.#open = false;
    this.#end.resolve();
  }

  [Symbol.dispose](): void {
    this.#open = false;
    this.#cancel();
    if (this.#shown) this.#context.onProgress?.(undefined);
  }

  /** The log is proven and grows from here. */
  begin(): void {
    const { status, chained, store: { log } } = this.#context;
    status.follows(chained ? "CHAINED" : "CATCHING_UP", { end: log.tail });
    this.grown(log.tail);
  }

  /** We are not known to hold all that the master has. */
  get isBehind(): boolean {
    return this.#context.status.state === "CATCHING_UP";
  }

  /** Our log ends at `tail` now. */
  grown(tail: number): void {
    if (tail >= this.#target) this.#reached();
  }

  /** An empty transfer came: the master has nothing from `at` on, where the next byte of ours is due. */
  heartbeat(at: number): void {
    const { status, chained, store: { log } } = this.#context;
    const max = status.bounds?.max;
    if (at < log.tail || (max !== undefined && max > at)) {
      if (++this.#empty <= EMPTY_MAX) return this.#ask();
      const end = max === undefined ? "" : `, though its log ends at ${max}`;
      throw new WireError(`the master sends nothing from ${at} on${end}; ours ends at ${log.tail}`);
    }
    this.#empty = 0;
    if (status.followed && !chained) status.follows("IN_SYNC", { end: at });
  }

  #reached(): void {
    const { clock, status, chained, store: { log } } = this.#context;
    this.#target = Infinity;
    this.#empty = 0;
    if (chained || status.state === "IN_SYNC" || !status.followed) return;
    if (clock.monotonic() - this.#targetAt > ASK_TICKS * TICK_MS) return this.#ask();
    status.follows("IN_SYNC", { end: log.tail });
    this.#hide();
  }

  /** Asks where the master's log ends. A broker that does not answer tells nothing: the log comes all the same. */
  #ask(): void {
    if (this.#asking) return;
    this.#asking = true;
    const { answers, clock, store } = this.#context;
    const tail = store.log.tail;
    const at = clock.monotonic();
    answers.bounds().then((bounds) => this.#learned(bounds, tail, at), () => {})
      .catch((error) => this.#end.reject(error))
      .finally(() => this.#asking = false);
  }

  #learned(bounds: Bounds, tailThen: number, at: number): void {
    if (!this.#open) return;
    const { status, store, chained } = this.#context;
    if (bounds.max < tailThen) {
      throw new WireError(`the master's log ends at ${bounds.max}, ours at ${tailThen}`);
    }
    const before = status.bounds;
    status.learned(bounds);
    const { tail } = store.log;
    const isBehind = before !== undefined && tail < before.max;
    if (status.state === "IN_SYNC" && isBehind && !chained) {
      status.follows("CATCHING_UP", { end: tail, master: bounds.max });
    }
    this.#target = bounds.max;
    this.#targetAt = at;
    if (status.followed) this.grown(tail);
  }

  #arm(): void {
    this.#cancel = this.#context.clock.after(TICK_MS, () => {
      if (!this.#open) return;
      this.#ticks++;
      this.#measure();
      if (this.#ticks % ASK_TICKS === 0) this.#ask();
      this.#arm();
    });
  }

  #measure(): void {
    const { clock, status, store: { log } } = this.#context;
    if (log.tail > this.#tails[this.#tails.length - 1]) this.#empty = 0;
    const ms = this.#tails.length * TICK_MS;
    const bytesPerSecond = Math.round(Math.max(0, log.tail - this.#tails[0]) * 1000 / ms);
    this.#tails.push(log.tail);
    if (this.#tails.length > RATE_TICKS) this.#tails.shift();
    const wall = (monotonic: number) => Math.round(clock.now() - (clock.monotonic() - monotonic));
    status.measured({
      bytesPerSecond,
      lastRead: wall(this.#silence.lastHeard),
      lastWrite: wall(this.#reporter.lastWrite),
    });
    if (status.state === "CATCHING_UP") this.#show(bytesPerSecond);
    else this.#hide();
  }

  #show(bytesPerSecond: number): void {
    const { status, store: { log }, onProgress } = this.#context;
    const max = status.bounds?.max;
    if (max === undefined) return;
    const left = Math.max(0, max - log.tail);
    const done = log.tail - this.#from;
    const secondsLeft = bytesPerSecond > 0 ? Math.ceil(left / bytesPerSecond) : undefined;
    this.#shown = true;
    if (onProgress) {
      onProgress({ end: log.tail, done, total: done + left, bytesPerSecond, secondsLeft });
    } else if (this.#ticks % SAY_TICKS === 0) {
      this.#context.log.info("copying the master's log", {
        end: log.tail,
        master: max,
        bytesPerSecond,
        ...(secondsLeft === undefined ? {} : { secondsLeft }),
      });
    }
  }

  #hide(): void {
    if (!this.#shown) return;
    this.#shown = false;
    this.#context.onProgress?.(undefined);
  }
}
