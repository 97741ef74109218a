import { utf8 } from "../base/bytes.ts";
import type { Codecs } from "../ports/host.ts";
import { compressBody } from "../wire/compress.ts";
import { formatProperties, Property } from "../wire/properties.ts";
import type { UniqueIds } from "./unique_id.ts";

/** A message as an application gives it. */
export interface OutgoingMessage {
  /** Where it goes; made by sending where brokers allow that. */
  readonly topic: string;
  /** Text is sent as UTF-8. */
  readonly body: Uint8Array | string;
  /** What consumers can ask for. */
  readonly tag?: string;
  /** What admin tools find it by; no spaces inside a key. */
  readonly keys?: readonly string[];
  /** The application's own names and values; consumers get them, and may filter by them. */
  readonly properties?: Readonly<Record<string, string>>;
  /** 1 to 18: delivered after the time of that level (1 s, 5 s, 10 s, 30 s, 1 m… 2 h). */
  readonly delayLevel?: number;
  /** A number of the application's own, stored as it is. */
  readonly flag?: number;
  /** False: answered before it is flushed or replicated. */
  readonly waitStored?: boolean;
}

/** The message as it is sent. */
export interface Encoded {
  readonly topic: string;
  readonly messageId: string;
  readonly body: Uint8Array;
  readonly properties: string;
  readonly sysFlag: number;
  readonly flag: number;
}

/** Larger bodies are compressed. Source: DefaultMQProducer.compressMsgBodyOverHowmuch. */
export const COMPRESS_BYTES_MIN = 4096;

/**
 * Gives a message its id and its wire form. With `compress`, a large body goes out as a zlib stream if that
 * is smaller; messages of a batch cannot be compressed one by one.
 *
 * @throws {Error} when a property cannot be written.
 */
export function encode(
  message: OutgoingMessage,
  ids: UniqueIds,
  codecs: Codecs,
  compress: boolean,
): Encoded {
  const messageId = ids.next();
  const plain = typeof message.body === "string" ? utf8(message.body) : message.body;
  const asIs = { body: plain, sysFlag: 0 };
  const packed = compress && plain.length > COMPRESS_BYTES_MIN ? compressBody(codecs, asIs) : asIs;
  return {
    topic: message.topic,
    messageId,
    ...(packed.body.length < plain.length ? packed : asIs),
    properties: formatProperties(propertiesOf(message, messageId)),
    flag: message.flag ?? 0,
  };
}

function propertiesOf(message: OutgoingMessage, messageId: string): Map<string, string> {
  const properties = new Map(Object.entries(message.properties ?? {}));
  if (message.tag !== undefined) properties.set(Property.TAGS, message.tag);
  if (message.keys?.length) properties.set(Property.KEYS, message.keys.join(" "));
  if (message.delayLevel) properties.set(Property.DELAY, String(message.delayLevel));
  properties.set(Property.UNIQ_KEY, messageId);
  properties.set(Property.WAIT, String(message.waitStored ?? true));
  for (const [name, value] of properties) {
    // deno-lint-ignore no-control-regex -- the two characters that separate properties on the wire
    if (name === "" || /[\x01\x02]/.test(name + value)) {
      throw new Error(`property "${name}" must have a name, and neither may hold \\x01 or \\x02`);
    }
  }
  return properties;
}
