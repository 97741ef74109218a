import { FieldError } from "../base/errors.ts";
import { int32Item, JsonBody } from "./json_body.ts";

/** What a consumer wants of one topic. Source: SubscriptionData. */
export interface Subscription {
  readonly topic: string;
  /** The expression as the consumer wrote it. */
  readonly subString: string;
  /** Codes of its tags; empty wants all. */
  readonly codes: ReadonlySet<number>;
  readonly tags: readonly string[];
  /** Grows with each change of the expression. */
  readonly subVersion: number;
  /** "TAG", "SQL92" or what a later client may say. */
  readonly expressionType: string;
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

/** @throws {FieldError} */
export function parseClientCheck(body: Uint8Array): ClientCheck {
  const data = JsonBody.parse(body);
  return {
    clientId: data.textOr("clientId", ""),
    group: data.textOr("group", ""),
    subscription: readSubscription(data.object("subscriptionData")),
  };
}

function readConsumer(item: unknown, path: string): ConsumerData {
  const data = JsonBody.of(item, path);
  return {
    groupName: data.text("groupName"),
    consumeType: data.textOr("consumeType", "CONSUME_PASSIVELY"),
    messageModel: data.textOr("messageModel", "CLUSTERING"),
    consumeFromWhere: data.textOr("consumeFromWhere", "CONSUME_FROM_LAST_OFFSET"),
    unitMode: data.flag("unitMode", false),
    subscriptions: data.list(
      "subscriptionDataSet",
      (each, at) => readSubscription(JsonBody.of(each, at)),
    ),
  };
}

function readSubscription(data: JsonBody): Subscription {
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

function textItem(item: unknown, path: string): string {
  if (typeof item === "string") return item;
  throw new FieldError(path, JSON.stringify(item), "text");
}
