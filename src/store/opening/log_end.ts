import { type Dir, FsError } from "../../ports/fs.ts";
import type { Clock } from "../../ports/host.ts";
import {
  BLANK_BYTES_MIN,
  MAGIC_AT,
  MESSAGE_MAGIC,
  MESSAGE_MAGIC_V2,
} from "../../wire/record_layout.ts";
import { type Checkpoint, writeCheckpoint } from "../checkpoint.ts";
import { type DamageBelow, keepAside, type Part } from "./damage.ts";
import type { LogReader } from "../log_reader.ts";
import { RECORD_BYTES_MAX } from "../scan.ts";
import type { Segments } from "../segments.ts";
import { Turn } from "../turn.ts";
import type { End } from "./walk.ts";

/** Searched at a time. */
const SEARCH_BYTES = 256 * 1024;

/** Why the log has to be cut at its end; undefined when nothing lies behind it. */
export function whyCut(segments: Segments, end: End, reader: LogReader): string | undefined {
  if (end.reason !== undefined) return end.reason;
  if (!reader.isZeroBehind(end.at)) return "bytes behind it are no record";
  for (const segment of segments) { // a power cut left a hole before bytes that did reach the disk
    if (segment.base > end.at && !reader.isZeroBehind(segment.base)) {
      return `nothing is there, but ${segment.name} follows`;
    }
  }
}

/** Zeroes what lies behind the end and removes later files. */
export function dropBehind(segments: Segments, end: number): void {
  const { first } = segments;
  if (!first) return;
  segments.removeFrom(Math.max(end, first.end));
  const segment = segments.find(end);
  segment?.zeroFrom(end - segment.base);
}

/** Resolves when no power cut brings back what was dropped. */
export async function syncEnd(segments: Segments, end: number): Promise<void> {
  await segments.find(end)?.sync();
  await segments.dir.sync();
}

/** A checkpoint that vouches for nothing stored later; undefined when this one does not. */
export function noLaterThan(checkpoint: Checkpoint, time: number): Checkpoint | undefined {
  const { physicMs, logicsMs, indexMs } = checkpoint;
  if (Math.max(physicMs, logicsMs) <= time) return undefined;
  return {
    physicMs: Math.min(physicMs, time),
    logicsMs: Math.min(logicsMs, time),
    indexMs: Math.min(indexMs, time),
  };
}

/**
 * Cuts a log at damage, where its owner allows it, once all that is lost by it lies elsewhere. Gives the
 * folder of the copy, and what the checkpoint says now.
 */
export async function cutDamage(
  { dir, segments, checkpoint }: { dir: Dir; segments: Segments; checkpoint: Checkpoint },
  { logOffset, time }: DamageBelow,
  clock: Clock,
): Promise<{ copy: string; checkpoint: Checkpoint }> {
  const copy = await copyFrom(dir, segments, logOffset, clock);
  const lower = noLaterThan(checkpoint, time);
  if (lower) await writeCheckpoint(dir, lower);
  dropBehind(segments, logOffset);
  await syncEnd(segments, logOffset);
  return { copy, checkpoint: lower ?? checkpoint };
}

/**
 * Copies what lies behind the end when whole records are in it: no torn write left those, and their owner may
 * want to look at them. Gives what is to be said of it; a disk that takes no copy does not stop a start.
 */
export async function keepFollowing(
  dir: Dir,
  segments: Segments,
  end: number,
  reader: LogReader,
  clock: Clock,
): Promise<{ copy?: string }> {
  try {
    if (!recordFollows(segments, end, reader)) return {};
    return { copy: await copyFrom(dir, segments, end, clock) };
  } catch (error) {
    if (!(error instanceof FsError)) throw error;
    return { copy: `none: ${error.message}` };
  }
}

function copyFrom(dir: Dir, segments: Segments, logOffset: number, clock: Clock): Promise<string> {
  return keepAside(dir, logOffset, partsFrom(segments, logOffset), clock, new Turn(clock));
}

/** A record that cannot be read is no longer than the longest, so behind that one the next would begin. */
function recordFollows(segments: Segments, end: number, reader: LogReader): boolean {
  const bytes = new Uint8Array(SEARCH_BYTES);
  const limit = end + 2 * RECORD_BYTES_MAX;
  for (let at = end + 1; at < limit;) {
    const segment = segments.find(at);
    if (!segment) return false;
    const length = segment.file.readAt(at - segment.base, bytes);
    for (
      let i = nextMagic(bytes, MAGIC_AT);
      i >= 0 && i + 4 <= length;
      i = nextMagic(bytes, i + 1)
    ) {
      if (reader.look(at + i - MAGIC_AT) === "record") return true;
    }
    at = length < bytes.length ? segment.end : at + length - BLANK_BYTES_MIN; // one may lie across
  }
  return false;
}

/** Where the next bytes lie, at or behind `from`, that a record has for its magic. */
function nextMagic(bytes: Uint8Array, from: number): number {
  for (let i = bytes.indexOf(0xda, from); i >= 0; i = bytes.indexOf(0xda, i + 1)) {
    const last = bytes[i + 3];
    if (bytes[i + 1] !== 0xa3 || bytes[i + 2] !== 0x20) continue;
    if (last === (MESSAGE_MAGIC & 0xff) || last === (MESSAGE_MAGIC_V2 & 0xff)) return i;
  }
  return -1;
}

function* partsFrom(segments: Segments, logOffset: number): Generator<Part> {
  for (const { base, end, name, file } of segments) {
    if (end > logOffset) yield { name, file, from: Math.max(0, logOffset - base) };
  }
}
