/** How full the disk of a broker's log is, and what the broker does about it. */
export interface DiskState {
  /** Used, in percent; undefined when it does not say. */
  readonly percent: number | undefined;
  /** Why it stores nothing; undefined when it stores. */
  readonly refuses: string | undefined;
  /** Why it removes messages before their time is over; undefined when it does not. */
  readonly removes: string | undefined;
}

/** Source: MessageStoreConfig of 4.9. */
const REFUSE_PERCENT = 90;
const FORCE_PERCENT = 85;

/** @see DiskState. `runtime` is its answer to 28, `settings` the one to 26. */
export function diskState(
  runtime: ReadonlyMap<string, string>,
  settings: ReadonlyMap<string, string>,
): DiskState {
  const ratio = numberIn(runtime, "commitLogDiskRatio");
  if (ratio === undefined || ratio < 0) {
    return { percent: undefined, refuses: runtime.get("storeHeld"), removes: undefined };
  }
  const percent = Math.round(ratio * 100);
  const refusePercent = numberIn(settings, "diskSpaceWarningLevelRatio") ?? REFUSE_PERCENT;
  const forcePercent = numberIn(settings, "diskSpaceCleanForciblyRatio") ?? FORCE_PERCENT;
  const enough = numberIn(settings, "diskSpaceEnough"); // ours: while so much is free, no ratio counts
  const isShort = enough === undefined || freeBytes(runtime) < enough;
  const held = runtime.get("storeHeld") ??
    (enough === undefined && percent > refusePercent
      ? `its disk is ${percent} % full, messages are stored up to ${refusePercent} % (diskSpaceWarningLevelRatio)`
      : undefined);
  const removes = held === undefined && isShort && percent > forcePercent
    ? `its disk is ${percent} % full: from ${forcePercent} % on (diskSpaceCleanForciblyRatio) the oldest ` +
      "messages are removed before their time"
    : undefined;
  return { percent, refuses: held, removes };
}

/** Ours says bytes; infinite for what nobody says. */
function freeBytes(runtime: ReadonlyMap<string, string>): number {
  const found = /Free : (\d+) B/.exec(runtime.get("commitLogDirCapacity") ?? "");
  return found ? Number(found[1]) : Infinity;
}

function numberIn(table: ReadonlyMap<string, string>, key: string): number | undefined {
  const value = parseFloat(table.get(key) ?? "");
  return Number.isFinite(value) ? value : undefined;
}
