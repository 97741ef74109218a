import {
  BLANK_BYTES_MIN,
  BLANK_MAGIC,
  MESSAGE_MAGIC,
  MESSAGE_MAGIC_V2,
  RECORD_BYTES_MIN,
} from "../wire/record_layout.ts";
import { recordMagic, recordSize, RecordView } from "../wire/record_view.ts";

/** What lies at a place of the log. "more": too few bytes were given to tell. "zero": nothing was written. */
export type Found = "record" | "blank" | "more" | "zero" | "bad";

/** No frame brings a larger message, so no broker wrote a larger record. */
export const RECORD_BYTES_MAX = 17 * 1024 * 1024;

/** Enough of a record to know all its numbers but those of topic and properties. */
export const HEAD_BYTES: number = RECORD_BYTES_MIN + 24;

/**
 * Looks at log bytes, record by record; nothing is allocated for one. After `look`, `size` is the size of
 * what was found (for "more": the bytes needed), `record` the record, `reason` why it is "bad".
 */
export class Scanner {
  readonly record: RecordView = new RecordView();
  size = 0;
  reason = "";

  /** `at` is the place in `view` of the byte at `logOffset`; `fileRoom` bytes are left there in its file. */
  look(view: DataView, at: number, end: number, logOffset: number, fileRoom: number): Found {
    const given = end - at;
    this.size = BLANK_BYTES_MIN;
    if (fileRoom < BLANK_BYTES_MIN) return this.#bad(`${fileRoom} bytes before the file ends`);
    if (given < BLANK_BYTES_MIN) return "more";
    const size = recordSize(view, at);
    const magic = recordMagic(view, at);
    this.size = size;
    if (magic === BLANK_MAGIC) {
      return size === fileRoom
        ? "blank"
        : this.#bad(`filler of ${size} bytes, ${fileRoom} are left`);
    }
    if (magic !== MESSAGE_MAGIC && magic !== MESSAGE_MAGIC_V2) {
      if (magic === 0 && size === 0) return "zero";
      return this.#bad(`magic is 0x${(magic >>> 0).toString(16)}`);
    }
    const most = Math.min(fileRoom - BLANK_BYTES_MIN, RECORD_BYTES_MAX);
    if (size < RECORD_BYTES_MIN || size > most) {
      return this.#bad(`size is ${size}, from ${RECORD_BYTES_MIN} to ${most} would be possible`);
    }
    if (size > given) return "more";
    const problem = this.record.read(view, at, end);
    if (problem !== undefined) return this.#bad(problem);
    if (this.record.logOffset !== logOffset) {
      return this.#bad(`the record says it lies at ${this.record.logOffset}`);
    }
    return "record";
  }

  /**
   * What a torn write damaged in the record found last although its lengths fit, undefined when nothing. The
   * CRC is the body's only, `crc` of what is there; behind it a tear shows by zeros where no topic and no
   * properties have them.
   */
  tear(bytes: Uint8Array, crc: number): string | undefined {
    const { bodyLength, bodyCrc, topicAt, topicLength } = this.record;
    const { propertiesAt, propertiesLength } = this.record;
    if (bodyLength > 0 && (crc & 0x7fffffff) !== bodyCrc) return "the body's CRC differs";
    for (let i = 0; i < topicLength; i++) {
      if (bytes[topicAt + i] === 0) return "the topic holds zeros";
    }
    if (propertiesLength > 0 && bytes[propertiesAt + propertiesLength - 1] === 0) {
      return "the properties end in zeros";
    }
  }

  /** The body of the record found last. */
  body(bytes: Uint8Array): Uint8Array {
    const { bodyAt, bodyLength } = this.record;
    return bytes.subarray(bodyAt, bodyAt + bodyLength);
  }

  #bad(reason: string): "bad" {
    this.reason = reason;
    return "bad";
  }
}
