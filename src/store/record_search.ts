import { readInt64, viewOf } from "../base/bytes.ts";
import type { Codecs } from "../ports/host.ts";
import {
  BLANK_BYTES_MIN,
  MESSAGE_MAGIC,
  MESSAGE_MAGIC_V2,
  PHYSICAL_OFFSET_AT,
  RECORD_BYTES_MIN,
} from "../wire/record_layout.ts";
import { recordMagic, recordSize } from "../wire/record_view.ts";
import type { CommitLog } from "./commit_log.ts";
import { RECORD_BYTES_MAX, Scanner } from "./scan.ts";

/** What a search asks of a log. */
export type RecordLog = Pick<
  CommitLog,
  "fileBytes" | "minOffset" | "tail" | "available" | "readAt"
>;

/** Where a record lies in the log. */
export interface Place {
  readonly at: number;
  readonly size: number;
}

/** Read at a time, from the end towards the beginning. */
const CHUNK_BYTES = 64 * 1024;
/** What of a record tells whether it can be one: its size, magic and own place. */
const CLAIM_BYTES = PHYSICAL_OFFSET_AT + 8;
/** How many that could be the record are read whole; more than one is there only when somebody put them there. */
const TRIES_MAX = 64;
const MAGIC_BYTE_0 = MESSAGE_MAGIC >>> 24;

/**
 * The message record that holds the byte at `logOffset`. In filler, or in a record whose end is still to
 * come: the whole record before it. Undefined outside the log and where no such record is found.
 *
 * Records have no mark that a body could not hold as well, so all claims to this byte within the length of
 * the largest record are looked at and the one that begins first counts: whatever looks like a record in a
 * body begins behind the record around it.
 */
export function recordHolding(
  log: RecordLog,
  codecs: Codecs,
  logOffset: number,
): Place | undefined {
  if (logOffset < log.minOffset || logOffset >= log.tail) return undefined;
  return holder(log, codecs, logOffset) ?? before(log, codecs, logOffset);
}

function holder(log: RecordLog, codecs: Codecs, logOffset: number): Place | undefined {
  const fileStart = logOffset - logOffset % log.fileBytes;
  const from = Math.max(fileStart, logOffset - RECORD_BYTES_MAX + 1);
  const claims: Place[] = [];
  for (const claim of claimsBackward(log, logOffset + 1, from)) {
    if (claim.at + claim.size > logOffset) claims.push(claim);
  }
  return claims.reverse().slice(0, TRIES_MAX).find((claim) => isRecord(log, codecs, claim));
}

/** The last record that ends at or before `logOffset`. */
function before(log: RecordLog, codecs: Codecs, logOffset: number): Place | undefined {
  // a file of filler and partial record between the two, each as long as the largest record
  const from = Math.max(log.minOffset, logOffset - 3 * RECORD_BYTES_MAX);
  let tries = 0;
  for (const claim of claimsBackward(log, logOffset, from)) {
    if (claim.at + claim.size > logOffset) continue;
    if (isRecord(log, codecs, claim)) return holder(log, codecs, claim.at) ?? claim;
    if (++tries === TRIES_MAX) return undefined;
  }
}

/** What says to be a record that begins from `from` up to, not including, `until`; the last one first. */
function* claimsBackward(log: RecordLog, until: number, from: number): Generator<Place> {
  const bytes = new Uint8Array(CHUNK_BYTES + CLAIM_BYTES);
  const view = viewOf(bytes);
  for (let end = until; end > from;) {
    const fileStart = end - 1 - (end - 1) % log.fileBytes;
    const start = Math.max(from, fileStart, end - CHUNK_BYTES);
    const length = log.readAt(start, bytes.subarray(0, end - start + CLAIM_BYTES));
    yield* claimsIn(bytes, view, length, { start, end, fileEnd: fileStart + log.fileBytes });
    end = start;
  }
}

function* claimsIn(
  bytes: Uint8Array,
  view: DataView,
  length: number,
  { start, end, fileEnd }: { start: number; end: number; fileEnd: number },
): Generator<Place> {
  const last = Math.min(end - start - 1, length - CLAIM_BYTES);
  if (last < 0) return;
  for (let found = bytes.lastIndexOf(MAGIC_BYTE_0, last + 4); found >= 4;) {
    const at = found - 4;
    const magic = recordMagic(view, at);
    if (magic === MESSAGE_MAGIC || magic === MESSAGE_MAGIC_V2) {
      const size = recordSize(view, at);
      const logOffset = start + at;
      const most = Math.min(fileEnd - logOffset - BLANK_BYTES_MIN, RECORD_BYTES_MAX);
      const fits = size >= RECORD_BYTES_MIN && size <= most;
      if (fits && readInt64(view, at + PHYSICAL_OFFSET_AT) === logOffset) {
        yield { at: logOffset, size };
      }
    }
    found = found === 0 ? -1 : bytes.lastIndexOf(MAGIC_BYTE_0, found - 1);
  }
}

function isRecord(log: RecordLog, codecs: Codecs, { at, size }: Place): boolean {
  if (log.available(at) < size) return false;
  const bytes = new Uint8Array(size);
  if (log.readAt(at, bytes) < size) return false;
  const scanner = new Scanner();
  const fileRoom = log.fileBytes - at % log.fileBytes;
  return scanner.look(viewOf(bytes), 0, size, at, fileRoom) === "record" &&
    scanner.tear(bytes, codecs.crc32(scanner.body(bytes))) === undefined;
}
