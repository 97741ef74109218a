import type { Clock } from "../ports/host.ts";

/** What all slaves that catch up may take of a turn of the event loop together. */
const SLICE_MS = 2;

/**
 * Lets those who have much to do take turns: in each turn of the event loop one after the other gets a
 * round until the slice is used up, and the rest goes on in the next turn. So producers wait no longer for
 * ten slaves that catch up than for one.
 */
export class Turns {
  readonly #clock: Pick<Clock, "monotonic" | "soon">;
  #waiting: (() => void)[] = [];
  #armed = false;

  constructor(clock: Pick<Clock, "monotonic" | "soon">) {
    this.#clock = clock;
  }

  /** Calls `round` once, when it is its turn. */
  next(round: () => void): void {
    this.#waiting.push(round);
    this.#arm();
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#clock.soon(() => {
      this.#armed = false;
      this.#run();
    });
  }

  #run(): void {
    const until = this.#clock.monotonic() + SLICE_MS;
    const rounds = this.#waiting;
    this.#waiting = [];
    let done = 0;
    do rounds[done++](); while (done < rounds.length && this.#clock.monotonic() < until);
    this.#waiting = [...rounds.slice(done), ...this.#waiting];
    if (this.#waiting.length > 0) this.#arm();
  }
}
