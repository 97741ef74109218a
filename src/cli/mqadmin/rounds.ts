import { sleep } from "../../base/together.ts";
import { heard } from "../admin/reach.ts";
import type { Context } from "../command.ts";
import { Exit } from "../exit.ts";

/**
 * Does `once` again and again, with so many seconds between, until the process is told to end. Gives the first
 * exit code that is not OK. The first round fails as any command does; what goes wrong in a later one is said, and
 * the next one may do better.
 */
export async function repeated(
  { runtime: { clock }, terminal }: Context,
  seconds: number,
  once: () => Promise<number>,
): Promise<number> {
  const stop = new AbortController();
  terminal.onStopSignal(() => {
    if (stop.signal.aborted) terminal.exit(Exit.FAILED); // a second one, while a round is under way
    stop.abort();
  });
  let exit = await once();
  while (!stop.signal.aborted) {
    await sleep(clock, Math.max(1, seconds) * 1000, stop.signal);
    if (stop.signal.aborted) break;
    const round = await heard(once());
    if ("reason" in round) terminal.stderr(`pocketmq: ${round.reason}\n`);
    exit = exit || ("value" in round ? round.value : round.exit);
  }
  return exit;
}
