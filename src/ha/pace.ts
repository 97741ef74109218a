import type { Clock } from "../ports/host.ts";

/** How fast the log grows is looked at this often. */
const WINDOW_MS = 50;
/** When it grows by less, producers have all they want. In bytes a millisecond, as the two below. */
const BUSY = 5_000;
/** A slave that is far behind gets at least this much. */
const SLOWEST = 80_000;
/** And so many times what is appended, or it would never catch up. */
const TIMES = 1.5;
/** A timer that fires late is made up for, up to this. */
const CREDIT_MS = 5;

/**
 * Holds slaves that are far behind back while producers are at work. What such a slave gets costs its own
 * process far more than ours, and on a small machine that is time the producers do not have.
 */
export class Pace {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #log: { readonly tail: number };
  #since: number;
  #tail: number;
  #growth = 0; // bytes a millisecond, in the last window that is over
  #nextAt = 0; // when the next bytes are due

  constructor(clock: Pick<Clock, "monotonic">, log: { readonly tail: number }) {
    this.#clock = clock;
    this.#log = log;
    this.#since = clock.monotonic();
    this.#tail = log.tail;
  }

  /** Slaves that are far behind got so many bytes; gives how many milliseconds the next have to wait. */
  sent(bytes: number): number {
    const now = this.#clock.monotonic();
    this.#look(now);
    if (this.#growth < BUSY) return 0;
    const speed = Math.max(SLOWEST, TIMES * this.#growth);
    this.#nextAt = Math.max(this.#nextAt, now - CREDIT_MS) + bytes / speed;
    return Math.max(0, this.#nextAt - now);
  }

  #look(now: number): void {
    const ms = now - this.#since;
    if (ms < WINDOW_MS) return;
    const { tail } = this.#log;
    this.#growth = (tail - this.#tail) / ms;
    this.#tail = tail;
    this.#since = now;
  }
}
