import { sameBytes, utf8, viewOf } from "../base/bytes.ts";
import { CorruptLogError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Clock, Codecs } from "../ports/host.ts";
import { type Checkpoint, safeTime } from "./checkpoint.ts";
import type { ConsumeQueue } from "./consume_queue.ts";
import { LogReader } from "./log_reader.ts";
import { ENTRY_BYTES, entryLogOffset, entrySize, FILL_SIZE } from "./queue_entry.ts";
import type { Queues } from "./queues.ts";
import type { Segment } from "./segment.ts";
import type { Segments } from "./segments.ts";
import { Turn } from "./turn.ts";

/** What recovery looks at and mends. */
export interface Stored {
  readonly segments: Segments;
  readonly queues: Queues;
  readonly checkpoint: Checkpoint;
  /** The last process did not close the store. */
  readonly crashed: boolean;
}

/** Where the log goes on. */
export interface Recovered {
  /** The end of the log. */
  readonly tail: number;
  /** What lies before it is safe and known to the queues. */
  readonly from: number;
  /** When the record before `from` was stored; 0 when that is not known. */
  readonly timeBefore: number;
  /** When the last record was stored. */
  readonly storeTimestamp: number;
}

/** A place where a record begins, and when the one before it was stored. */
interface Start {
  readonly at: number;
  readonly time: number;
}

/** Where whole records end; `reason` when something else than nothing is there. */
interface End {
  readonly at: number;
  readonly time: number;
  readonly reason: string | undefined;
}

const SCAN_BYTES = 256 * 1024;
const LOOK_BYTES = 4 * 1024;

/**
 * Finds the end of the log and mends what a crash tore. A record counts only if its lengths, magic, CRC and
 * own offset fit; what lies behind the last such record is zeroed and said, for stale records must never
 * come to life. After a clean stop only what no queue knows is scanned; after a crash everything since the
 * last file that the checkpoint says is safe.
 *
 * @throws {CorruptLogError} when damage lies where nothing can have been torn
 */
export async function recover(
  stored: Stored,
  clock: Clock,
  codecs: Codecs,
  log: Log,
): Promise<Recovered> {
  const { segments, queues } = stored;
  const reader = new LogReader(segments, codecs, LOOK_BYTES);
  const known = stored.crashed ? undefined : newestKnown(queues, segments, reader);
  const start = known ?? lastSafeFile(stored, reader);
  mustBeginWithRecords(segments, start.at, reader);
  const end = await scan(new LogReader(segments, codecs, SCAN_BYTES), start, new Turn(clock));
  if (known) mustBeLast(segments, end, reader);
  await cut(segments, end.at, end.reason ?? whatLiesBehind(segments, end.at, codecs), log);
  const turn = new Turn(clock);
  for (const queue of queues.all()) {
    if (known) dropStale(queue, segments, end.at, reader);
    else queue.cutFrom(start.at);
    queue.correctMin(segments.first?.base ?? 0);
    if (turn.isOver()) await turn.next();
  }
  return { tail: end.at, from: start.at, timeBefore: start.time, storeTimestamp: end.time };
}

/** Behind the newest record a queue knows; undefined when that record is not what the queue says. */
function newestKnown(queues: Queues, segments: Segments, reader: LogReader): Start | undefined {
  let newest: ConsumeQueue | undefined;
  for (const queue of queues.all()) if (queue.logEnd > (newest?.logEnd ?? 0)) newest = queue;
  const min = segments.first?.base ?? 0;
  if (!newest || newest.logEnd <= min) return { at: min, time: 0 };
  const { logOffset, size } = lastEntry(newest);
  if (reader.look(logOffset) !== "record" || reader.scanner.size !== size) return undefined;
  return { at: newest.logEnd, time: reader.scanner.record.storeTimestamp };
}

/** The last file whose first record was stored before everything the checkpoint vouches for; else the first. */
function lastSafeFile({ segments, checkpoint }: Stored, reader: LogReader): Start {
  const safe = safeTime(checkpoint);
  for (let i = segments.length - 1; i > 0; i--) {
    const { base } = segments.at(i)!;
    const { record } = reader.scanner;
    const counts = reader.look(base) === "record" && record.storeTimestamp > 0;
    if (counts && record.storeTimestamp <= safe) return { at: base, time: 0 };
  }
  return { at: segments.first?.base ?? 0, time: 0 };
}

/** Files before the one where the scan begins are whole: a look at their first record shows the worst. */
function mustBeginWithRecords(segments: Segments, before: number, reader: LogReader): void {
  for (const segment of segments) {
    if (segment.end > before) return;
    const found = reader.look(segment.base);
    if (found === "record" || found === "blank") continue;
    const reason = found === "zero" ? "nothing is there" : reader.scanner.reason;
    throw damaged(segment, segment.base, reason);
  }
}

/** Goes from record to record until there is none. */
async function scan(reader: LogReader, start: Start, turn: Turn): Promise<End> {
  let { at, time } = start;
  for (let count = 1;; count++) {
    const found = reader.look(at);
    if (found === "zero") return { at, time, reason: undefined };
    if (found === "bad") return { at, time, reason: reader.scanner.reason };
    if (found === "record") time = reader.scanner.record.storeTimestamp;
    at += reader.scanner.size;
    if (count % 64 === 0 && turn.isOver()) await turn.next();
  }
}

/** What was closed in order ends in its last records: the files behind damage must not be lost with it. */
function mustBeLast(segments: Segments, end: End, reader: LogReader): void {
  const holder = segments.find(end.at);
  if (!holder) return;
  for (const segment of segments) {
    if (segment.base > end.at && reader.look(segment.base) === "record") {
      throw damaged(holder, end.at, end.reason ?? "nothing is there");
    }
  }
}

function damaged(segment: Segment, logOffset: number, reason: string): CorruptLogError {
  const at = logOffset - segment.base;
  // TODO(#5): name our own command once there is one
  const advice = `Nothing was changed; "xxd -s ${at} -l 256 ${segment.path}" shows the place`;
  const why = `${reason}, and later records follow, so this is no torn end. ${advice}`;
  return new CorruptLogError(segment.path, at, why);
}

/** A hole that a power cut left before bytes that did reach the disk. */
function whatLiesBehind(segments: Segments, end: number, codecs: Codecs): string | undefined {
  const reader = new LogReader(segments, codecs, SCAN_BYTES);
  if (!reader.isZeroBehind(end)) return "bytes behind it are no record";
  for (const segment of segments) {
    if (segment.base > end && !reader.isZeroBehind(segment.base)) {
      return `nothing is there, but ${segment.name} follows`;
    }
  }
}

/** Zeroes what lies behind the end and removes later files; no power cut brings them back. */
async function cut(
  segments: Segments,
  end: number,
  reason: string | undefined,
  log: Log,
): Promise<void> {
  if (reason !== undefined) {
    log.warn("log cut behind its last whole record", { logOffset: end, reason });
  }
  const { first, length } = segments;
  if (!first) return;
  segments.removeFrom(Math.max(end, first.end));
  const segment = segments.find(end);
  segment?.zeroFrom(end - segment.base);
  if (reason === undefined && segments.length === length) return;
  await segment?.sync();
  await segments.dir.sync();
}

/** Drops the last entries while their records are not there: a Java broker leaves such behind a cut queue's end. */
function dropStale(queue: ConsumeQueue, segments: Segments, end: number, reader: LogReader): void {
  if (queue.logEnd > end) queue.cutFrom(end);
  const min = segments.first?.base ?? 0;
  while (queue.maxOffset > queue.minOffset) {
    const { logOffset, size } = lastEntry(queue);
    if (size === FILL_SIZE || logOffset < min) return;
    if (reader.look(logOffset) === "record" && isOf(queue, size, reader)) return;
    queue.dropLast();
  }
}

function isOf(queue: ConsumeQueue, size: number, { scanner, bytes }: LogReader): boolean {
  const { record } = scanner;
  const topic = bytes.subarray(record.topicAt, record.topicAt + record.topicLength);
  return scanner.size === size && record.queueId === queue.queueId &&
    sameBytes(topic, utf8(queue.topic));
}

const entryBytes = new Uint8Array(ENTRY_BYTES);
const entryView = viewOf(entryBytes);

function lastEntry(queue: ConsumeQueue): { logOffset: number; size: number } {
  queue.read(queue.maxOffset - 1, entryBytes);
  return { logOffset: entryLogOffset(entryView, 0), size: entrySize(entryView, 0) };
}
