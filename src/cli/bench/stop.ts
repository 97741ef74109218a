import type { Terminal } from "../../ports/host.ts";
import { Exit } from "../exit.ts";

/** Aborts at the first SIGINT or SIGTERM, so that what was measured is still said; a second one ends the process. */
export function stopSignal(terminal: Terminal): AbortSignal {
  const stop = new AbortController();
  terminal.onStopSignal(() => {
    if (stop.signal.aborted) terminal.exit(Exit.FAILED);
    stop.abort();
  });
  return stop.signal;
}
