import { reasonOf } from "../base/log.ts";
import type { Codecs } from "../ports/host.ts";
import { unpackBody } from "../wire/compress.ts";
import { addressText, hostBytes } from "../wire/host_address.ts";
import type { StoredMessage } from "../wire/message.ts";
import { formatMessageId, messageIdPrefix } from "../wire/message_id.ts";
import { parseProperties, Property } from "../wire/properties.ts";

/** A message as a consumer gets it. */
export interface Message {
  /** The topic it was sent to, also when this is a retry. */
  readonly topic: string;
  /** The broker group it came from. */
  readonly brokerName: string;
  /** Its queue there. */
  readonly queueId: number;
  /** Its place in that queue. */
  readonly queueOffset: number;
  /** What its producer named it; the broker's id when it had no name. */
  readonly messageId: string;
  /** The broker's id: address and log offset. */
  readonly offsetMessageId: string;
  /** What was sent, unpacked. */
  readonly body: Uint8Array;
  /** Why `body` is as it was stored, packed or damaged; undefined when it is what was sent. */
  readonly problem: string | undefined;
  /** What it can be selected by. */
  readonly tag: string | undefined;
  /** What it can be found by. */
  readonly keys: readonly string[];
  /** Everything its producer and the brokers noted on it. */
  readonly properties: ReadonlyMap<string, string>;
  /** A number of the producer's own. */
  readonly flag: number;
  /** When it was sent, ms since 1970, by the producer's clock. */
  readonly bornTimestamp: number;
  /** When it was stored, ms since 1970, by the broker's clock. */
  readonly storeTimestamp: number;
  /** Who sent it, host:port. */
  readonly bornHost: string;
  /** Who stored it, host:port. */
  readonly storeHost: string;
  /** How often its delivery failed before. */
  readonly reconsumeTimes: number;
}

/** A body that unpacks to more is left packed. */
export const BODY_BYTES_MAX = 64 * 1024 * 1024;

/** The message in a record that a broker gave. */
export function messageOf(record: StoredMessage, brokerName: string, codecs: Codecs): Message {
  const properties = parseProperties(record.properties);
  const { storeHost, logOffset } = record;
  const offsetMessageId = formatMessageId(messageIdPrefix(hostBytes(storeHost)), logOffset);
  return {
    topic: properties.get(Property.RETRY_TOPIC) ?? record.topic,
    brokerName,
    queueId: record.queueId,
    queueOffset: record.queueOffset,
    messageId: properties.get(Property.UNIQ_KEY) ?? offsetMessageId,
    offsetMessageId,
    ...bodyOf(record, codecs),
    tag: properties.get(Property.TAGS),
    keys: properties.get(Property.KEYS)?.split(" ").filter((key) => key !== "") ?? [],
    properties,
    flag: record.flag,
    bornTimestamp: record.bornTimestamp,
    storeTimestamp: record.storeTimestamp,
    bornHost: addressText(record.bornHost),
    storeHost: addressText(storeHost),
    reconsumeTimes: record.reconsumeTimes,
  };
}

function bodyOf(record: StoredMessage, codecs: Codecs): Pick<Message, "body" | "problem"> {
  const { body, bodyCrc } = record;
  const crc = codecs.crc32(body) & 0x7fffffff;
  if (crc !== bodyCrc) return { body, problem: `checksum is ${crc}, ${bodyCrc} was stored` };
  try {
    return { body: unpackBody(codecs, record, BODY_BYTES_MAX), problem: undefined };
  } catch (error) {
    return { body, problem: reasonOf(error) };
  }
}
