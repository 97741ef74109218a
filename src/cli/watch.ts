import { sleep } from "../base/together.ts";
import { AnswerError } from "../client/errors.ts";
import { CallError } from "../rpc/peer.ts";
import type { Context } from "./command.ts";
import { Exit } from "./exit.ts";

/** Flag of commands that can be looked at again and again. */
export const WATCH_FLAG = { watch: { kind: "switch" } } as const;

const AGAIN_MS = 2_000;
/** Clears a terminal. */
const CLEAR = "\x1b[H\x1b[2J";

/** What one look came to: what to print, and the exit code. */
export interface View {
  readonly text: string;
  readonly exit: number;
}

/**
 * Prints what `look` gives, with --watch again every 2 s until Ctrl-C: a terminal is cleared for each look. Gives
 * the last look's exit code. What goes wrong in a later look is said there, and the next one may do better.
 */
export async function watched(
  { runtime: { clock }, terminal }: Pick<Context, "runtime" | "terminal">,
  { watch, json }: { readonly watch: boolean; readonly json: boolean },
  look: () => Promise<View>,
): Promise<number> {
  let view = await look();
  if (!watch) {
    terminal.stdout(view.text);
    return view.exit;
  }
  const stop = new AbortController();
  const stopped = new Promise<undefined>((resolve) =>
    terminal.onStopSignal(() => {
      if (stop.signal.aborted) terminal.exit(Exit.FAILED); // a second one, while connections close
      stop.abort();
      resolve(undefined);
    })
  );
  const clears = !json && terminal.stdoutIsTerminal;
  for (;;) {
    terminal.stdout((clears ? CLEAR : "") + view.text + (json || clears ? "" : "\n"));
    await sleep(clock, AGAIN_MS, stop.signal);
    const next = stop.signal.aborted
      ? undefined
      : await Promise.race([look().catch((error) => failed(error, json)), stopped]);
    if (next === undefined) return view.exit;
    view = next;
  }
}

/** A look that nobody answered. @throws what is no trouble of a cluster */
function failed(error: unknown, json: boolean): View {
  if (!(error instanceof CallError || error instanceof AnswerError)) throw error;
  const late = error instanceof CallError && error.kind === "timeout";
  const text = json ? JSON.stringify({ failed: error.message }) : `pocketmq: ${error.message}`;
  return { text: `${text}\n`, exit: late ? Exit.TIMEOUT : Exit.FAILED };
}
