import type { Entry } from "../../ports/fs.ts";
import type { Turns } from "../turn.ts";
import { IndexFile, type IndexHome } from "./index_file.ts";
import { readHead } from "./index_head.ts";
import { indexFileBytes, type IndexHeader, isIndexFileName, itemPlace } from "./index_layout.ts";
import type { LogPart } from "./index_replay.ts";

/** What an index is opened with. */
export interface IndexStart extends LogPart {
  /** The last process did not close the store. */
  readonly crashed: boolean;
  /** When the record there, or after a stop in order the one before it, was stored; 0 when there is none. */
  readonly fromMs: number;
  /** The checkpoint vouches for the index up to this store time. */
  readonly coveredMs: number;
  /** Has the checkpoint vouch for nothing of the index, also after a power cut; it calls `cover`. */
  uncover(): Promise<void>;
}

/** A file that cannot be used. */
export interface Unfit {
  readonly entry: Entry;
  readonly reason: string;
  /** Not all that it may have held is fed again by this start. */
  readonly isLoss: boolean;
}

/** What was found in the folder of an index. */
export interface Loaded {
  /** The oldest first; those that a crash may have torn are replayed, in memory. */
  readonly files: IndexFile[];
  /** An item at or behind the place of the start was met: none is missing before it. */
  readonly reached: boolean;
  /** The oldest first. Whatever lies behind one of them is one, too. */
  readonly unfit: Unfit[];
}

/** Looks at the files of an index; nothing on the disk changes yet. */
export async function loadFiles(home: IndexHome, start: IndexStart, turn: Turns): Promise<Loaded> {
  const { crashed } = start;
  const entries = home.dir.entries().filter(({ isDir, name }) => !isDir && isIndexFileName(name));
  const files: IndexFile[] = [];
  const unfit: Unfit[] = [];
  let reached = false;
  let problem: string | undefined;
  for (const [i, entry] of entries.entries()) {
    const file = problem ?? take(home, entry, crashed, endOffsetOf(files));
    if (typeof file === "string") {
      const isTorn = entry.size < indexFileBytes(home.shape); // while it was made
      unfit.push({ entry, reason: file, isLoss: !(crashed && (reached || isTorn)) });
      problem = file;
      continue;
    }
    files.push(file);
    const isLast = i === entries.length - 1;
    if (!crashed || (!isLast && isSafe(file, start))) continue;
    reached = await file.replay(start, turn) || reached;
    if (!file.isFull && !isLast) problem = `${file.name} before it was not whole`;
  }
  return { files, reached, unfit };
}

/** Log offset of the newest record that has items in these files; -1 without one. */
export function endOffsetOf(files: readonly IndexFile[]): number {
  return files.findLast(({ header }) => header.count > 1)?.header.endLogOffset ?? -1;
}

/** The file of that name, or why it cannot be used; those before it end at log offset `before`. */
function take(
  home: IndexHome,
  { name, size }: Entry,
  crashed: boolean,
  before: number,
): IndexFile | string {
  const { slots, items } = home.shape;
  const wanted = indexFileBytes(home.shape);
  using stored = home.dir.open(name, "write");
  const header = readHead(stored);
  const { beginLogOffset, count } = header;
  if (crashed && size === itemPlace(home.shape, count)) stored.truncate(wanted); // it was being cut
  else if (size !== wanted) {
    return `it has ${size} bytes, one of ${slots} slots and ${items} items has ${wanted}`;
  }
  if (count < 1 || count > items) {
    return `it counts ${count} items, from 1 to ${items} would be possible`;
  }
  if (!isPossible(header, crashed)) return "its header cannot be";
  if (count > 1 && beginLogOffset < before) {
    return `it begins at log offset ${beginLogOffset}, the file before it ends at ${before}`;
  }
  return IndexFile.take(home, name, header);
}

/** A kill between a file's first items and their slots leaves an end that lies before its begin. */
function isPossible(header: IndexHeader, crashed: boolean): boolean {
  const { beginMs, endMs, beginLogOffset, endLogOffset } = header;
  return beginMs >= 0 && endMs >= 0 && (beginLogOffset <= endLogOffset || crashed);
}

/**
 * After a crash a file is as it was when it is full, the checkpoint vouches for its last record, and nothing
 * of it is fed again. When that record was stored the log says: headers say no more than the checkpoint.
 */
function isSafe(file: IndexFile, { from, coveredMs, storeMsAt }: IndexStart): boolean {
  const { endLogOffset, count } = file.header;
  // A start that died early may have taken back what lies from there on, and left the header.
  if (!file.isFull || endLogOffset === 0 || endLogOffset >= from) return false;
  const isWritten = file.item(count - 1)?.logOffset === endLogOffset;
  return isWritten && (storeMsAt(endLogOffset) ?? Infinity) <= coveredMs;
}
