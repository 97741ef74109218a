import type { Dir } from "../ports/fs.ts";
import type { Clock } from "../ports/host.ts";
import { type Checkpoint, writeCheckpoint } from "./checkpoint.ts";
import { type DamageBelow, keepAside, type Part } from "./damage.ts";
import type { LogReader } from "./log_reader.ts";
import type { Segments } from "./segments.ts";
import { Turn } from "./turn.ts";
import type { End } from "./walk.ts";

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
  const copy = await keepAside(
    dir,
    logOffset,
    partsFrom(segments, logOffset),
    clock,
    new Turn(clock),
  );
  const lower = noLaterThan(checkpoint, time);
  if (lower) await writeCheckpoint(dir, lower);
  dropBehind(segments, logOffset);
  await syncEnd(segments, logOffset);
  return { copy, checkpoint: lower ?? checkpoint };
}

function* partsFrom(segments: Segments, logOffset: number): Generator<Part> {
  for (const { base, end, name, file } of segments) {
    if (end > logOffset) yield { name, file, from: Math.max(0, logOffset - base) };
  }
}
