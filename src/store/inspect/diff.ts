import { sameBytes } from "../../base/bytes.ts";
import type { Codecs } from "../../ports/host.ts";
import { decodeRecord, type StoredMessage } from "../../wire/message.ts";
import { LogWalk, type Step } from "./log_walk.ts";
import type { StoredFiles } from "./stored_files.ts";

/** What holds a place of a log. */
export interface Holder {
  readonly kind: Step;
  readonly at: number;
  readonly size: number;
  /** Of a "record". */
  readonly message: StoredMessage | undefined;
  /** Why it is "bad" or the "end". */
  readonly reason: string | undefined;
}

/** How two logs differ where both are. */
export interface LogDiff {
  readonly a: LogRange;
  readonly b: LogRange;
  /** What both have: from the later beginning to the earlier end. */
  readonly common: LogRange;
  /** The first different byte, filler left out; undefined when all that is common is equal. */
  readonly different: {
    readonly logOffset: number;
    readonly a: Holder;
    readonly b: Holder;
  } | undefined;
}

/** Log offsets of the first byte and behind the last record or finished file. */
export interface LogRange {
  readonly min: number;
  readonly end: number;
}

const CHUNK_BYTES = 1024 * 1024;

/**
 * Compares two logs byte by byte where both are, from the later beginning to the earlier end. Filler counts
 * as equal: nobody reads it. `progress` hears of the bytes that are done.
 */
export function diffLogs(
  a: StoredFiles,
  b: StoredFiles,
  codecs: Codecs,
  progress?: (done: number, total: number) => void,
): LogDiff {
  const [rangeA, rangeB] = [rangeOf(a, codecs), rangeOf(b, codecs)];
  const common = {
    min: Math.max(rangeA.min, rangeB.min),
    end: Math.min(rangeA.end, rangeB.end),
  };
  for (let at = common.min; at < common.end;) {
    const next = firstDifference(
      a,
      b,
      at,
      common.end,
      (done) => progress?.(done - common.min, common.end - common.min),
    );
    if (next === undefined) break;
    const holders = { a: holderOf(a, codecs, next), b: holderOf(b, codecs, next) };
    const isFiller = holders.a.kind === "blank" && holders.b.kind === "blank" &&
      holders.a.at === holders.b.at && holders.a.size === holders.b.size &&
      next - holders.a.at >= 8;
    if (!isFiller) {
      return { a: rangeA, b: rangeB, common, different: { logOffset: next, ...holders } };
    }
    at = holders.a.at + holders.a.size;
  }
  return { a: rangeA, b: rangeB, common, different: undefined };
}

/** From the first byte to behind the last whole record, for which only the last files are read. */
export function rangeOf(files: StoredFiles, codecs: Codecs): LogRange {
  const min = files.first?.base ?? 0;
  for (let i = files.length - 1; i >= 0; i--) {
    const step = new LogWalk(files, codecs, files.at(i)!.base);
    const first = step.next();
    if (i > 0 && first !== "record" && first !== "blank") continue;
    for (let found = first; found !== "end";) found = step.next();
    return { min, end: step.at };
  }
  return { min, end: min };
}

/** The record, filler or damage that the byte at `logOffset` lies in. */
export function holderOf(files: StoredFiles, codecs: Codecs, logOffset: number): Holder {
  const step = new LogWalk(files, codecs, files.find(logOffset)?.base);
  for (;;) {
    const kind = step.next();
    const { at, size, reason } = step;
    if (kind !== "end" && at + size <= logOffset) continue;
    const message = kind === "record" ? decodeRecord(step.bytes, step.record.at) : undefined;
    return { kind, at, size, message, reason };
  }
}

function firstDifference(
  a: StoredFiles,
  b: StoredFiles,
  from: number,
  end: number,
  progress: (at: number) => void,
): number | undefined {
  const [bytesA, bytesB] = [new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES)];
  for (let at = from; at < end;) {
    const length = Math.min(CHUNK_BYTES, end - at, endAt(a, at) - at, endAt(b, at) - at);
    const [partA, partB] = [bytesA.subarray(0, length), bytesB.subarray(0, length)];
    readAt(a, at, partA);
    readAt(b, at, partB);
    if (!sameBytes(partA, partB)) return at + partA.findIndex((byte, i) => byte !== partB[i]);
    at += length;
    progress(at);
  }
}

/** Where the file that holds a place ends, or a hole between files. */
function endAt(files: StoredFiles, at: number): number {
  return files.find(at)?.end ?? files.after(at)?.base ?? Infinity;
}

/** Bytes that are not there read as zeros. */
function readAt(files: StoredFiles, at: number, into: Uint8Array): void {
  const file = files.find(at);
  const length = file ? file.file.readAt(at - file.base, into) : 0;
  into.fill(0, length);
}
