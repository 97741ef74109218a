import { WireError } from "../base/errors.ts";
import type { Clock, Codecs } from "../ports/host.ts";
import type { RecordLog } from "../store/record_search.ts";
import type { Transfer } from "./frames.ts";
import type { CopyStore } from "./intake.ts";
import { Overlap, overlapStart, wholeEnd } from "./overlap.ts";
import type { Proof } from "./proof.ts";
import { RecordWalk } from "./record_walk.ts";

/** What a slave asks of its store; `store/store.ts` is one. */
export interface SlaveStore extends CopyStore {
  readonly log: CopyStore["log"] & RecordLog;
  /** Takes back all from there on; resolves when that is safe. */
  cut(logOffset: number): Promise<void>;
  /** Takes back everything, so that the log may begin at any file's start. */
  reset(): Promise<void>;
}

/** Where a connection begins: what is reported first, and what must come before anything is appended. */
export interface Begin {
  readonly report: number;
  readonly proof: Proof | undefined;
  /** What is compared; undefined with an empty log. */
  readonly overlap: Overlap | undefined;
  /** An empty log's first byte must be that of this place; undefined: any file's start. */
  readonly from: number | undefined;
}

/** What brings the transfers of a connection, and hears of empty ones where bytes are due. */
export interface Incoming {
  readonly transfers: ReadableStreamDefaultReader<Transfer[]>;
  readonly silence: { heard(): void };
  readonly watch: { heartbeat(at: number): void };
}

/**
 * Makes our log ready for what will come. Of a log without a whole record nothing is kept that would be in
 * the way; behind the last whole record only what the master no longer has.
 */
export async function beginWith(
  { store, codecs, clock }: {
    readonly store: SlaveStore;
    readonly codecs: Codecs;
    readonly clock: Clock;
  },
  proof: Proof | undefined,
  suspectFrom: number,
): Promise<Begin> {
  const { log } = store;
  const first = proof?.first.kind === "begin" ? proof.first : undefined;
  const end = wholeEnd(log, codecs);
  if (end === log.minOffset) {
    const from = first && (first.from === 1 ? 0 : first.from);
    if (from !== log.minOffset && (from !== undefined || log.tail > 0)) await store.reset();
    else if (log.tail > end) await store.cut(end);
    return { report: first?.report ?? 0, proof, overlap: undefined, from };
  }
  if (proof && log.tail > end && log.tail > proof.bounds.max) await store.cut(end);
  const report = first?.report ?? Math.max(1, overlapStart(log, codecs, suspectFrom));
  return { report, proof, overlap: new Overlap(log, report, clock), from: undefined };
}

/** What is left of the transfers that were compared, and the records that go on in them. */
export interface Compared {
  readonly batch: readonly Transfer[];
  readonly walk: RecordWalk;
}

/**
 * Reads until all that we hold was compared, or the first byte for an empty log is there; undefined when the
 * master left before.
 * @throws {DifferenceError} {WireError}
 */
export async function compared(
  incoming: Incoming,
  begin: Begin,
  log: RecordLog,
): Promise<Compared | undefined> {
  if (isNothingDue(begin)) return { batch: [], walk: new RecordWalk(log.fileBytes, 0) };
  for (;;) {
    const { value: batch, done } = await incoming.transfers.read();
    if (done) return undefined;
    incoming.silence.heard();
    const { overlap } = begin;
    const found = overlap
      ? await compareEach(batch, overlap, incoming, log)
      : firstOf(batch, begin, incoming, log);
    if (found) return found;
  }
}

/** The master's log is as empty as ours: it would be silent until its first heartbeat. */
function isNothingDue({ overlap, from, proof }: Begin): boolean {
  return overlap === undefined && from === 0 && proof?.bounds.max === 0;
}

async function compareEach(
  batch: readonly Transfer[],
  overlap: Overlap,
  { watch }: Incoming,
  log: RecordLog,
): Promise<Compared | undefined> {
  for (const [i, transfer] of batch.entries()) {
    const rest = await overlap.take(transfer);
    if (transfer.body.length === 0) watch.heartbeat(overlap.at);
    if (!overlap.done) continue;
    const left = rest.body.length > 0 ? [rest] : [];
    return { batch: [...left, ...batch.slice(i + 1)], walk: walkFrom(overlap.unitAt, log) };
  }
}

/** A walk that knows as much of the record at `unitAt` as our log has. */
function walkFrom(unitAt: number, log: RecordLog): RecordWalk {
  const walk = new RecordWalk(log.fileBytes, unitAt);
  if (unitAt === log.tail) return walk;
  const head = new Uint8Array(Math.min(8, log.tail - unitAt));
  log.readAt(unitAt, head);
  walk.look(unitAt, head);
  walk.goOnAt(log.tail);
  return walk;
}

/** From the first byte on, for an empty log; what begins at byte 1 gets the 0 before it. */
function firstOf(
  batch: readonly Transfer[],
  { report, from, proof }: Begin,
  { watch }: Incoming,
  { fileBytes }: RecordLog,
): Compared | undefined {
  for (const [i, { logOffset, body }] of batch.entries()) {
    const fits = report === 0 && from === undefined
      ? logOffset >= 0 && logOffset % fileBytes === 0
      : logOffset === Math.max(report, from ?? 0);
    if (!fits) {
      throw new WireError(
        `the master sends from ${logOffset}, our log is empty and asked for ${report}${
          from === undefined ? "" : `, where its log begins: ${from}`
        } (files of ${fileBytes})`,
      );
    }
    if (body.length > 0) {
      const first = report === 1 ? withZero(body) : { logOffset, body };
      const walk = new RecordWalk(fileBytes, first.logOffset);
      return { batch: [first, ...batch.slice(i + 1)], walk };
    }
    const due = proof !== undefined && proof.bounds.max > logOffset;
    if (!due) return { batch: batch.slice(i), walk: new RecordWalk(fileBytes, logOffset) };
    watch.heartbeat(logOffset);
  }
}

/** Byte 0 of a log is the top byte of a record's size, and no record has 16 MiB. */
function withZero(body: Uint8Array): Transfer {
  const bytes = new Uint8Array(1 + body.length);
  bytes.set(body, 1);
  return { logOffset: 0, body: bytes };
}
