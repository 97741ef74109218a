import type { Clock } from "../../src/ports/host.ts";

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
}

const turn = (globalThis as unknown as { setImmediate(fn: () => void): void }).setImmediate;

/** Lets everything run that waits for promises only, streams included. */
export function settled(): Promise<void> {
  return new Promise((resolve) => turn(resolve));
}

/** A clock that stands still until a test moves it. */
export class VirtualClock implements Clock {
  #ms = 0;
  #order = 0;
  #timers: Timer[] = [];
  #soon: (() => void)[] = [];

  now(): number {
    return 1_700_000_000_000 + Math.floor(this.#ms);
  }

  monotonic(): number {
    return this.#ms;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.#ms + Math.max(0, ms), order: this.#order++, fn };
    this.#timers.push(timer);
    return () => {
      const at = this.#timers.indexOf(timer);
      if (at >= 0) this.#timers.splice(at, 1);
    };
  }

  soon(fn: () => void): void {
    this.#soon.push(fn);
  }

  /** Timers that wait: 0 when nothing was left running. */
  get waiting(): number {
    return this.#timers.length + this.#soon.length;
  }

  /** Runs what is due now, and what that starts, until only the future is left. */
  async settle(): Promise<void> {
    await settled();
    for (let quiet = 0; quiet < 2;) {
      const due = this.#soon;
      this.#soon = [];
      for (const fn of due) fn();
      quiet = due.length === 0 ? quiet + 1 : 0;
      await settled();
    }
  }

  /** Moves time forward, stopping at each timer on the way to let everything it starts settle. */
  async advance(ms: number): Promise<void> {
    const end = this.#ms + ms;
    await this.settle();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.#ms = Math.max(this.#ms, next.at);
      next.fn();
      await this.settle();
    }
    this.#ms = end;
  }

  /** Moves time without running anything on the way, as when the whole process was stopped. */
  pause(ms: number): void {
    this.#ms += ms;
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at > end) continue;
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) {
        first = timer;
      }
    }
    return first;
  }
}
