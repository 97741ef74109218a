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

/** What stalls are measured with. */
export interface StallsContext {
  readonly clock: Clock;
  /** Counts what the process did; while it stands still there is less to measure. */
  readonly work: () => number;
  /** For how long the machine had no processor for us so far, in ms; absent where nobody knows. */
  readonly unservedMs?: () => number;
}

/**
 * How late the event loop comes to what is due: while it works on one thing, a collection of garbage among
 * them, everybody else waits. A timer that says how late it was measures just that. On a machine with too
 * much to do part of it is none of our doing.
 */
export class Stalls {
  /** As clients notice them. */
  readonly all: LongestOf;
  /** Without the time that the machine served others. */
  readonly own: LongestOf;
  readonly #context: StallsContext;

  constructor(context: StallsContext) {
    this.#context = context;
    this.all = new LongestOf(context.clock);
    this.own = new LongestOf(context.clock);
  }

  /** Measures until `signal` aborts. */
  run(signal: AbortSignal): Promise<void> {
    const { clock, work, unservedMs = () => 0 } = this.#context;
    return new Promise((resolve) => {
      let due = clock.monotonic() + TICK_MS;
      let [done, unserved] = [work(), unservedMs()];
      const tick = () => {
        const now = clock.monotonic();
        const [doneBefore, unservedBefore] = [done, unserved];
        [done, unserved] = [work(), unservedMs()];
        this.all.note(now - due);
        this.own.note(now - due - (unserved - unservedBefore));
        const wait = done === doneBefore ? IDLE_TICK_MS : TICK_MS;
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
}

/** The longest of the stalls of each second, for ten minutes. */
export class LongestOf {
  /** How many were of LONG_STALL_MS and more since the start. */
  long = 0;
  readonly #clock: Clock;
  readonly #longest = new Float64Array(SECONDS); // by second, round and round
  #second: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#second = this.#now();
  }

  /** Takes note of a stall, or of none: less than nothing is none. */
  note(ms: number): void {
    this.#turn();
    const at = placeOf(this.#second);
    if (ms > this.#longest[at]) this.#longest[at] = ms;
    if (ms >= LONG_STALL_MS) this.long++;
  }

  /** The longest of the last `seconds`, in ms. */
  longestMs(seconds: number): number {
    this.#turn();
    let longest = 0;
    for (let i = 0; i < Math.min(seconds, SECONDS); i++) {
      longest = Math.max(longest, this.#longest[placeOf(this.#second - i)]);
    }
    return longest;
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
