import type { Clock } from "../ports/host.ts";

/** Long work goes in turns of at most this long, so that nobody else waits longer. */
export const TURN_MS = 5;

/** What long work asks of its turn. */
export type Turns = Pick<Turn, "isOver" | "next">;

/** For work that must be done at once. */
export const AT_ONCE: Turns = { isOver: () => false, next: () => Promise.resolve() };

/** Tells long work when to let others go on. */
export class Turn {
  readonly #clock: Clock;
  #end: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#end = clock.monotonic() + TURN_MS;
  }

  isOver(): boolean {
    return this.#clock.monotonic() >= this.#end;
  }

  /** Resolves when everything else that was ready has run; then a new turn begins. */
  next(): Promise<void> {
    return new Promise((resolve) =>
      this.#clock.soon(() => {
        this.#end = this.#clock.monotonic() + TURN_MS;
        resolve();
      })
    );
  }
}
