import type { Codecs } from "../../ports/host.ts";
import { IndexCheck } from "./check_index.ts";
import { checkTables } from "./check_tables.ts";
import { Findings } from "./findings.ts";
import { LogWalk } from "./log_walk.ts";
import { type Mending, QueueCheck } from "./check_queues.ts";
import type { StoredIndexFile } from "./stored_index.ts";
import { newestKnown, placeText, rebuiltFrom, type StoredStore } from "./stored.ts";

/** What a whole store was found to be. */
export interface Verdict {
  readonly findings: Findings;
  readonly log: {
    readonly files: number;
    readonly fileBytes: number;
    readonly min: number;
    /** Behind the last whole record or finished file. */
    readonly end: number;
    readonly records: number;
  };
  readonly queues: { readonly count: number; readonly goodEntries: number };
  readonly index: { readonly files: number; readonly goodItems: number };
  readonly tables: number;
  readonly isOpen: boolean;
}

/** How a check goes on. */
export interface VerifyOptions {
  /** Findings of each part and kind that are kept. */
  readonly keep: number;
  /** Called now and then with the bytes of the log that are done. */
  readonly progress?: (done: number) => void;
}

/** Bytes of the log between two calls of `progress`. */
const PROGRESS_BYTES = 64 * 1024;

/**
 * Checks a store in one pass over its log: every record's lengths, CRC and own offset, every queue entry
 * against its record and every record against its entry, the key index likewise, then checkpoint and tables.
 */
export function verifyStore(store: StoredStore, codecs: Codecs, options: VerifyOptions): Verdict {
  const findings = new Findings(options.keep);
  const { log, queues, place: { root }, isOpen } = store;
  for (const { path, reason } of log.faults) {
    const isMended = isOpen && path === log.last?.path; // a crash can leave it so
    findings.add(isMended ? "note" : "problem", "log", path, reason);
  }
  const min = log.first?.base ?? 0;
  const mending = { isOpen, rebuiltFrom: rebuiltFrom(store, codecs) };
  const check = root && new QueueCheck(queues, min, mending, findings);
  const safe = {
    logMin: min,
    rebuiltFrom: mending.rebuiltFrom,
    isSafe: isSafeIn(store, mending.rebuiltFrom),
  };
  const index = new IndexCheck(store.index, safe, findings);
  const { progress } = options;
  const walked = walk(store, codecs, { check, index, mending, findings, progress });
  check?.finish(walked.end);
  index.finish(walked.end);
  if (root) checkCheckpoint(store, walked.newestMs, findings);
  return {
    findings,
    log: {
      files: log.length,
      fileBytes: log.fileBytes,
      min,
      end: walked.end,
      records: walked.records,
    },
    queues: { count: queues.length, goodEntries: check?.good ?? 0 },
    index: { files: store.index.length, goodItems: index.good },
    tables: root ? checkTables(root.child("config"), findings) : 0,
    isOpen,
  };
}

/**
 * After a crash, chains and slots count of files that were full, are covered by the checkpoint and end before
 * the place that is read again. A header says no more than the checkpoint, so the newest item is asked, too.
 */
function isSafeIn({ isOpen, checkpoint }: StoredStore, rebuiltFrom: number): (
  file: StoredIndexFile,
  isNewest: boolean,
) => boolean {
  return (file, isNewest) => {
    if (!isOpen) return true;
    const { shape, header: { count, beginMs, endMs, endLogOffset } } = file;
    if (isNewest || shape === undefined || count < shape.items) return false;
    const newest = file.item(count - 1);
    if (newest?.logOffset !== endLogOffset || endLogOffset >= rebuiltFrom) return false;
    return Math.max(endMs, beginMs + 1_000 * newest.seconds) <= checkpoint.indexMs;
  };
}

interface Walked {
  readonly end: number;
  readonly records: number;
  /** When the newest record was stored. */
  readonly newestMs: number;
}

function walk(
  store: StoredStore,
  codecs: Codecs,
  { check, index, mending, findings, progress }: {
    check: QueueCheck | undefined;
    index: IndexCheck;
    mending: Mending;
    findings: Findings;
    progress?: (done: number) => void;
  },
): Walked {
  const { log, queues, isOpen } = store;
  const min = log.first?.base ?? 0;
  const known = newestKnown(queues);
  const where = (at: number): string => placeText(store, at);
  let records = 0;
  let newestMs = 0;
  let told = min;
  for (const step = new LogWalk(log, codecs);;) {
    const found = step.next();
    if (found === "record") {
      check?.record(step.bytes, step.record);
      index.record(step.bytes, step.record);
      newestMs = Math.max(newestMs, step.record.storeTimestamp);
      records++;
      if (step.at >= told + PROGRESS_BYTES) progress?.((told = step.at) - min);
      continue;
    }
    if (found === "blank") continue;
    const { at, size, reason } = step;
    const isStale = store.place.root !== undefined && !isOpen && at >= known;
    if (found === "bad" && !isStale) {
      const cut = mending.isOpen && at >= mending.rebuiltFrom ? "; a start cuts the log here" : "";
      const text = `${reason}; the next whole record is ${size} bytes on${cut}`;
      findings.add("problem", "log", where(at), text, at);
      continue;
    }
    if (reason !== undefined) {
      const torn = isOpen ? at >= mending.rebuiltFrom : isStale || store.place.root === undefined;
      const text = found === "bad"
        ? `the log ends here; behind it lies what no queue knows: ${reason}`
        : `${torn ? "the log ends here, torn" : "the log is damaged to its end"}: ${reason}`;
      if (torn && store.place.root === undefined) findings.addLasting("log", where(at), text, at);
      else findings.add(torn ? "note" : "problem", "log", where(at), text, at);
    }
    return { end: at, records, newestMs };
  }
}

function checkCheckpoint(store: StoredStore, newestMs: number, findings: Findings): void {
  const { root } = store.place;
  const entry = root!.stat("checkpoint");
  const path = `${root!.path}/checkpoint`;
  if (entry === undefined) {
    if (store.log.length > 0) findings.add("note", "checkpoint", path, "it is missing");
    return;
  }
  if (entry.size < 24) {
    findings.add("problem", "checkpoint", path, `it has ${entry.size} bytes, at least 24 belong`);
    return;
  }
  const { physicMs, logicsMs, indexMs } = store.checkpoint;
  for (const [name, ms] of Object.entries({ physicMs, logicsMs, indexMs })) {
    if (ms < 0) findings.add("problem", "checkpoint", path, `${name} is ${ms}, no time`);
    else if (ms > newestMs) {
      const text = `${name} is ${ms}, later than the newest record (${newestMs})`;
      findings.add("note", "checkpoint", path, text);
    }
  }
}
