import { viewOf } from "../base/bytes.ts";
import type { Codecs } from "../ports/host.ts";
import { type Found, RECORD_BYTES_MAX, Scanner } from "./scan.ts";
import type { Segment } from "./segment.ts";

/** A file of the log, as far as reading needs it. */
export type LogPart = Pick<Segment, "base" | "end" | "file">;

/** Gives the file that holds a place of the log. */
interface Files {
  find(offset: number): LogPart | undefined;
}

/** Looks at records of the log's files, anywhere, also behind their end; for recovery. */
export class LogReader {
  /** What the last look found. */
  readonly scanner: Scanner = new Scanner();
  readonly #files: Files;
  readonly #codecs: Codecs;
  readonly #readBytes: number;
  #bytes: Uint8Array;
  #view: DataView;
  #segment: LogPart | undefined;
  #from = 0; // log offset of the first byte in the buffer
  #length = 0;

  constructor(files: Files, codecs: Codecs, readBytes: number) {
    this.#files = files;
    this.#codecs = codecs;
    this.#readBytes = readBytes;
    this.#bytes = new Uint8Array(readBytes);
    this.#view = viewOf(this.#bytes);
  }

  /** The buffer that the scanner's record lies in, until the next look. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** What lies at `logOffset`, checked for tears. */
  look(logOffset: number): Exclude<Found, "more"> {
    const found = this.#look(logOffset);
    if (found !== "record") return found;
    const tear = this.scanner.tear(this.#bytes, this.#codecs);
    if (tear === undefined) return found;
    this.scanner.reason = tear;
    return "bad";
  }

  /** True when all that one read gives from `logOffset` on, in its file, is zero. */
  isZeroBehind(logOffset: number): boolean {
    const segment = this.#segmentOf(logOffset);
    if (!segment) return true;
    this.#fill(segment, logOffset, 0);
    for (let i = 0; i < this.#length; i++) if (this.#bytes[i] !== 0) return false;
    return true;
  }

  #look(logOffset: number): Exclude<Found, "more"> {
    const segment = this.#segmentOf(logOffset);
    if (!segment) return "zero";
    const at = logOffset - this.#from;
    if (at < 0 || at >= this.#length) this.#fill(segment, logOffset, 0);
    for (let tries = 0; tries < 3; tries++) {
      const found = this.#lookInBuffer(segment, logOffset);
      if (found !== "more") return found;
      this.#fill(segment, logOffset, this.scanner.size);
    }
    this.scanner.reason = "the file ends within a record";
    return "bad";
  }

  #lookInBuffer(segment: LogPart, logOffset: number): Found {
    const at = logOffset - this.#from;
    return this.scanner.look(this.#view, at, this.#length, logOffset, segment.end - logOffset);
  }

  #segmentOf(logOffset: number): LogPart | undefined {
    const known = this.#segment;
    if (known && logOffset >= known.base && logOffset < known.end) return known;
    this.#length = 0;
    return this.#segment = this.#files.find(logOffset);
  }

  #fill(segment: LogPart, logOffset: number, size: number): void {
    const wanted = Math.max(this.#readBytes, Math.min(size, RECORD_BYTES_MAX));
    if (wanted !== this.#bytes.length) {
      this.#bytes = new Uint8Array(wanted);
      this.#view = viewOf(this.#bytes);
    }
    this.#from = logOffset;
    this.#length = segment.file.readAt(logOffset - segment.base, this.#bytes);
  }
}

/** What a crash leaves of a file that was being made or cut: nothing, or whole records. */
export function endsInRecord(segment: Segment, size: number, codecs: Codecs): boolean {
  const reader = new LogReader({ find: () => segment }, codecs, 64 * 1024);
  const end = segment.base + size;
  let at = segment.base;
  while (at < end && reader.look(at) === "record") at += reader.scanner.size;
  return at === end;
}
