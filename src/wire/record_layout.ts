/**
 * A message as it lies in the commit log, travels to slaves and is answered to pulls. All numbers are big-endian.
 *
 *     at   field                  type
 *     0    totalSize              int32   of the whole record
 *     4    magic                  int32   MESSAGE_MAGIC, or MESSAGE_MAGIC_V2
 *     8    bodyCRC                int32   CRC-32 of the body & 0x7FFFFFFF; an empty body has 0
 *     12   queueId                int32
 *     16   flag                   int32   the user's
 *     20   queueOffset            int64   entry number; 0 for a prepared or rolled back message
 *     28   physicalOffset         int64   own place in the log, bytes
 *     36   sysFlag                int32   bits 4 and 5 say which hosts are IPv6
 *     40   bornTimestamp          int64   ms
 *     48   bornHost               4 or 16 address bytes, port int32
 *     56   storeTimestamp         int64   ms; from here on +12 after an IPv6 born host
 *     64   storeHost              as bornHost
 *     72   reconsumeTimes         int32   from here on +12 more after an IPv6 store host
 *     76   preparedOffset         int64   place of the half message, in a committed copy
 *     84   bodyLength             int32
 *     88   body
 *          topicLength            int8    (V2: int16)
 *          topic                  UTF-8
 *          propertiesLength       int16
 *          properties             UTF-8, properties.ts
 *
 * V2 comes from 5.x brokers and only for topics longer than 127 bytes.
 * Source: CommitLog, MessageDecoder.
 */
export const MESSAGE_MAGIC = 0xdaa320a7 | 0;
export const MESSAGE_MAGIC_V2 = 0xdaa320ab | 0;

/**
 * What fills a log file up to its end when the next record does not fit.
 *
 *     0            4             8
 *     | size int32 | magic int32 | filler |     size: all bytes left in the file, these 8 included
 *
 * A record goes in only if these 8 bytes still fit behind it, so every finished file ends in one.
 */
export const BLANK_MAGIC = 0xcbd43194 | 0;
export const BLANK_BYTES_MIN = 8;

export const TOTAL_SIZE_AT = 0;
export const MAGIC_AT = 4;
export const BODY_CRC_AT = 8;
export const QUEUE_ID_AT = 12;
export const FLAG_AT = 16;
export const QUEUE_OFFSET_AT = 20;
export const PHYSICAL_OFFSET_AT = 28;
export const SYS_FLAG_AT = 36;
export const BORN_TIMESTAMP_AT = 40;
export const BORN_HOST_AT = 48;
/** With an IPv4 born host; see `storeTimestampAt`. */
const STORE_TIMESTAMP_AT = 56;
/** Size of a record without body, topic and properties, when both hosts are IPv4. */
export const RECORD_BYTES_MIN = 91;
/** What an IPv6 host takes more than an IPv4 one. */
export const IPV6_EXTRA_BYTES = 12;

/** Bits of sysFlag. Source: MessageSysFlag. */
export const SysFlag = {
  COMPRESSED: 1,
  MULTI_TAGS: 2,
  /** The two bits that say what a message is to a transaction. */
  TRANSACTION: 12,
  PREPARED: 4,
  COMMIT: 8,
  ROLLBACK: 12,
  BORN_HOST_V6: 16,
  STORE_HOST_V6: 32,
  /** Valid with COMPRESSED: 0 and 3 are zlib, 1 LZ4, 2 ZSTD. */
  COMPRESSION_TYPE: 0x700,
} as const;

/** Longest topic that fits a record every broker reads. */
export const TOPIC_BYTES_MAX = 127;
/** Longest text of properties. */
export const PROPERTIES_BYTES_MAX = 32767;

/** Where storeTimestamp lies in a record with that sysFlag; the store stamps it under its own order. */
export function storeTimestampAt(sysFlag: number): number {
  return STORE_TIMESTAMP_AT + (sysFlag & SysFlag.BORN_HOST_V6 ? IPV6_EXTRA_BYTES : 0);
}

/** What IPv6 hosts add to every place behind them. */
export function hostsExtra(sysFlag: number): number {
  return (sysFlag & SysFlag.BORN_HOST_V6 ? IPV6_EXTRA_BYTES : 0) +
    (sysFlag & SysFlag.STORE_HOST_V6 ? IPV6_EXTRA_BYTES : 0);
}
