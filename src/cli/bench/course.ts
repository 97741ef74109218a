import type { Clock } from "../../ports/host.ts";

/** How long a load goes on. */
export interface CourseOptions {
  /** What is begun before counts for nothing. */
  readonly warmMs: number;
  /** How long it goes on behind that; Infinity when only a count ends it. */
  readonly ms: number;
  /** Requests behind the warm-up, at most. */
  readonly requests: number;
}

/** When a load begins to count and when it is over; its lines ask how much they may begin. Times are monotonic. */
export class Course {
  readonly began: number;
  readonly warmUntil: number;
  #until: number;
  #left: number;
  #stopped = false;

  constructor(clock: Clock, { warmMs, ms, requests }: CourseOptions) {
    this.began = clock.monotonic();
    this.warmUntil = this.began + warmMs;
    this.#until = this.warmUntil + ms;
    this.#left = requests;
  }

  /** When nothing is begun any more. */
  get until(): number {
    return this.#until;
  }

  /** True when it ended before it was to. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** True when all its requests were begun. */
  get spent(): boolean {
    return this.#left <= 0;
  }

  /** How many of `wanted` requests may be begun now. */
  take(wanted: number, now: number): number {
    if (now < this.warmUntil) return now < this.#until ? wanted : 0;
    if (now >= this.#until) return 0;
    const taken = Math.min(wanted, this.#left);
    this.#left -= taken;
    return taken;
  }

  /** Whether nothing is to be begun any more. */
  over(now: number): boolean {
    return now >= this.#until || (this.#left <= 0 && now >= this.warmUntil);
  }

  /** Whether what was begun then counts. */
  counts(begun: number): boolean {
    return begun >= this.warmUntil && begun < this.#until;
  }

  /** Nothing is begun from now on: it was ended before its time. */
  stop(now: number): void {
    if (this.over(now)) return;
    this.#stopped = true;
    this.#until = now;
  }

  /** Nothing is begun from now on: what was to be done is done. */
  finish(now: number): void {
    if (!this.over(now)) this.#until = now;
  }
}
