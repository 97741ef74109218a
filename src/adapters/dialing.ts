import type { Address } from "../ports/net.ts";
import { dialAborted, dialTimedOut, netError } from "./net_errors.ts";
import { clock } from "./host.ts";

/**
 * Gives `connect` until the time is up or `signal` aborts; what connects later still is dropped. The signal
 * `connect` gets aborts in both cases, for runtimes that can stop a dial half way.
 */
export function dialWithin<S>(
  to: Address,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
  connect: (givenUp: AbortSignal) => Promise<S>,
  drop: (late: S) => void,
): Promise<S> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(dialAborted(to, signal.reason));
    const own = new AbortController();
    const settle = () => {
      cancel();
      signal?.removeEventListener("abort", onAbort);
    };
    const giveUp = (error: Error) => {
      settle();
      reject(error); // before the abort, whose error would say less
      own.abort(error);
    };
    const onAbort = () => giveUp(dialAborted(to, signal?.reason));
    const cancel = clock.after(timeoutMs, () => giveUp(dialTimedOut(to, timeoutMs)));
    signal?.addEventListener("abort", onAbort, { once: true });
    connect(own.signal).then((socket) => {
      if (own.signal.aborted) return drop(socket);
      settle();
      resolve(socket);
    }, (error) => {
      settle();
      reject(netError("reach", to, error));
    });
  });
}
