import type { Clock } from "../ports/host.ts";

/** Wakes who waits. A ring that nobody waits for is kept for the next who would wait. */
export class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves at the next ring, after `ms`, or when `signal` aborts. One waits at a time. */
  async wait(signal: AbortSignal, clock?: Clock, ms = Infinity): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const cancel = clock && ms < Infinity ? clock.after(ms, () => this.#wake?.()) : undefined;
        this.#wake = () => {
          this.#wake = undefined;
          cancel?.();
          signal.removeEventListener("abort", stop);
          resolve();
        };
        const stop = this.#wake;
        signal.addEventListener("abort", stop, { once: true });
      });
    }
    this.#rung = false;
  }
}

/** What the promise gives, or undefined once `signal` aborts; nobody hears then how the promise ends. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stop = () => resolve(undefined);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** Calls `fn` when `signal` aborts, later than this call in any case; the result takes the wish back. */
export function onAbort(signal: AbortSignal | undefined, fn: () => void): () => void {
  if (signal === undefined) return () => {};
  if (signal.aborted) queueMicrotask(fn);
  else signal.addEventListener("abort", fn, { once: true });
  return () => signal.removeEventListener("abort", fn);
}
