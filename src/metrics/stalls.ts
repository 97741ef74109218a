import { whenAborted } from "../base/together.ts";
import type { Clock } from "../ports/host.ts";

/** A stall is measured up to this much shorter than it was. */
const TICK_MS = 20;
/** The same while nothing is asked: a hundred ticks a second cost an idle process more than a percent of a core. */
const IDLE_TICK_MS = 100;
/** From here on a stall counts as long: a client notices it. */
export const LONG_STALL_MS = 50;
/** The longest stall of each second is kept this long. */
const SECONDS = 600;

/**
 * How late the event loop comes to what is due: while it works on one thing, a collection of garbage among
 * them, everybody else waits. A timer that says how late it was measures just that, and a machine that gives
 * this process no turn.
 */
export class Stalls {
  /** Stalls of LONG_STALL_MS and more since the start. */
  long = 0;
  readonly #clock: Clock;
  readonly #work: () => number;
  readonly #longest = new Float64Array(SECONDS); // by second, round and round
  #second: number;

  /** `work` counts what the process did; while it stands still there is less to measure. */
  constructor(clock: Clock, work: () => number) {
    this.#clock = clock;
    this.#work = work;
    this.#second = this.#now();
  }

  /** Measures until `signal` aborts. */
  run(signal: AbortSignal): Promise<void> {
    const clock = this.#clock;
    return new Promise((resolve) => {
      let due = clock.monotonic() + TICK_MS;
      let done = this.#work();
      const tick = () => {
        const now = clock.monotonic();
        this.#note(now - due);
        const before = done;
        done = this.#work();
        const wait = done === before ? IDLE_TICK_MS : TICK_MS;
        due = now + wait;
        cancel = clock.after(wait, tick);
      };
      let cancel = clock.after(TICK_MS, tick);
      whenAborted(signal, () => {
        cancel();
        resolve();
      });
    });
  }

  /** The longest stall of the last `seconds`, in ms. */
  longestMs(seconds: number): number {
    this.#turn();
    let longest = 0;
    for (let i = 0; i < Math.min(seconds, SECONDS); i++) {
      longest = Math.max(longest, this.#longest[placeOf(this.#second - i)]);
    }
    return longest;
  }

  #note(lateMs: number): void {
    this.#turn();
    const at = placeOf(this.#second);
    if (lateMs > this.#longest[at]) this.#longest[at] = lateMs;
    if (lateMs >= LONG_STALL_MS) this.long++;
  }

  /** Forgets what is as old as the ring is long. */
  #turn(): void {
    const now = this.#now();
    if (now - this.#second >= SECONDS) this.#longest.fill(0);
    else for (let second = this.#second + 1; second <= now; second++) this.#clear(second);
    this.#second = now;
  }

  #clear(second: number): void {
    this.#longest[placeOf(second)] = 0;
  }

  #now(): number {
    return Math.floor(this.#clock.monotonic() / 1000);
  }
}

function placeOf(second: number): number {
  return ((second % SECONDS) + SECONDS) % SECONDS;
}
