import type { Found } from "../../admin/messages.ts";
import type { MessageTrack } from "../../admin/tracks.ts";
import { bodyOf } from "../message_text.ts";
import { localTime } from "./print.ts";

/** A message as mqadmin shows one; `ids` has its broker's id first. */
export function foundText(found: Found, withId: boolean, bodyPath: string): string {
  const { message, record } = found;
  const rows: [string, string | number][] = [
    ...withId ? [["OffsetID:", message.offsetMessageId] as [string, string]] : [],
    ["Topic:", record.topic],
    ["Tags:", `[${message.tag ?? "null"}]`],
    ["Keys:", `[${message.properties.get("KEYS") ?? "null"}]`],
    ["Queue ID:", record.queueId],
    ["Queue Offset:", record.queueOffset],
    ["CommitLog Offset:", record.logOffset],
    ["Reconsume Times:", record.reconsumeTimes],
    ["Born Timestamp:", localTime(record.bornTimestamp)],
    ["Store Timestamp:", localTime(record.storeTimestamp)],
    ["Born Host:", message.bornHost],
    ["Store Host:", message.storeHost],
    ["System Flag:", record.sysFlag],
    ["Properties:", propertiesText(message.properties)],
    ["Message Body Path:", bodyPath],
  ];
  return rows.map(([name, value]) => `${name.padEnd(20)} ${value}\n`).join("");
}

/** What became of it in groups. */
export function tracksText(tracks: readonly MessageTrack[]): string {
  if (tracks.length === 0) return "\n\nWARN: No Consumer\n";
  const each = tracks.map(({ group, kind, problem }) =>
    `MessageTrack [consumerGroup=${group}, trackType=${kind}, exceptionDesc=${problem ?? null}]\n`
  );
  return `\n\n${each.join("")}`;
}

/** A message on one line, as Java prints the object, with its body behind it. */
export function foundLine(found: Found, bodyText: string): string {
  const { message, record } = found;
  const fields = {
    brokerName: message.brokerName,
    queueId: record.queueId,
    storeSize: record.size,
    queueOffset: record.queueOffset,
    sysFlag: record.sysFlag,
    bornTimestamp: record.bornTimestamp,
    bornHost: `/${message.bornHost}`,
    storeTimestamp: record.storeTimestamp,
    storeHost: `/${message.storeHost}`,
    msgId: message.offsetMessageId,
    commitLogOffset: record.logOffset,
    bodyCRC: record.bodyCrc,
    reconsumeTimes: record.reconsumeTimes,
    preparedTransactionOffset: record.preparedOffset,
  };
  const isHalf = message.properties.get("TRAN_MSG") === "true";
  const signed = Array.from(message.body, (byte) => byte > 127 ? byte - 256 : byte);
  const inner = {
    topic: `'${record.topic}'`,
    flag: record.flag,
    properties: propertiesText(message.properties),
    body: `[${signed.join(", ")}]`,
    transactionId: `'${isHalf ? message.messageId : null}'`,
  };
  return `MSGID: ${message.messageId} MessageExt [${listed(fields)}, ` +
    `toString()=Message{${listed(inner)}}] BODY: ${bodyText}\n`;
}

/** Everything about it, for a line of JSON. */
export function foundJson(found: Found): Record<string, unknown> {
  const { message, record } = found;
  return {
    topic: record.topic,
    brokerName: message.brokerName,
    queueId: record.queueId,
    queueOffset: record.queueOffset,
    messageId: message.messageId,
    offsetMessageId: message.offsetMessageId,
    logOffset: record.logOffset,
    size: record.size,
    sysFlag: record.sysFlag,
    flag: record.flag,
    tag: message.tag,
    keys: message.keys,
    bornTimestamp: record.bornTimestamp,
    storeTimestamp: record.storeTimestamp,
    bornHost: message.bornHost,
    storeHost: message.storeHost,
    reconsumeTimes: record.reconsumeTimes,
    preparedTransactionOffset: record.preparedOffset,
    properties: Object.fromEntries(message.properties),
    problem: message.problem,
    ...bodyOf(message.body),
  };
}

function propertiesText(properties: ReadonlyMap<string, string>): string {
  return `{${listed(Object.fromEntries(properties))}}`;
}

function listed(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields).map(([name, value]) => `${name}=${value}`).join(", ");
}
