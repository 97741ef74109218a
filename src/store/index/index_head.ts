import { viewOf, writeInt64 } from "../../base/bytes.ts";
import type { LogFile } from "../../ports/fs.ts";
import {
  INDEX_END_AT,
  INDEX_HEADER_BYTES,
  type IndexHeader,
  readIndexHeader,
  writeIndexHeader,
} from "./index_layout.ts";

/** What the checkpoint on the disk says of an index, while it is known. */
export interface Covered {
  /** Store time in ms; Infinity when nobody asks the checkpoint. */
  coveredMs: number;
}

/**
 * The header that stands in a file of the index, as whoever starts after a kill finds it. A Java broker then
 * removes a file that says it ends later than the checkpoint does, and reads only the newest part of the log
 * again, and of that what lies behind the newest file's end. So no header ends later than the checkpoint
 * says, or where its slots do not lead yet.
 */
export class IndexHead {
  readonly #covered: Covered;
  #header: IndexHeader; // but for #endMs
  #endMs: number; // what stands there, not later than is covered
  /** It changed since somebody said that it is safe. */
  isUnsafe = false;

  constructor(covered: Covered, header: IndexHeader) {
    this.#covered = covered;
    this.#header = header;
    this.#endMs = header.endMs;
  }

  /** The header of a new file that goes on behind this one: all of this file that can be relied on. */
  next(): IndexHeader {
    return headerBehind({ ...this.#header, endMs: this.#endMs });
  }

  /** The record at `logOffset` was stored then. */
  storedAt(logOffset: number, ms: number): void {
    if (this.#header.endLogOffset === logOffset) this.#header.endMs = ms;
  }

  /**
   * Before slots are written: counts old and new items, so that both kinds of slots lead to some, and ends
   * where both have been. @throws {FsError}
   */
  writeBetween(file: LogFile, header: IndexHeader): void {
    const { count, endMs, endLogOffset } = this.#header;
    this.#header = {
      ...header,
      count: Math.max(count, header.count),
      endMs: Math.min(endMs, header.endMs),
      endLogOffset: Math.min(endLogOffset, header.endLogOffset),
    };
    this.#write((covered) => writeHead(file, covered));
  }

  /** Once slots are written: `write` is to put the header it is given there. @throws {FsError} */
  writeTrue(header: IndexHeader, write: (header: IndexHeader) => void): void {
    this.#write(write, header);
    this.#header = { ...header };
  }

  /** Writes when the file ends, as far as that is covered now. @throws {FsError} */
  writeEnd(file: () => LogFile): void {
    if (this.#endMs === Math.min(this.#header.endMs, this.#covered.coveredMs)) return;
    const bytes = new Uint8Array(8);
    this.#write(({ endMs }) => {
      writeInt64(viewOf(bytes), 0, endMs);
      file().writeAt(INDEX_END_AT, bytes);
    });
  }

  #write(write: (header: IndexHeader) => void, header: IndexHeader = this.#header): void {
    const endMs = Math.min(header.endMs, this.#covered.coveredMs);
    this.isUnsafe = true;
    write({ ...header, endMs });
    this.#endMs = endMs;
  }
}

/** Header of a file that goes on behind the one with the header `before`, if there is one. */
export function headerBehind(before: IndexHeader | undefined): IndexHeader {
  const [ms, logOffset] = [before?.endMs ?? 0, before?.endLogOffset ?? 0];
  const ends = { beginMs: ms, endMs: ms, beginLogOffset: logOffset, endLogOffset: logOffset };
  return { ...ends, usedSlots: 0, count: 1 };
}

/** The header that stands in a file. @throws {FsError} */
export function readHead(file: LogFile): IndexHeader {
  const bytes = new Uint8Array(INDEX_HEADER_BYTES);
  file.readAt(0, bytes);
  return readIndexHeader(viewOf(bytes));
}

/** Writes the header of a file, and nothing else. @throws {FsError} */
export function writeHead(file: LogFile, header: IndexHeader): void {
  const bytes = new Uint8Array(INDEX_HEADER_BYTES);
  writeIndexHeader(viewOf(bytes), header);
  file.writeAt(0, bytes);
}
