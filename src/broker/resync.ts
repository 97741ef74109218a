import { sleep } from "../base/together.ts";
import { FirstSync } from "../ha/first_sync.ts";
import { Resync, type ResyncContext } from "../ha/resync.ts";
import { ResyncRefusal } from "../ha/resync_rules.ts";
import type { SlaveStatus, SlaveView } from "../ha/slave_status.ts";
import { reasonOf } from "../base/log.ts";
import type { Clock } from "../ports/host.ts";
import type { Handler } from "../rpc/peer.ts";
import { RequestCode } from "../wire/codes.ts";
import type { Reply } from "../wire/command.ts";
import { formatResyncRefusal, formatResyncReport, parseResync } from "../wire/ha_resync.ts";
import type { Parts } from "./parts.ts";

/** A request that begins a resync waits this long for its end. */
const ANSWER_MS = 1_000;

/** What takes a slave's log back, or empties it, beside following. */
export interface Taking {
  readonly resync: Resync;
  /** Between two tries to follow. Never rejects. */
  turn(signal: AbortSignal): Promise<void>;
  /** What the slave says of itself while it does that. */
  view(): SlaveView;
}

/** Puts it together for a slave. */
export function takingBack(
  parts: Parts,
  status: SlaveStatus,
  master: ResyncContext["master"],
): Taking {
  const { runtime: { fs, clock, codecs }, config, store, clampPositions: afterCut } = parts;
  const root = fs.dir(config.storePathRootDir);
  const log = parts.log.child("ha");
  const context = { store, root, clock, codecs, log, status, master, afterCut };
  const firstSync = new FirstSync(context);
  const resync = new Resync({ ...context, auto: config.haAutoResync });
  return {
    resync,
    async turn(signal) {
      await firstSync.turn();
      await resync.turn(signal);
    },
    view() {
      const view = status.view();
      const { saying } = resync;
      return saying === undefined ? view : { ...view, reason: saying, advice: "" };
    },
  };
}

/** Handler of 29071; without a resync this broker is no slave. */
export function resyncHandler(clock: Clock, resync: Resync | undefined): [number, Handler] {
  const handler: Handler = async ({ ext }) => {
    if (resync === undefined) return formatResyncRefusal("this broker is no slave", false);
    try {
      if (parseResync(ext)) return reportOf(resync);
      const done = resync.request().then(formatResyncReport);
      const waited = new AbortController();
      const late = sleep(clock, ANSWER_MS, waited.signal).then(() => reportOf(resync));
      return await Promise.race([done, late]).finally(() => waited.abort());
    } catch (error) {
      return formatResyncRefusal(reasonOf(error), error instanceof ResyncRefusal);
    }
  };
  return [RequestCode.HA_RESYNC, handler];
}

function reportOf(resync: Resync): Reply {
  const { report } = resync;
  return report ? formatResyncReport(report) : formatResyncRefusal("none is under way", false);
}
