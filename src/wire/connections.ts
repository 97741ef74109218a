import { utf8 } from "../base/bytes.ts";
import { RequestCode } from "./codes.ts";
import type { Request } from "./command.ts";
import { languageCode, languageName } from "./header.ts";
import { readSubscription, type Subscription, subscriptionJson } from "./heartbeat.ts";
import { JsonBody } from "./json_body.ts";

/** A client on its connection. Source: Connection. */
export interface Connection {
  /** `host:port` as the broker sees it. */
  readonly clientAddr: string;
  /** What the client calls itself. */
  readonly clientId: string;
  /** One of the names that every reader knows. */
  readonly language: string;
  /** Number of its RocketMQ version. */
  readonly version: number;
}

/** A group that is online: body of answer 203. Source: ConsumerConnection. */
export interface ConsumerConnections {
  /** Its members. */
  readonly connections: readonly Connection[];
  /** Where a new group begins, as CONSUME_FROM_LAST_OFFSET. */
  readonly consumeFromWhere: string;
  /** CONSUME_PASSIVELY when messages are pushed, else CONSUME_ACTIVELY. */
  readonly consumeType: string;
  /** CLUSTERING or BROADCASTING. */
  readonly messageModel: string;
  /** By topic. */
  readonly subscriptions: ReadonlyMap<string, Subscription>;
}

/** A client that produces. Source: ProducerInfo. */
export interface ProducerInfo {
  readonly clientId: string;
  readonly language: string;
  /** When it was heard of last, ms since 1970. */
  readonly lastUpdateTimestamp: number;
  /** `host:port`; in the body a slash stands before it. */
  readonly remoteAddr: string;
  readonly version: number;
}

/** Request 203. */
export function formatConsumerConnectionsQuery(consumerGroup: string): Request {
  return { code: RequestCode.GET_CONSUMER_CONNECTION_LIST, ext: { consumerGroup } };
}

/** Request 204. */
export function formatProducerConnectionsQuery(producerGroup: string): Request {
  return { code: RequestCode.GET_PRODUCER_CONNECTION_LIST, ext: { producerGroup } };
}

/** Request 328. */
export function formatProducersQuery(): Request {
  return { code: RequestCode.GET_ALL_PRODUCER_INFO };
}

/** The name of a language that readers know: a Java enum is read by its name, and fails on others. */
export function knownLanguage(name: string | undefined): string {
  return languageName(languageCode(name))!;
}

/** The body of an answer to 203. */
export function formatConsumerConnections(group: ConsumerConnections): Uint8Array {
  const { consumeFromWhere, consumeType, messageModel } = group;
  const subscriptionTable = Object.fromEntries(
    Array.from(group.subscriptions, ([topic, each]) => [topic, subscriptionJson(each)]),
  );
  return utf8(JSON.stringify({
    connectionSet: group.connections.map(connectionJson),
    consumeFromWhere,
    consumeType,
    messageModel,
    subscriptionTable,
  }));
}

/** @throws {FieldError} */
export function parseConsumerConnections(body: Uint8Array): ConsumerConnections {
  const group = JsonBody.parse(body);
  const subscriptions = new Map<string, Subscription>();
  for (const [topic, value, path] of group.each("subscriptionTable")) {
    subscriptions.set(topic, readSubscription(JsonBody.of(value, path)));
  }
  return {
    connections: group.list("connectionSet", readConnection),
    consumeFromWhere: group.textOr("consumeFromWhere", ""),
    consumeType: group.textOr("consumeType", ""),
    messageModel: group.textOr("messageModel", ""),
    subscriptions,
  };
}

/** The body of an answer to 204. */
export function formatProducerConnections(connections: readonly Connection[]): Uint8Array {
  return utf8(JSON.stringify({ connectionSet: connections.map(connectionJson) }));
}

/** @throws {FieldError} */
export function parseProducerConnections(body: Uint8Array): Connection[] {
  return JsonBody.parse(body).list("connectionSet", readConnection);
}

/** The body of an answer to 328: producers by group. Source: ProducerTableInfo. */
export function formatProducers(groups: ReadonlyMap<string, readonly ProducerInfo[]>): Uint8Array {
  const data = Object.fromEntries(
    Array.from(groups, ([group, producers]) => [group, producers.map(producerJson)]),
  );
  return utf8(JSON.stringify({ data }));
}

/** @throws {FieldError} */
export function parseProducers(body: Uint8Array): Map<string, ProducerInfo[]> {
  const groups = new Map<string, ProducerInfo[]>();
  for (const [group, value, path] of JsonBody.parse(body).each("data")) {
    groups.set(group, JsonBody.of({ all: value }, path).list("all", readProducer));
  }
  return groups;
}

function connectionJson({ clientAddr, clientId, language, version }: Connection): Connection {
  return { clientAddr, clientId, language, version };
}

function readConnection(item: unknown, path: string): Connection {
  const connection = JsonBody.of(item, path);
  return {
    clientAddr: connection.textOr("clientAddr", ""),
    clientId: connection.textOr("clientId", ""),
    language: connection.textOr("language", "OTHER"),
    version: connection.whole("version", 0),
  };
}

function producerJson(producer: ProducerInfo): Record<string, unknown> {
  const { clientId, language, lastUpdateTimestamp, remoteAddr, version } = producer;
  return { clientId, language, lastUpdateTimestamp, remoteIP: `/${remoteAddr}`, version };
}

function readProducer(item: unknown, path: string): ProducerInfo {
  const producer = JsonBody.of(item, path);
  return {
    clientId: producer.textOr("clientId", ""),
    language: producer.textOr("language", "OTHER"),
    lastUpdateTimestamp: producer.long("lastUpdateTimestamp", 0),
    remoteAddr: producer.textOr("remoteIP", "").replace(/^\//, ""),
    version: producer.whole("version", 0),
  };
}
