import { readInt64, viewOf } from "../../base/bytes.ts";
import type { Codecs } from "../../ports/host.ts";
import {
  BLANK_BYTES_MIN,
  MAGIC_AT,
  MESSAGE_MAGIC,
  MESSAGE_MAGIC_V2,
  PHYSICAL_OFFSET_AT,
  RECORD_BYTES_MIN,
} from "../../wire/record_layout.ts";
import { recordMagic, recordSize, type RecordView } from "../../wire/record_view.ts";
import { LogReader } from "../log_reader.ts";
import { RECORD_BYTES_MAX } from "../scan.ts";
import type { StoredFile, StoredFiles } from "./stored_files.ts";

/** What a walk comes to. "bad": something else than a whole record; "end": nothing behind is one. */
export type Step = "record" | "blank" | "bad" | "end";

const READ_BYTES = 256 * 1024;
const SEARCH_BYTES = 1024 * 1024;
/** What of a record tells whether it can be one: its size, magic and own place. */
const CLAIM_BYTES = PHYSICAL_OFFSET_AT + 8;
const BEHIND = "nothing is there, but bytes follow that are no record";
const MAGIC_BYTE_0 = MESSAGE_MAGIC >>> 24;

/**
 * Goes through a log from record to record, and over damage to the next whole record, which proves itself by
 * its own offset. A broker may write to the log meanwhile: what looks torn is looked at again.
 */
export class LogWalk {
  /** Log offset of what the last step came to. */
  at: number;
  /** Its bytes: of a bad place up to the next whole record; of the end 0. */
  size = 0;
  /** Why a place is bad; at the end undefined when only zeros follow. */
  reason: string | undefined;
  readonly #files: StoredFiles;
  readonly #codecs: Codecs;
  #reader: LogReader;

  /** `from` is where a record begins, or any other place: then the walk begins at the next whole record. */
  constructor(files: StoredFiles, codecs: Codecs, from: number = files.first?.base ?? 0) {
    this.#files = files;
    this.#codecs = codecs;
    this.#reader = this.#freshReader();
    this.at = Math.max(from, files.first?.base ?? 0);
  }

  /** Numbers of the record that the last step came to, valid until the next. */
  get record(): RecordView {
    return this.#reader.scanner.record;
  }

  /** The bytes `record` has its places in. */
  get bytes(): Uint8Array {
    return this.#reader.bytes;
  }

  /** Goes on behind what the last step came to. */
  next(): Step {
    this.at += this.size;
    this.size = 0;
    this.reason = undefined;
    const found = this.#look() ?? this.#lookAgain();
    if (found !== undefined) return found;
    return this.#pass();
  }

  /** Where the next whole record begins, from `from` on; undefined without one. */
  #nextRecord(from: number): number | undefined {
    let file = this.#files.find(from) ?? this.#files.after(from);
    for (; file !== undefined; file = this.#files.after(file.base)) {
      for (const claim of claimsIn(file, Math.max(from, file.base))) {
        const reader = this.#reader = this.#freshReader(); // what it had read may be older than the file
        if (reader.look(claim) === "record") return claim;
      }
    }
  }

  #look(): Step | undefined {
    const found = this.#reader.look(this.at);
    if (found !== "record" && found !== "blank") return undefined;
    this.size = this.#reader.scanner.size;
    return found;
  }

  /** What was read before may be older than what is written now. */
  #lookAgain(): Step | undefined {
    this.#reader = this.#freshReader();
    return this.#look();
  }

  /** Neither record nor filler: finds out whether the log goes on behind it. */
  #pass(): Step {
    const { at } = this;
    const reason = this.#reasonAt(at);
    const resumes = this.#nextRecord(at);
    const now = this.#lookAgain(); // or it was written while we searched
    if (now !== undefined) return now;
    this.size = resumes === undefined ? 0 : resumes - at;
    if (resumes === undefined) {
      this.reason = reason ?? (this.#reader.isZeroBehind(at) ? undefined : BEHIND);
      return "end";
    }
    this.reason = reason ?? "nothing is there";
    return "bad";
  }

  /** Undefined where zeros lie. */
  #reasonAt(at: number): string | undefined {
    const file = this.#files.find(at);
    if (!file) {
      const later = this.#files.after(at);
      return later && `no file holds it, the next begins at ${later.base}`;
    }
    if (at - file.base >= file.size) {
      return file.size < file.bytes ? `the file ends after ${file.size} bytes` : undefined;
    }
    return this.#reader.look(at) === "bad" ? this.#reader.scanner.reason : undefined;
  }

  #freshReader(): LogReader {
    return new LogReader(this.#files, this.#codecs, READ_BYTES);
  }
}

/** Places of a file, from `from` on, where something says to be a record that begins there. */
function* claimsIn(file: StoredFile, from: number): Generator<number> {
  const bytes = new Uint8Array(SEARCH_BYTES + CLAIM_BYTES);
  const view = viewOf(bytes);
  for (let start = from; start < file.end; start += SEARCH_BYTES) {
    const length = file.file.readAt(start - file.base, bytes);
    const last = Math.min(SEARCH_BYTES - 1, length - CLAIM_BYTES);
    for (let found = MAGIC_AT - 1;;) {
      found = bytes.indexOf(MAGIC_BYTE_0, found + 1);
      const at = found - MAGIC_AT;
      if (found < 0 || at > last) break;
      if (isClaim(view, at, start + at, file.end)) yield start + at;
    }
    if (length < bytes.length) return;
  }
}

function isClaim(view: DataView, at: number, logOffset: number, fileEnd: number): boolean {
  const magic = recordMagic(view, at);
  if (magic !== MESSAGE_MAGIC && magic !== MESSAGE_MAGIC_V2) return false;
  const size = recordSize(view, at);
  const most = Math.min(fileEnd - logOffset - BLANK_BYTES_MIN, RECORD_BYTES_MAX);
  return size >= RECORD_BYTES_MIN && size <= most &&
    readInt64(view, at + PHYSICAL_OFFSET_AT) === logOffset;
}
