import type { Bounds, SlaveState, Why } from "./slave_status.ts";

/** What is known of both logs when a slave decides where to begin. Offsets are log offsets. */
export interface Logs {
  /** The master's files, and its log. */
  readonly fileBytes: number;
  readonly master: Bounds;
  /** Ours: our files, its first byte, and its end behind the last whole record or finished file. */
  readonly own: { readonly fileBytes: number; readonly min: number; readonly end: number };
  /** Where an empty slave begins: the first file, the last, or the one that holds an offset. */
  readonly syncFrom: "min" | "last" | number;
  /** Where our last message record begins; undefined when there is none. */
  readonly lastRecord: number | undefined;
  /** Whether the master has the same bytes there; undefined while it was not asked. */
  readonly lastRecordIsSame: boolean | undefined;
  /** Where bytes would be compared from. */
  readonly overlapFrom: number;
}

/** Where to begin, or why not. */
export type FirstReport =
  /** `report` is what to say; the first byte that comes then belongs at `from`. */
  | { readonly kind: "begin"; readonly report: number; readonly from: number }
  | { readonly kind: "stop"; readonly state: SlaveState; readonly why: Why };

/**
 * The first report of a connection. A Java master counts it as an acknowledgement unchecked, so it must be
 * true, and it takes 0 as a wish to begin at its last file: where we mean the first byte we say 1.
 */
export function firstReport(logs: Logs): FirstReport {
  const { master, own, fileBytes } = logs;
  if (fileBytes !== own.fileBytes) return stop("WRONG_FILE_SIZE", wrongSize(logs));
  if (own.end === own.min) return beginEmpty(logs);
  if (own.end > master.max) return stop("AHEAD", ahead(logs));
  if (own.end < master.min) return stop("PURGED", purged(logs));
  const { lastRecord, lastRecordIsSame, overlapFrom } = logs;
  if (lastRecord === undefined || lastRecord < master.min) return stop("PURGED", unprovable(logs));
  if (lastRecordIsSame === false) return stop("DIVERGED", differs(lastRecord));
  const report = Math.max(overlapFrom, master.min, 1);
  return { kind: "begin", report, from: report };
}

/** Byte 0 of a log is the top byte of a size below 16 MiB, so who begins at 1 misses nothing. */
function beginEmpty({ master: { min, max }, fileBytes, syncFrom }: Logs): FirstReport {
  const last = max - max % fileBytes;
  if (syncFrom !== "min") {
    const wanted = syncFrom === "last" ? last : Math.min(syncFrom - syncFrom % fileBytes, last);
    return beginAt(Math.max(wanted, min), last);
  }
  if (max - min < fileBytes && last <= min) return { kind: "begin", report: 0, from: min };
  return beginAt(min, last);
}

function beginAt(from: number, last: number): FirstReport {
  if (from > 0) return { kind: "begin", report: from, from };
  return last === 0 ? { kind: "begin", report: 0, from: 0 } : { kind: "begin", report: 1, from: 1 };
}

function stop(state: SlaveState, why: Why): FirstReport {
  return { kind: "stop", state, why };
}

function wrongSize({ fileBytes, own }: Logs): Why {
  return {
    reason: `the master's log files have ${fileBytes} bytes, ours have ${own.fileBytes}`,
    advice: `start this slave with --mappedFileSizeCommitLog ${fileBytes} and an empty store`,
  };
}

function ahead({ master, own }: Logs): Why {
  return {
    reason: `our log ends at ${own.end}, the master's at ${master.max}: it lacks what we hold`,
    advice:
      "if it lost its last messages, start this broker as the master instead; once it has others in their place this slave is DIVERGED, and `pocketmq ha resync` takes ours back",
  };
}

function purged({ master, own }: Logs): Why {
  return {
    reason:
      `our log ends at ${own.end}, the master's begins at ${master.min}: what is between is gone`,
    advice:
      "start this slave with an empty store; move the old one away if its messages are still wanted",
  };
}

function unprovable({ master, own }: Logs): Why {
  return {
    reason:
      `the master's log begins at ${master.min} and none of our records up to ${own.end} is left in it to compare`,
    advice:
      "start this slave with an empty store; move the old one away if its messages are still wanted",
  };
}

/** What to say when bytes differ. */
export function differs(logOffset: number): Why {
  return {
    reason: `the master has other bytes than we have at ${logOffset}: two histories`,
    advice:
      "run `pocketmq ha resync` on this slave: it keeps our tail in diverged/ and takes the master's",
  };
}
