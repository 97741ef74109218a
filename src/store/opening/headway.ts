import type { Log } from "../../base/log.ts";
import type { Clock } from "../../ports/host.ts";

/** How far the look over the log is that has to come before a store opens. */
export interface OpenProgress {
  /** Bytes of the log that were read, and that are to be read in all. */
  readonly done: number;
  readonly total: number;
  readonly bytesPerSecond: number;
  /** Undefined while nothing can be said. */
  readonly secondsLeft: number | undefined;
}

/** Who wants to see that; `undefined` when it is over. */
export type OnOpenProgress = (progress: OpenProgress | undefined) => void;

/** What takes less than this is done before anybody asks. */
const WORTH_SAYING_MS = 1_000;
/** How often it is shown, and how often it is said in the log when there is nowhere to show it. */
const SHOW_MS = 200;
const SAY_MS = 5_000;

/** Shows how far the reading of a log is, once that takes long enough for somebody to wait for it. */
export class Headway implements Disposable {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #show: OnOpenProgress | undefined;
  readonly #began: number;
  #total: number;
  #due: number; // monotonic
  #shown = false;

  constructor(clock: Clock, log: Log, total: number, show: OnOpenProgress | undefined) {
    this.#clock = clock;
    this.#log = log;
    this.#show = show;
    this.#total = total;
    this.#began = clock.monotonic();
    this.#due = this.#began + WORTH_SAYING_MS;
  }

  /** `done` bytes were read by now. */
  at(done: number): void {
    const now = this.#clock.monotonic();
    if (now < this.#due) return;
    this.#due = now + (this.#show ? SHOW_MS : SAY_MS);
    this.#shown = true;
    const total = this.#total = Math.max(this.#total, done);
    const bytesPerSecond = Math.round(done * 1000 / (now - this.#began));
    const secondsLeft = bytesPerSecond > 0 ? Math.ceil((total - done) / bytesPerSecond) : undefined;
    if (this.#show) return this.#show({ done, total, bytesPerSecond, secondsLeft });
    const left = secondsLeft === undefined ? {} : { secondsLeft };
    this.#log.info("recovering the log", { done, total, bytesPerSecond, ...left });
  }

  /** It is over. */
  [Symbol.dispose](): void {
    if (!this.#shown) return;
    const seconds = Math.round((this.#clock.monotonic() - this.#began) / 100) / 10;
    this.#show?.(undefined);
    this.#log.info("the log was recovered", { bytes: this.#total, seconds });
  }
}
