import { AnswerError } from "../client/errors.ts";
import { type Message, messageOf } from "../client/incoming.ts";
import type { Codecs } from "../ports/host.ts";
import { ResponseCode } from "../wire/codes.ts";
import { addressText } from "../wire/host_address.ts";
import { decodeRecord, decodeRecords, type StoredMessage } from "../wire/message.ts";
import { parseMessageId } from "../wire/message_id.ts";
import { formatKeyQuery, formatView, type KeyQuery, parseKeyAnswer } from "../wire/query.ts";
import type { BrokerData } from "../wire/route.ts";
import { clusterBrokers } from "./cluster.ts";
import { askNode, type Lines } from "./lines.ts";
import { topicRoute } from "./topics.ts";

/** 2^63 - 1 as clients send it. */
const LAST_MS = Number.MAX_SAFE_INTEGER;

/** A message, and the record that a broker stored of it: that of a retry names another topic. */
export interface Found {
  readonly message: Message;
  readonly record: StoredMessage;
}

/**
 * The message that a broker's own id names. The id has the broker's address; `from` asks another one that has
 * the same log, as its slaves do.
 *
 * An id that a client made looks the same, so nobody is dialled who is no broker of the cluster.
 *
 * @throws {AnswerError} when the id names no broker of the cluster, or there is no such message.
 * @throws {CallError} {FieldError} {WireError}
 */
export async function messageById(
  lines: Pick<Lines, "calls" | "servers">,
  id: string,
  codecs: Codecs,
  from?: string,
): Promise<Message> {
  return (await foundById(lines, id, codecs, from)).message;
}

/** The same, with its record. @throws {AnswerError} {CallError} {FieldError} {WireError} */
export async function foundById(
  lines: Pick<Lines, "calls" | "servers">,
  id: string,
  codecs: Codecs,
  from?: string,
): Promise<Found> {
  const place = parseMessageId(id);
  const stored = place && addressText(place.storeHost);
  const brokers = from === undefined ? await clusterBrokers(lines.servers) : [];
  const broker = brokers.find(({ address }) => address === stored);
  const address = from ?? broker?.address;
  if (place === undefined || address === undefined) {
    const why =
      "it is no id of a registered broker; an id that its producer gave needs the topic, too";
    throw new AnswerError(ResponseCode.QUERY_NOT_FOUND, `Cannot find message ${id}: ${why}`);
  }
  const { body } = await askNode(lines, address, formatView(place.logOffset), `find message ${id}`);
  const record = decodeRecord(body);
  return { record, message: messageOf(record, broker?.name ?? "", codecs) };
}

/** What messages are looked for. */
export type MessageQuery =
  & Pick<KeyQuery, "topic" | "key" | "maxCount">
  & Partial<Pick<KeyQuery, "beginTimestamp" | "endTimestamp" | "isUniqueKey">>;

/**
 * Messages of a topic by one of their keys, or by the id a client gave one, from every broker that has the
 * topic; oldest first.
 *
 * @throws {AnswerError} {CallError} {FieldError} {WireError}
 */
export async function messagesByKey(
  lines: Pick<Lines, "calls" | "servers">,
  query: MessageQuery,
  codecs: Codecs,
): Promise<Message[]> {
  return (await foundByKey(lines, query, codecs)).map(({ message }) => message);
}

/** The same, with their records. @throws {AnswerError} {CallError} {FieldError} {WireError} */
export async function foundByKey(
  lines: Pick<Lines, "calls" | "servers">,
  query: MessageQuery,
  codecs: Codecs,
): Promise<Found[]> {
  const { brokers } = await topicRoute(lines, query.topic);
  const request = formatKeyQuery({
    beginTimestamp: 0,
    endTimestamp: LAST_MS,
    isUniqueKey: false,
    ...query,
  });
  const found = await Promise.all(brokers.map(async ({ brokerName, brokerAddrs }) => {
    try {
      const action = `find key "${query.key}"`;
      const answer = await askNode(lines, readable({ brokerAddrs }), request, action);
      const records = decodeRecords(parseKeyAnswer(answer).body);
      return records.map((record) => ({ record, message: messageOf(record, brokerName, codecs) }));
    } catch (error) {
      if (error instanceof AnswerError && error.code === ResponseCode.QUERY_NOT_FOUND) return [];
      throw error;
    }
  }));
  const { key } = query;
  const named = ({ message: { messageId, keys } }: Found) =>
    query.isUniqueKey ? messageId === key : keys.includes(key); // brokers look at hashes only
  return found.flat().filter(named)
    .sort((a, b) => a.record.storeTimestamp - b.record.storeTimestamp)
    .slice(0, query.maxCount);
}

/** The master, or the slave with the least id when there is none. */
function readable({ brokerAddrs }: Pick<BrokerData, "brokerAddrs">): string {
  return brokerAddrs.get(Math.min(...brokerAddrs.keys()))!;
}
