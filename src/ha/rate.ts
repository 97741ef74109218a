import type { Clock } from "../ports/host.ts";

const WINDOW_MS = 1_000;

/** How many bytes went by in a second, of late. */
export class Rate {
  readonly #clock: Pick<Clock, "monotonic">;
  #since: number;
  #bytes = 0;
  #perSecond = 0;

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
    this.#since = clock.monotonic();
  }

  add(bytes: number): void {
    this.#roll();
    this.#bytes += bytes;
  }

  /** Of the last window that is over: a second, or more when nothing went by. */
  get perSecond(): number {
    this.#roll();
    return this.#perSecond;
  }

  #roll(): void {
    const now = this.#clock.monotonic();
    const ms = now - this.#since;
    if (ms < WINDOW_MS) return;
    this.#perSecond = Math.round(this.#bytes * 1000 / ms);
    this.#bytes = 0;
    this.#since = now;
  }
}
