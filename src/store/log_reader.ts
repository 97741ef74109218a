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

/**
 * The buffer begins with room for a body of up to this length. A view of each body would have to be made to get
 * its CRC, and that takes longer than the CRC; so it is copied here, where views of each length stay.
 */
const BODY_BYTES = 8 * 1024;

/** Looks at records of the log's files, anywhere, also behind their end; for recovery. */
export class LogReader {
  /** What the last look found. */
  readonly scanner: Scanner = new Scanner();
  readonly #files: Files;
  readonly #codecs: Codecs;
  readonly #readBytes: number;
  #bytes!: Uint8Array;
  #view!: DataView;
  #part!: Uint8Array; // of the buffer, where the log's bytes are
  #bodies: (Uint8Array | undefined)[] = []; // by length
  #segment: LogPart | undefined;
  #from = 0; // log offset of the first of them
  #length = 0; // how many are there

  constructor(files: Files, codecs: Codecs, readBytes: number) {
    this.#files = files;
    this.#codecs = codecs;
    this.#readBytes = readBytes;
    this.#resize(readBytes);
  }

  /** The buffer that the scanner's record lies in, until the next look. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** What lies at `logOffset`, checked for tears. */
  look(logOffset: number): Exclude<Found, "more"> {
    const found = this.#look(logOffset);
    if (found !== "record") return found;
    const tear = this.scanner.tear(this.#bytes, this.#bodyCrc());
    if (tear === undefined) return found;
    this.scanner.reason = tear;
    return "bad";
  }

  /** When the record there was stored; undefined when there is none. */
  storeMsAt(logOffset: number): number | undefined {
    return this.look(logOffset) === "record" ? this.scanner.record.storeTimestamp : undefined;
  }

  /** True when all that one read gives from `logOffset` on, in its file, is zero. */
  isZeroBehind(logOffset: number): boolean {
    const segment = this.#segmentOf(logOffset);
    if (!segment) return true;
    this.#fill(segment, logOffset, 0);
    for (let i = 0; i < this.#length; i++) if (this.#part[i] !== 0) return false;
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
    const at = BODY_BYTES + logOffset - this.#from;
    const end = BODY_BYTES + this.#length;
    return this.scanner.look(this.#view, at, end, logOffset, segment.end - logOffset);
  }

  /** Of the record found last. */
  #bodyCrc(): number {
    const { bodyAt, bodyLength } = this.scanner.record;
    if (bodyLength > BODY_BYTES) {
      return this.#codecs.crc32(this.#bytes.subarray(bodyAt, bodyAt + bodyLength));
    }
    this.#bytes.copyWithin(0, bodyAt, bodyAt + bodyLength);
    return this.#codecs.crc32(this.#bodies[bodyLength] ??= this.#bytes.subarray(0, bodyLength));
  }

  #segmentOf(logOffset: number): LogPart | undefined {
    const known = this.#segment;
    if (known && logOffset >= known.base && logOffset < known.end) return known;
    this.#length = 0;
    return this.#segment = this.#files.find(logOffset);
  }

  #fill(segment: LogPart, logOffset: number, size: number): void {
    const wanted = Math.max(this.#readBytes, Math.min(size, RECORD_BYTES_MAX));
    if (wanted !== this.#part.length) this.#resize(wanted);
    this.#from = logOffset;
    this.#length = segment.file.readAt(logOffset - segment.base, this.#part);
  }

  #resize(size: number): void {
    this.#bytes = new Uint8Array(BODY_BYTES + size);
    this.#view = viewOf(this.#bytes);
    this.#part = this.#bytes.subarray(BODY_BYTES);
    this.#bodies = [];
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
