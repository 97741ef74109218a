import type { Clock } from "../ports/host.ts";

/** Resolves after `ms`, or at once when `signal` aborts; it never rejects, callers look at the signal. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** The promise, or a rejection with `late()` once `ms` have passed. */
export function deadline<T>(
  clock: Clock,
  ms: number,
  promise: Promise<T>,
  late: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(late()));
    promise.then(
      (value) => (cancel(), resolve(value)),
      (error) => (cancel(), reject(error)),
    );
  });
}

/**
 * Runs tasks that start and end together: the first to end, or the abort of `signal`, aborts the signal the
 * others got, and the call returns when all have ended. The first failure is thrown then.
 */
export async function together(
  signal: AbortSignal,
  start: (until: AbortSignal) => Promise<unknown>[],
): Promise<void> {
  const own = new AbortController();
  const stop = () => own.abort(signal.reason);
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  let failure: { error: unknown } | undefined;
  try {
    await Promise.all(
      start(own.signal).map((task) =>
        task.catch((error) => {
          failure ??= own.signal.aborted ? undefined : { error };
        }).finally(() => own.abort())
      ),
    );
  } finally {
    signal.removeEventListener("abort", stop);
  }
  if (failure) throw failure.error;
}

/** Calls `fn` once when the signal aborts, or now when it has; the result takes that back. */
export function whenAborted(signal: AbortSignal, fn: () => void): () => void {
  if (signal.aborted) fn();
  else signal.addEventListener("abort", fn, { once: true });
  return () => signal.removeEventListener("abort", fn);
}

/** What the promise gives, or a rejection once the signal aborts: its outcome is of no use any more. */
export function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new Error("given up", { cause: signal.reason }));
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
    if (signal.aborted) stop();
  });
}

/** A promise and the functions that settle it. */
export interface Signalled<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

/** `Promise.withResolvers`, typed narrowly. */
export function signalled<T>(): Signalled<T> {
  return Promise.withResolvers<T>();
}
