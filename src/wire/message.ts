import { readInt64, textOf, viewOf, writeInt64 } from "../base/bytes.ts";
import { invariant, WireError } from "../base/errors.ts";
import type { Address } from "../ports/net.ts";
import { IPV4_HOST_BYTES, IPV6_HOST_BYTES, readHost } from "./host_address.ts";
import {
  BLANK_BYTES_MIN,
  BLANK_MAGIC,
  BODY_CRC_AT,
  BORN_HOST_AT,
  BORN_TIMESTAMP_AT,
  FLAG_AT,
  IPV6_EXTRA_BYTES,
  MAGIC_AT,
  MESSAGE_MAGIC,
  PHYSICAL_OFFSET_AT,
  PROPERTIES_BYTES_MAX,
  QUEUE_ID_AT,
  QUEUE_OFFSET_AT,
  RECORD_BYTES_MIN,
  storeTimestampAt,
  SYS_FLAG_AT,
  SysFlag,
  TOPIC_BYTES_MAX,
} from "./record_layout.ts";
import { RecordView } from "./record_view.ts";

const encoder = new TextEncoder();
const HOST_BITS = SysFlag.BORN_HOST_V6 | SysFlag.STORE_HOST_V6;

/** What `putRecord` writes; record_layout.ts draws it. Texts that repeat come encoded already. */
export interface RecordFields {
  readonly topic: Uint8Array;
  readonly queueId: number;
  readonly flag: number;
  readonly queueOffset: number;
  readonly logOffset: number;
  /** The host bits are set by the writer, from the hosts. */
  readonly sysFlag: number;
  readonly bornTimestamp: number;
  /** From `hostBytes`. */
  readonly bornHost: Uint8Array;
  readonly storeTimestamp: number;
  /** From `hostBytes`. */
  readonly storeHost: Uint8Array;
  readonly reconsumeTimes: number;
  readonly preparedOffset: number;
  readonly body: Uint8Array;
  /** CRC-32 of the body & 0x7FFFFFFF. */
  readonly bodyCrc: number;
  /** At most PROPERTIES_BYTES_MAX as UTF-8, or as these bytes. */
  readonly properties: string | Uint8Array;
}

/** A record, decoded. `body` is a view of the buffer it was read from, compressed when sysFlag says so. */
export interface StoredMessage {
  readonly size: number;
  readonly magic: number;
  readonly bodyCrc: number;
  readonly queueId: number;
  readonly flag: number;
  readonly queueOffset: number;
  readonly logOffset: number;
  readonly sysFlag: number;
  readonly bornTimestamp: number;
  readonly bornHost: Address;
  readonly storeTimestamp: number;
  readonly storeHost: Address;
  readonly reconsumeTimes: number;
  readonly preparedOffset: number;
  readonly body: Uint8Array;
  readonly topic: string;
  /** properties.ts reads it. */
  readonly properties: string;
}

/** No record with such parts is larger. */
export function recordSizeMax(
  topicBytes: number,
  bodyBytes: number,
  properties: string | Uint8Array,
): number {
  return RECORD_BYTES_MIN + 2 * IPV6_EXTRA_BYTES + topicBytes + bodyBytes + 3 * properties.length;
}

/** True when the text would not fit the properties of a record. */
export function propertiesTooLong(properties: string | Uint8Array): boolean {
  if (3 * properties.length <= PROPERTIES_BYTES_MAX) return false;
  if (typeof properties !== "string") return properties.length > PROPERTIES_BYTES_MAX;
  return encoder.encode(properties).length > PROPERTIES_BYTES_MAX;
}

/**
 * Writes a record straight to where it is written and sent from; the caller made room for `recordSizeMax`.
 * `view` is the view of all of `into`. Gives the record's size.
 */
export function putRecord(
  into: Uint8Array,
  view: DataView,
  at: number,
  m: RecordFields,
): number {
  invariant(m.topic.length <= TOPIC_BYTES_MAX, "a topic has at most 127 bytes");
  const afterHosts = putNumbers(into, view, at, m);
  view.setInt32(afterHosts, m.reconsumeTimes);
  writeInt64(view, afterHosts + 4, m.preparedOffset);
  view.setInt32(afterHosts + 12, m.body.length);
  const bodyAt = afterHosts + 16;
  into.set(m.body, bodyAt);
  const topicLengthAt = bodyAt + m.body.length;
  into[topicLengthAt] = m.topic.length;
  into.set(m.topic, topicLengthAt + 1);
  const propertiesAt = topicLengthAt + 3 + m.topic.length;
  const propertiesBytes = putProperties(into, propertiesAt, m.properties);
  invariant(propertiesBytes <= PROPERTIES_BYTES_MAX, "properties fit an int16 length");
  view.setInt16(propertiesAt - 2, propertiesBytes);
  const size = propertiesAt + propertiesBytes - at;
  view.setInt32(at, size);
  return size;
}

function putProperties(into: Uint8Array, at: number, properties: string | Uint8Array): number {
  if (typeof properties === "string") {
    return encoder.encodeInto(properties, into.subarray(at)).written;
  }
  into.set(properties, at);
  return properties.length;
}

/** Writes the head of the filler that takes the last `size` bytes of a log file. */
export function putBlank(view: DataView, at: number, size: number): void {
  invariant(size >= BLANK_BYTES_MIN, "every record leaves room for a blank");
  view.setInt32(at, size);
  view.setInt32(at + MAGIC_AT, BLANK_MAGIC);
}

/** The record at `at`. @throws {WireError} when the bytes there are none. */
export function decodeRecord(bytes: Uint8Array, at = 0): StoredMessage {
  return decodeAt(new RecordView(), viewOf(bytes), bytes, at);
}

/** Records back to back, as a pull is answered. @throws {WireError} */
export function decodeRecords(bytes: Uint8Array): StoredMessage[] {
  const record = new RecordView();
  const view = viewOf(bytes);
  const messages: StoredMessage[] = [];
  for (let at = 0; at < bytes.length; at += record.size) {
    messages.push(decodeAt(record, view, bytes, at));
  }
  return messages;
}

/** Writes the fields before reconsumeTimes, the size excepted; gives the place behind them. */
function putNumbers(into: Uint8Array, view: DataView, at: number, m: RecordFields): number {
  const hostBits = (m.bornHost.length === IPV6_HOST_BYTES ? SysFlag.BORN_HOST_V6 : 0) |
    (m.storeHost.length === IPV6_HOST_BYTES ? SysFlag.STORE_HOST_V6 : 0);
  view.setInt32(at + MAGIC_AT, MESSAGE_MAGIC);
  view.setInt32(at + BODY_CRC_AT, m.bodyCrc);
  view.setInt32(at + QUEUE_ID_AT, m.queueId);
  view.setInt32(at + FLAG_AT, m.flag);
  writeInt64(view, at + QUEUE_OFFSET_AT, m.queueOffset);
  writeInt64(view, at + PHYSICAL_OFFSET_AT, m.logOffset);
  view.setInt32(at + SYS_FLAG_AT, (m.sysFlag & ~HOST_BITS) | hostBits);
  writeInt64(view, at + BORN_TIMESTAMP_AT, m.bornTimestamp);
  into.set(m.bornHost, at + BORN_HOST_AT);
  const storeAt = at + BORN_HOST_AT + m.bornHost.length;
  writeInt64(view, storeAt, m.storeTimestamp);
  into.set(m.storeHost, storeAt + 8);
  return storeAt + 8 + m.storeHost.length;
}

function decodeAt(
  record: RecordView,
  view: DataView,
  bytes: Uint8Array,
  at: number,
): StoredMessage {
  const problem = record.read(view, at);
  if (problem !== undefined) throw new WireError(`record at byte ${at}: ${problem}`);
  const storeAt = at + storeTimestampAt(record.sysFlag);
  const bodyEnd = record.bodyAt + record.bodyLength;
  return {
    size: record.size,
    magic: record.magic,
    bodyCrc: record.bodyCrc,
    queueId: record.queueId,
    flag: view.getInt32(at + FLAG_AT),
    queueOffset: record.queueOffset,
    logOffset: record.logOffset,
    sysFlag: record.sysFlag,
    bornTimestamp: readInt64(view, at + BORN_TIMESTAMP_AT),
    bornHost: readHost(view, at + BORN_HOST_AT, storeAt - at - BORN_HOST_AT),
    storeTimestamp: record.storeTimestamp,
    storeHost: readHost(view, storeAt + 8, storeHostBytes(record.sysFlag)),
    reconsumeTimes: view.getInt32(record.bodyAt - 16),
    preparedOffset: record.preparedOffset,
    body: bytes.subarray(record.bodyAt, bodyEnd),
    topic: textOf(bytes.subarray(record.topicAt, record.topicAt + record.topicLength)),
    properties: textOf(
      bytes.subarray(record.propertiesAt, record.propertiesAt + record.propertiesLength),
    ),
  };
}

function storeHostBytes(sysFlag: number): number {
  return sysFlag & SysFlag.STORE_HOST_V6 ? IPV6_HOST_BYTES : IPV4_HOST_BYTES;
}
