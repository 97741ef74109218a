import { utf8 } from "../base/bytes.ts";
import { RequestCode } from "./codes.ts";
import type { ExtFields, Request } from "./command.ts";
import { textField } from "./fields.ts";
import { int32Item, JsonBody, textItem } from "./json_body.ts";

/** Names in the order of the numbers that C++ clients send. Source: ConsumeType. */
const CONSUME_TYPES = ["CONSUME_ACTIVELY", "CONSUME_PASSIVELY"];
/** Source: MessageModel. */
const MESSAGE_MODELS = ["BROADCASTING", "CLUSTERING"];
/** Three of them no client has used for years. Source: ConsumeFromWhere. */
const CONSUME_FROM = [
  "CONSUME_FROM_LAST_OFFSET",
  "CONSUME_FROM_LAST_OFFSET_AND_FROM_MIN_WHEN_BOOT_FIRST",
  "CONSUME_FROM_MIN_OFFSET",
  "CONSUME_FROM_MAX_OFFSET",
  "CONSUME_FROM_FIRST_OFFSET",
  "CONSUME_FROM_TIMESTAMP",
];

/** What a consumer wants of one topic. Source: SubscriptionData. */
export interface Subscription {
  /** What is read. */
  readonly topic: string;
  /** The expression as the consumer wrote it. */
  readonly subString: string;
  /** Codes of its tags; empty wants all. */
  readonly codes: ReadonlySet<number>;
  /** Its tags; empty wants all. */
  readonly tags: readonly string[];
  /** Grows with each change of the expression. */
  readonly subVersion: number;
  /** "TAG", "SQL92" or what a later client may say. */
  readonly expressionType: string;
  /** Of a way to filter that clients have given up. */
  readonly classFilterMode: boolean;
}

/** Source: ConsumerData. */
export interface ConsumerData {
  readonly groupName: string;
  readonly consumeType: string;
  readonly messageModel: string;
  readonly consumeFromWhere: string;
  readonly unitMode: boolean;
  readonly subscriptions: readonly Subscription[];
}

/** What a client says every 30 s: who it is and for which groups. Source: HeartbeatData. */
export interface Heartbeat {
  readonly clientId: string;
  readonly producerGroups: readonly string[];
  readonly consumers: readonly ConsumerData[];
}

/** Body of request 46. Source: CheckClientRequestBody. */
export interface ClientCheck {
  readonly clientId: string;
  readonly group: string;
  readonly subscription: Subscription;
}

/** @throws {FieldError} */
export function parseHeartbeat(body: Uint8Array): Heartbeat {
  const data = JsonBody.parse(body);
  return {
    clientId: data.text("clientID"),
    producerGroups: data.list(
      "producerDataSet",
      (item, path) => JsonBody.of(item, path).text("groupName"),
    ),
    consumers: data.list("consumerDataSet", readConsumer),
  };
}

/** Request 34; the fields stand in the order in which Java writes them. */
export function formatHeartbeat({ clientId, producerGroups, consumers }: Heartbeat): Request {
  const body = {
    clientID: clientId,
    consumerDataSet: consumers.map(consumerJson),
    producerDataSet: producerGroups.map((groupName) => ({ groupName })),
  };
  return { code: RequestCode.HEART_BEAT, body: utf8(JSON.stringify(body)) };
}

/** Request 35: a client leaves its producer group, its consumer group or both. */
export function formatLeave(
  clientId: string,
  groups: { readonly producerGroup?: string; readonly consumerGroup?: string },
): Request {
  const ext: ExtFields = { clientID: clientId };
  if (groups.producerGroup !== undefined) ext.producerGroup = groups.producerGroup;
  if (groups.consumerGroup !== undefined) ext.consumerGroup = groups.consumerGroup;
  return { code: RequestCode.UNREGISTER_CLIENT, ext };
}

/** Request 38. */
export function formatConsumerListQuery(consumerGroup: string): Request {
  return { code: RequestCode.GET_CONSUMER_LIST_BY_GROUP, ext: { consumerGroup } };
}

/** Client ids in the answer to 38. @throws {FieldError} */
export function parseConsumerIds(body: Uint8Array): string[] {
  return JsonBody.parse(body).list("consumerIdList", textItem);
}

/** The body of an answer to 38. */
export function formatConsumerIds(consumerIdList: readonly string[]): Uint8Array {
  return utf8(JSON.stringify({ consumerIdList }));
}

/** Request 40, one-way, from a broker to each member of a group that changed. */
export function formatGroupChanged(consumerGroup: string): Request {
  return { code: RequestCode.NOTIFY_CONSUMER_IDS_CHANGED, ext: { consumerGroup } };
}

/** The group that 40 names. @throws {FieldError} */
export function parseGroupChanged(ext: ExtFields): string {
  return textField("consumerGroup", ext.consumerGroup);
}

/** @throws {FieldError} */
export function parseClientCheck(body: Uint8Array): ClientCheck {
  const data = JsonBody.parse(body);
  return {
    clientId: data.textOr("clientId", ""),
    group: data.textOr("group", ""),
    subscription: readSubscription(data.object("subscriptionData")),
  };
}

/** Request 46: whether a broker can filter so. */
export function formatClientCheck({ clientId, group, subscription }: ClientCheck): Request {
  const body = { clientId, group, subscriptionData: subscriptionJson(subscription) };
  return { code: RequestCode.CHECK_CLIENT_CONFIG, body: utf8(JSON.stringify(body)) };
}

function readConsumer(item: unknown, path: string): ConsumerData {
  const data = JsonBody.of(item, path);
  return {
    groupName: data.text("groupName"),
    consumeType: data.choice("consumeType", CONSUME_TYPES, "CONSUME_PASSIVELY"),
    messageModel: data.choice("messageModel", MESSAGE_MODELS, "CLUSTERING"),
    consumeFromWhere: data.choice("consumeFromWhere", CONSUME_FROM, "CONSUME_FROM_LAST_OFFSET"),
    unitMode: data.flag("unitMode", false),
    subscriptions: data.list(
      "subscriptionDataSet",
      (each, at) => readSubscription(JsonBody.of(each, at)),
    ),
  };
}

function consumerJson(consumer: ConsumerData): Record<string, unknown> {
  const { consumeFromWhere, consumeType, groupName, messageModel, unitMode } = consumer;
  const subscriptionDataSet = consumer.subscriptions.map(subscriptionJson);
  return { consumeFromWhere, consumeType, groupName, messageModel, subscriptionDataSet, unitMode };
}

/** A subscription as an object to put into JSON, its fields in Java's order. */
export function subscriptionJson(subscription: Subscription): Record<string, unknown> {
  return {
    classFilterMode: subscription.classFilterMode,
    codeSet: [...subscription.codes],
    expressionType: subscription.expressionType,
    subString: subscription.subString,
    subVersion: subscription.subVersion,
    tagsSet: subscription.tags,
    topic: subscription.topic,
  };
}

/** @throws {FieldError} */
export function readSubscription(data: JsonBody): Subscription {
  return {
    topic: data.text("topic"),
    subString: data.textOr("subString", "*"),
    codes: new Set(data.list("codeSet", int32Item)),
    tags: data.list("tagsSet", textItem),
    subVersion: data.long("subVersion", 0),
    expressionType: data.textOr("expressionType", "") || "TAG",
    classFilterMode: data.flag("classFilterMode", false),
  };
}
