import { reasonOf } from "../base/log.ts";
import type { Codecs } from "../ports/host.ts";
import { unpackBody } from "../wire/compress.ts";
import { addressText } from "../wire/host_address.ts";
import type { StoredMessage } from "../wire/message.ts";
import { parseProperties, Property } from "../wire/properties.ts";
import { SysFlag } from "../wire/record_layout.ts";
import { bodyOf } from "./message_text.ts";

/** What a packed body may become. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;
/** Width of a log offset, for columns. */
const OFFSET_WIDTH = 14;

/** Everything a record of the log says, as one line of JSON; its body only with `codecs` to unpack it. */
export function recordJson(message: StoredMessage, codecs: Codecs | undefined): string {
  const properties = parseProperties(message.properties);
  return JSON.stringify({
    logOffset: message.logOffset,
    size: message.size,
    topic: message.topic,
    queueId: message.queueId,
    queueOffset: message.queueOffset,
    stored: timeText(message.storeTimestamp),
    born: timeText(message.bornTimestamp),
    storeHost: addressText(message.storeHost),
    bornHost: addressText(message.bornHost),
    flag: message.flag,
    sysFlag: message.sysFlag,
    transaction: transactionOf(message),
    reconsumeTimes: message.reconsumeTimes,
    preparedOffset: message.preparedOffset,
    tag: properties.get(Property.TAGS),
    keys: keysOf(properties),
    properties: Object.fromEntries(properties),
    ...(codecs && unpackedBody(message, codecs)),
  }) + "\n";
}

/** One record as a line for people, and its body, quoted, on the next. */
export function recordText(message: StoredMessage, codecs: Codecs | undefined): string {
  const { logOffset, size, storeTimestamp, topic, queueId, queueOffset } = message;
  const properties = parseProperties(message.properties);
  const tag = properties.get(Property.TAGS);
  const keys = keysOf(properties);
  const line = [
    String(logOffset).padStart(OFFSET_WIDTH),
    String(size).padStart(7),
    timeText(storeTimestamp),
    `${topic}/${queueId}/${queueOffset}`,
    ...(tag === undefined ? [] : [`tag ${tag}`]),
    ...(keys.length === 0 ? [] : [`keys ${keys.join(" ")}`]),
    transactionOf(message) ?? "",
  ];
  const body = codecs === undefined ? "" : bodyText(unpackedBody(message, codecs));
  return printable(line.join("  ").trimEnd()) + "\n" + body;
}

/** The names of the columns of `recordText`. */
export const RECORD_HEADER: string = `${"LOG OFFSET".padStart(OFFSET_WIDTH)}     SIZE  ${
  "STORED".padEnd(24)
}  TOPIC/QUEUE/OFFSET\n`;

/** What a message can be found by: its unique key and the others. */
export function keysOf(properties: ReadonlyMap<string, string>): string[] {
  const unique = properties.get(Property.UNIQ_KEY);
  const others = properties.get(Property.KEYS)?.split(" ").filter((key) => key !== "") ?? [];
  return unique === undefined ? others : [unique, ...others];
}

/** A time in a log: what is no time stays the number it is. */
export function timeText(ms: number): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? String(ms) : time.toISOString();
}

function transactionOf({ sysFlag }: StoredMessage): string | undefined {
  switch (sysFlag & SysFlag.TRANSACTION) {
    case SysFlag.PREPARED:
      return "prepared";
    case SysFlag.COMMIT:
      return "committed";
    case SysFlag.ROLLBACK:
      return "rolled back";
  }
}

type ShownBody = ReturnType<typeof bodyOf> | { readonly bodyProblem: string };

function unpackedBody(message: StoredMessage, codecs: Codecs): ShownBody {
  try {
    return bodyOf(unpackBody(codecs, message, BODY_BYTES_MAX));
  } catch (error) {
    return { bodyProblem: reasonOf(error) };
  }
}

function bodyText(shown: ShownBody): string {
  const text = "body" in shown
    ? JSON.stringify(shown.body)
    : "bodyBase64" in shown
    ? `base64 ${shown.bodyBase64}`
    : shown.bodyProblem;
  return `${" ".repeat(OFFSET_WIDTH)}  ${printable(text)}\n`;
}

/** Nothing in a message may steer the terminal it is shown on. */
function printable(text: string): string {
  // deno-lint-ignore no-control-regex -- these are what is looked for
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, "\ufffd");
}
