import {
  BLANK_BYTES_MIN,
  BLANK_MAGIC,
  MESSAGE_MAGIC,
  MESSAGE_MAGIC_V2,
  RECORD_BYTES_MIN,
} from "../wire/record_layout.ts";
import type { Transfer } from "./frames.ts";

/** The bytes of a log show files of another size than ours. */
export class FileSizeError extends Error {
  /** Tells it from other errors. */
  override name = "FileSizeError";
}

/**
 * Goes from record to record in log bytes that are about to be appended, one header each, and tells when
 * they cannot lie in files of our size: nothing on the wire says how large a master's are, and what a slave
 * with other files acknowledges it loses at its next start. Damage within a file is not its business.
 */
export class RecordWalk {
  readonly #fileBytes: number;
  #end: number; // all bytes before it were looked at
  #next: number; // log offset of the next header
  #fileEnd: number; // of the file it lies in
  readonly #head = new Uint8Array(BLANK_BYTES_MIN); // of a header that is cut in two
  #headBytes = 0;

  /** `next` is where a record or a filler begins. */
  constructor(fileBytes: number, next: number) {
    this.#fileBytes = fileBytes;
    this.#end = this.#next = next;
    this.#fileEnd = next - next % fileBytes + fileBytes;
  }

  /** Where the next record begins. */
  get next(): number {
    return this.#next;
  }

  /** Looks at transfers, as far as they continue those before. @throws {FileSizeError} */
  lookAt(batch: readonly Transfer[]): void {
    for (const { logOffset, body } of batch) {
      if (body.length === 0) continue;
      if (logOffset !== this.#end) return;
      this.look(logOffset, body);
    }
  }

  /** The bytes before `logOffset` hold no other header. */
  goOnAt(logOffset: number): void {
    this.#end = logOffset;
  }

  /** Looks at all headers in bytes that lie behind those before. @throws {FileSizeError} */
  look(logOffset: number, body: Uint8Array): void {
    this.#end = logOffset + body.length;
    if (this.#headBytes > 0 && !this.#finishHead(body)) return;
    let at = this.#next - logOffset;
    const last = body.length - BLANK_BYTES_MIN;
    while (at <= last) {
      const size = int32(body, at);
      const magic = int32(body, at + 4);
      const room = this.#fileEnd - logOffset - at;
      if (magic === MESSAGE_MAGIC && size >= RECORD_BYTES_MIN && size <= room - BLANK_BYTES_MIN) {
        at += size;
      } else {
        at = this.#odd(logOffset + at, size, magic) - logOffset;
      }
    }
    this.#next = logOffset + at;
    if (at < body.length) {
      this.#headBytes = body.length - at;
      this.#head.set(body.subarray(at));
    }
  }

  #finishHead(body: Uint8Array): boolean {
    const missing = BLANK_BYTES_MIN - this.#headBytes;
    const taken = Math.min(missing, body.length);
    this.#head.set(body.subarray(0, taken), this.#headBytes);
    this.#headBytes += taken;
    if (taken < missing) return false;
    const size = int32(this.#head, 0);
    const magic = int32(this.#head, 4);
    this.#headBytes = 0;
    this.#next = this.#odd(this.#next, size, magic);
    return true;
  }

  /** Where the next record begins behind a header of any kind; the next file when that is unreadable. */
  #odd(logOffset: number, size: number, magic: number): number {
    const fileEnd = this.#fileEnd;
    const room = fileEnd - logOffset;
    if (magic === BLANK_MAGIC && size > 0) {
      if (size !== room) {
        throw new FileSizeError(
          `the master's filler at ${logOffset} has ${size} bytes, our file of ${this.#fileBytes} ends in ${room}`,
        );
      }
    } else if (magic === MESSAGE_MAGIC || magic === MESSAGE_MAGIC_V2) {
      if (size > room - BLANK_BYTES_MIN) {
        throw new FileSizeError(
          `the master's record at ${logOffset} has ${size} bytes, it does not end within our file of ${this.#fileBytes}`,
        );
      }
      if (size >= RECORD_BYTES_MIN) return logOffset + size;
    } else if (room === this.#fileBytes) {
      throw new FileSizeError(
        `no record begins at ${logOffset}, where a file of ours does: ours have ${this.#fileBytes} bytes`,
      );
    }
    this.#fileEnd = fileEnd + this.#fileBytes;
    return fileEnd;
  }
}

function int32(bytes: Uint8Array, at: number): number {
  return bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
}
