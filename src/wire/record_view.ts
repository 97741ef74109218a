import { readInt64 } from "../base/bytes.ts";
import {
  BODY_CRC_AT,
  hostsExtra,
  MAGIC_AT,
  MESSAGE_MAGIC,
  MESSAGE_MAGIC_V2,
  PHYSICAL_OFFSET_AT,
  QUEUE_ID_AT,
  QUEUE_OFFSET_AT,
  RECORD_BYTES_MIN,
  storeTimestampAt,
  SYS_FLAG_AT,
  TOTAL_SIZE_AT,
} from "./record_layout.ts";

/** With IPv4 hosts; see `hostsExtra`. */
const PREPARED_OFFSET_AT = 76;
const BODY_LENGTH_AT = 84;

/** The first field of a record or blank, once 4 bytes are there. */
export function recordSize(view: DataView, at: number): number {
  return view.getInt32(at + TOTAL_SIZE_AT);
}

/** The second field of a record or blank, once 8 bytes are there. */
export function recordMagic(view: DataView, at: number): number {
  return view.getInt32(at + MAGIC_AT);
}

/**
 * Numbers and places of one record in a buffer, read in one pass. One view serves any number of records,
 * so that a scan of a whole log allocates nothing. Places (`…At`) are positions in the buffer.
 */
export class RecordView {
  at = 0;
  size = 0;
  magic = 0;
  bodyCrc = 0;
  queueId = 0;
  queueOffset = 0;
  /** What the record says about its own place in the log. */
  logOffset = 0;
  sysFlag = 0;
  storeTimestamp = 0;
  preparedOffset = 0;
  bodyAt = 0;
  bodyLength = 0;
  topicAt = 0;
  topicLength = 0;
  propertiesAt = 0;
  propertiesLength = 0;

  /**
   * Reads the record at `at` of a buffer that ends at `end`. Undefined when its lengths fit together and it
   * lies within the buffer, else the reason why not, and the fields mean nothing. The body's CRC is not checked.
   */
  read(view: DataView, at: number, end: number = view.byteLength): string | undefined {
    const room = end - at;
    if (room < 8) return `${room} bytes left, a record starts with 8`;
    const size = recordSize(view, at);
    const magic = recordMagic(view, at);
    if (magic !== MESSAGE_MAGIC && magic !== MESSAGE_MAGIC_V2) return `magic is ${hex(magic)}`;
    if (size < RECORD_BYTES_MIN) return `size is ${size}, at least ${RECORD_BYTES_MIN}`;
    if (size > room) return `size is ${size}, ${room} bytes left`;
    this.at = at;
    this.size = size;
    this.magic = magic;
    return this.#readParts(view, at, at + size);
  }

  #readParts(view: DataView, at: number, end: number): string | undefined {
    const sysFlag = view.getInt32(at + SYS_FLAG_AT);
    const extra = hostsExtra(sysFlag);
    if (this.size < RECORD_BYTES_MIN + extra) {
      return `size is ${this.size}, too small for its hosts`;
    }
    this.bodyAt = at + BODY_LENGTH_AT + extra + 4;
    this.bodyLength = view.getInt32(this.bodyAt - 4);
    const topicLengthBytes = this.magic === MESSAGE_MAGIC ? 1 : 2;
    const topicRoom = end - this.bodyAt - topicLengthBytes - 2;
    if (this.bodyLength < 0 || this.bodyLength > topicRoom) {
      return `body of ${this.bodyLength} bytes, at most ${topicRoom}`;
    }
    const topicLengthAt = this.bodyAt + this.bodyLength;
    this.topicAt = topicLengthAt + topicLengthBytes;
    this.topicLength = topicLengthBytes === 1
      ? view.getInt8(topicLengthAt)
      : view.getInt16(topicLengthAt);
    if (this.topicLength < 0 || this.topicLength > end - this.topicAt - 2) {
      return `topic of ${this.topicLength} bytes, at most ${end - this.topicAt - 2}`;
    }
    this.propertiesAt = this.topicAt + this.topicLength + 2;
    this.propertiesLength = view.getInt16(this.propertiesAt - 2);
    if (this.propertiesLength !== end - this.propertiesAt) {
      return `properties of ${this.propertiesLength} bytes, ${end - this.propertiesAt} are left`;
    }
    this.#readNumbers(view, at, sysFlag, extra);
  }

  #readNumbers(view: DataView, at: number, sysFlag: number, extra: number): void {
    this.sysFlag = sysFlag;
    this.bodyCrc = view.getInt32(at + BODY_CRC_AT);
    this.queueId = view.getInt32(at + QUEUE_ID_AT);
    this.queueOffset = readInt64(view, at + QUEUE_OFFSET_AT);
    this.logOffset = readInt64(view, at + PHYSICAL_OFFSET_AT);
    this.storeTimestamp = readInt64(view, at + storeTimestampAt(sysFlag));
    this.preparedOffset = readInt64(view, at + PREPARED_OFFSET_AT + extra);
  }
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}
