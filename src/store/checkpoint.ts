import { readInt64, viewOf, writeInt64 } from "../base/bytes.ts";
import type { Dir } from "../ports/fs.ts";

/**
 * Times (ms) that bound what recovery must look at. The file has 4096 bytes, zero behind these.
 *
 *     0                 8                  16
 *     | physic int64    | logics int64     | index int64     |
 *
 * Source: StoreCheckpoint.
 */
export interface Checkpoint {
  /** The log is safe up to the record stored then. */
  readonly physicMs: number;
  /** And the consume queues have it. */
  readonly logicsMs: number;
  /** The key index is safe up to there. A Java broker keeps the files that end before that, and no others. */
  readonly indexMs: number;
}

const NAME = "checkpoint";
const BYTES = 4096;
/** Clocks of several threads wrote it. Source: StoreCheckpoint.getMinTimestamp. */
const MARGIN_MS = 3_000;

export const NO_CHECKPOINT: Checkpoint = { physicMs: 0, logicsMs: 0, indexMs: 0 };

/** What was stored up to then is whole in the log and in the queues, whatever happened. */
export function safeTime(checkpoint: Checkpoint): number {
  return Math.max(0, Math.min(checkpoint.physicMs, checkpoint.logicsMs) - MARGIN_MS);
}

/** The checkpoint in a store's folder; one that is missing or cut short bounds nothing. */
export function readCheckpoint(dir: Dir): Checkpoint {
  if (!dir.stat(NAME)) return NO_CHECKPOINT;
  using file = dir.open(NAME, "read");
  const bytes = new Uint8Array(24);
  if (file.readAt(0, bytes) < bytes.length) return NO_CHECKPOINT;
  const view = viewOf(bytes);
  return {
    physicMs: readInt64(view, 0),
    logicsMs: readInt64(view, 8),
    indexMs: readInt64(view, 16),
  };
}

/** Replaces the file as a whole; the old one is there until the new one would survive a power cut. */
export async function writeCheckpoint(dir: Dir, checkpoint: Checkpoint): Promise<void> {
  const aside = `${NAME}.tmp`;
  const bytes = new Uint8Array(BYTES);
  const view = viewOf(bytes);
  writeInt64(view, 0, checkpoint.physicMs);
  writeInt64(view, 8, checkpoint.logicsMs);
  writeInt64(view, 16, checkpoint.indexMs);
  using file = dir.open(aside, "create");
  file.writeAt(0, bytes);
  await file.sync();
  dir.rename(aside, NAME);
  await dir.sync();
}

/** Removes the checkpoint; resolves when no power cut brings it back. */
export async function dropCheckpoint(dir: Dir): Promise<void> {
  dir.remove(NAME);
  await dir.sync();
}

/** What must not say more than the checkpoint on the disk: the key index. */
export interface Bound {
  readonly coveredMs: number;
  cover(ms: number): void;
}

/** Replaces the checkpoint of a store that has a key index. */
export async function replaceCheckpoint(
  dir: Dir,
  checkpoint: Checkpoint,
  index: Bound,
): Promise<void> {
  const { indexMs } = checkpoint;
  index.cover(Math.min(index.coveredMs, indexMs));
  await writeCheckpoint(dir, checkpoint);
  index.cover(indexMs);
}
