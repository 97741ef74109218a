import type { Log } from "../base/log.ts";
import { sleep } from "../base/together.ts";
import type { Clock } from "../ports/host.ts";
import type { RouteTable } from "./routes.ts";

/** A broker that registers every 30 s is gone after four. Source: RouteInfoManager. */
export const SILENT_MS_MAX = 120_000;
const FIRST_SCAN_MS = 5_000;
const SCAN_MS = 10_000;
/** A scan that comes this late was kept from running, and so was whatever brokers sent meanwhile. */
const LATE_MS = 2_000;

/**
 * Forgets brokers that fell silent and has `hangUp` end their connections, until `signal` aborts. Time is
 * monotonic: a wall clock set forward loses nobody. After the process itself stood still, a scan is left
 * out, so that what waits in the sockets is read before anybody is called silent.
 */
export async function forgetSilent<Holder extends object>(
  table: RouteTable<Holder>,
  { clock, log }: { clock: Clock; log: Log },
  hangUp: (holder: Holder) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let waitMs = FIRST_SCAN_MS; !signal.aborted; waitMs = SCAN_MS) {
    const due = clock.monotonic() + waitMs;
    await sleep(clock, waitMs, signal);
    if (signal.aborted) return;
    const now = clock.monotonic();
    if (now - due > LATE_MS) continue;
    for (const { address, holder } of table.expire(now - SILENT_MS_MAX)) {
      log.warn("forgot a broker that fell silent", { broker: address, silentMs: SILENT_MS_MAX });
      hangUp(holder);
    }
  }
}
