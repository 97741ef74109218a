/** What is known of a broker whose log is to be taken. */
export interface PushSource {
  /** host:port of its broker port, as it was named. */
  readonly address: string;
  /** SYNC_MASTER, ASYNC_MASTER or SLAVE; empty when it did not say. */
  readonly role: string;
  /** One of ours: it acknowledges nothing for a slave that only repeats its first report. */
  readonly ours: boolean;
  /** Slaves that it has in sync, by its own word; 0 when it gives none. */
  readonly inSyncSlaves: number;
  /** Nodes that must have a message, the master too. */
  readonly inSyncReplicas: number;
  readonly minOffset: number;
  readonly maxOffset: number;
  /** How long a send waits for slaves there. */
  readonly slaveTimeoutMs: number;
}

/** More than a send waits, for clocks and timers that are late. */
const SPARE_MS = 1_000;
const SLAVE_TIMEOUT_MS = 3_000;

/**
 * Why a broker's log is not taken without `--yes`; undefined when nobody can notice it.
 *
 * One report goes up, and only that one is repeated. It says an offset that no send waits for, so nothing is
 * ever acknowledged, see `reportOf`. What remains is that a master counts whoever is connected: a SYNC_MASTER
 * without enough slaves lets sends wait for one that never confirms, where it would have answered at once.
 */
export function refusalOf(
  { address, role, ours, inSyncSlaves, inSyncReplicas }: PushSource,
): string | undefined {
  if (role !== "SYNC_MASTER") return undefined;
  const needed = Math.max(1, inSyncReplicas - 1);
  if (ours && inSyncSlaves >= needed) return undefined;
  const why = ours
    ? `has ${inSyncSlaves} of the ${needed} slaves in sync that it needs`
    : "does not say how many slaves it has";
  return `${address} is a SYNC_MASTER and ${why}: it counts this as a slave while it lasts, and ` +
    "where another is missing sends wait for their time-out (FLUSH_SLAVE_TIMEOUT) instead of being " +
    "answered at once (SLAVE_NOT_AVAILABLE); nothing is acknowledged. --yes goes on";
}

/** The only report that is made, and how long to wait before it. */
export interface FirstReport {
  readonly report: number;
  readonly waitMs: number;
}

/**
 * How to ask for the log from `from` on, its beginning by default.
 *
 * A Java master takes any first report as an acknowledgement of all below it, for ever. At the log's beginning
 * nothing lies below. Higher up it must be older than any send that still waits: the log's end was asked for
 * before, so after `waitMs` no send waits for anything up to there. Report 0 would make a Java master begin with
 * its last file; 1 is as good, byte 0 of a log is always 0. Of ours it begins where haSyncFrom says, and that
 * it does also where another report would look like a foreign history.
 */
export function reportOf(source: PushSource, from: number | undefined): FirstReport {
  const { role, ours, minOffset, slaveTimeoutMs } = source;
  const start = from ?? minOffset;
  if (start === 0) return { report: 1, waitMs: 0 };
  if (ours && start === minOffset) return { report: 0, waitMs: 0 };
  const pending = role === "SYNC_MASTER" && !ours && start > minOffset;
  const timeoutMs = slaveTimeoutMs > 0 ? slaveTimeoutMs : SLAVE_TIMEOUT_MS;
  return { report: start, waitMs: pending ? timeoutMs + SPARE_MS : 0 };
}
