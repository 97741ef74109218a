import type { Context } from "../command.ts";
import { sleep } from "../../base/together.ts";

/** Does `once` again and again, with so many seconds between, until the process is told to end. */
export async function repeated(
  { runtime: { clock }, terminal }: Context,
  seconds: number,
  once: () => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  terminal.onStopSignal(() => stop.abort());
  while (!stop.signal.aborted) {
    await once();
    if (!stop.signal.aborted) await sleep(clock, Math.max(1, seconds) * 1000, stop.signal);
  }
}
