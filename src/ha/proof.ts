import { sameBytes } from "../base/bytes.ts";
import type { Codecs } from "../ports/host.ts";
import { recordHolding, type RecordLog } from "../store/record_search.ts";
import { differs, type FirstReport, firstReport } from "./first_report.ts";
import type { MasterAnswers } from "./master_answers.ts";
import { overlapStart, wholeEnd } from "./overlap.ts";
import type { Bounds } from "./slave_status.ts";

/** What a proof looks at on our side. */
export interface Proven {
  readonly log: RecordLog;
  readonly codecs: Codecs;
  readonly syncFrom: "min" | "last" | number;
  /** What lies behind it may not have reached the disk before the machine restarted; Infinity: all did. */
  readonly suspectFrom: number;
  /** Where an earlier connection found other bytes than ours. */
  readonly differedAt: number | undefined;
}

/** What a master said, and where to begin with it. */
export interface Proof {
  readonly role: string;
  readonly fileBytes: number;
  readonly bounds: Bounds;
  readonly first: FirstReport;
}

/**
 * Shows that our log is the beginning of the master's, as far as its answers tell, before anything is
 * reported to it. @throws {NoAnswer}
 */
export async function prove(answers: MasterAnswers, own: Proven): Promise<Proof> {
  const { log, codecs, syncFrom } = own;
  const { role, fileBytes } = await answers.settings();
  const master = await answers.bounds();
  const end = wholeEnd(log, codecs);
  const isEmpty = end === log.minOffset;
  const last = isEmpty ? undefined : recordHolding(log, codecs, end - 1);
  const logs = {
    fileBytes,
    master,
    syncFrom,
    own: { fileBytes: log.fileBytes, min: log.minOffset, end },
    lastRecord: last?.at,
    lastRecordIsSame: undefined,
    overlapFrom: isEmpty ? 0 : overlapStart(log, codecs, own.suspectFrom),
  };
  const proof = { role, fileBytes, bounds: master };
  const first = firstReport(logs);
  if (first.kind === "stop" || last === undefined) return { ...proof, first };
  const places = [last];
  const differed = own.differedAt === undefined || own.differedAt >= log.tail
    ? undefined
    : recordHolding(log, codecs, own.differedAt);
  if (differed && differed.at >= master.min) places.push(differed);
  for (const { at, size } of places) {
    if (await isSame(answers, log, at, size)) continue;
    return { ...proof, first: { kind: "stop", state: "DIVERGED", why: differs(at) } };
  }
  return { ...proof, first: firstReport({ ...logs, lastRecordIsSame: true }) };
}

async function isSame(
  answers: MasterAnswers,
  log: RecordLog,
  at: number,
  size: number,
): Promise<boolean> {
  const theirs = await answers.recordAt(at);
  if (theirs?.length !== size) return false;
  const ours = new Uint8Array(size);
  return log.readAt(at, ours) === size && sameBytes(ours, theirs);
}
