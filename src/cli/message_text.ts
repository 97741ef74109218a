import { textOf as utf8Of } from "../base/bytes.ts";
import type { Message } from "../client/incoming.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The body alone, for people and pipes. */
export function textOf({ body }: Message): string {
  return `${utf8Of(body)}\n`;
}

/** Everything about a message, as one line of JSON. */
export function jsonOf(message: Message): string {
  return JSON.stringify({
    topic: message.topic,
    broker: message.brokerName,
    queueId: message.queueId,
    queueOffset: message.queueOffset,
    messageId: message.messageId,
    offsetMessageId: message.offsetMessageId,
    tag: message.tag,
    keys: message.keys,
    born: new Date(message.bornTimestamp).toISOString(),
    stored: new Date(message.storeTimestamp).toISOString(),
    bornHost: message.bornHost,
    reconsumeTimes: message.reconsumeTimes,
    properties: Object.fromEntries(message.properties),
    problem: message.problem,
    ...bodyOf(message.body),
  }) + "\n";
}

/** A body as a field of JSON: its text, or base64 of what is no UTF-8. */
export function bodyOf(bytes: Uint8Array): { body: string } | { bodyBase64: string } {
  try {
    return { body: strict.decode(bytes) };
  } catch {
    let binary = "";
    for (const byte of bytes) binary += String.fromCharCode(byte);
    return { bodyBase64: btoa(binary) };
  }
}
