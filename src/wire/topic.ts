import { FieldError } from "../base/errors.ts";
import { RequestCode } from "./codes.ts";
import type { Request } from "./command.ts";
import { type DeletedTopics, deletedTopicsJson, readDeletedTopics } from "./deleted_topics.ts";
import type { Fields } from "./fields.ts";
import { JsonBody } from "./json_body.ts";
import { type DataVersion, formatJson, readDataVersion } from "./tables.ts";

/** MULTI_TAG: a message may have several tags. Source: TopicFilterType. */
export type TopicFilterType = "SINGLE_TAG" | "MULTI_TAG";

/** A topic's settings, named as in its JSON. Source: TopicConfig. */
export interface TopicConfig {
  readonly order: boolean;
  /** 1 inherit + 2 write + 4 read. */
  readonly perm: number;
  readonly readQueueNums: number;
  readonly topicFilterType: TopicFilterType;
  readonly topicName: string;
  readonly topicSysFlag: number;
  readonly writeQueueNums: number;
}

/** All topics of a broker: bodies of 21 and 103, topics.json. Source: TopicConfigSerializeWrapper. */
export interface TopicTable {
  readonly dataVersion: DataVersion;
  readonly topics: ReadonlyMap<string, TopicConfig>;
  /** In our 21 only, and not when there are none. */
  readonly deleted?: DeletedTopics;
}

/** Java's queue ids are ints; more queues than this in one topic is a slip of the hand. */
const QUEUES_MAX = 65_535;

/** The settings that request 17 gives a topic. @throws {FieldError} Source: CreateTopicRequestHeader. */
export function parseTopicUpdate(fields: Fields): TopicConfig {
  return {
    order: fields.flag("order"),
    perm: within("perm", fields.int32("perm"), 7),
    readQueueNums: within("readQueueNums", fields.int32("readQueueNums"), QUEUES_MAX),
    topicFilterType: filterType("topicFilterType", fields.text("topicFilterType")),
    topicName: fields.text("topic"),
    topicSysFlag: fields.optionalInt32("topicSysFlag", 0),
    writeQueueNums: within("writeQueueNums", fields.int32("writeQueueNums"), QUEUES_MAX),
  };
}

/** Request 17. `defaultTopic` must be there, and nobody reads it. */
export function formatTopicUpdate(topic: TopicConfig): Request {
  const ext = {
    topic: topic.topicName,
    defaultTopic: "TBW102",
    readQueueNums: String(topic.readQueueNums),
    writeQueueNums: String(topic.writeQueueNums),
    perm: String(topic.perm),
    topicFilterType: topic.topicFilterType,
    topicSysFlag: String(topic.topicSysFlag),
    order: String(topic.order),
  };
  return { code: RequestCode.UPDATE_AND_CREATE_TOPIC, ext };
}

/** @throws {FieldError} */
export function parseTopicTable(body: Uint8Array | string): TopicTable {
  return readTopicTable(JsonBody.parse(body));
}

/** The table inside a larger body. @throws {FieldError} */
export function readTopicTable(body: JsonBody): TopicTable {
  const topics = new Map<string, TopicConfig>();
  for (const [name, value, path] of body.each("topicConfigTable")) {
    topics.set(name, readTopicConfig(name, JsonBody.of(value, path)));
  }
  const table = { dataVersion: readDataVersion(body.object("dataVersion")), topics };
  const deleted = readDeletedTopics(body);
  return deleted.size === 0 ? table : { ...table, deleted };
}

/** The JSON of the table, which a body of 103 holds as well. */
export function formatTopicTable(table: TopicTable, pretty = false): string {
  return formatJson(topicTableJson(table), pretty);
}

/** The table as an object to put into JSON. */
export function topicTableJson(table: TopicTable): Record<string, unknown> {
  const { dataVersion, topics, deleted } = table;
  const topicConfigTable = Object.fromEntries(
    Array.from(topics, ([name, topic]) => [name, plainConfig(topic)]),
  );
  return { dataVersion, topicConfigTable, ...deletedTopicsJson(deleted) };
}

/** One topic's settings as JSON: body of answer 351. */
export function formatTopicConfig(topic: TopicConfig): string {
  return JSON.stringify(plainConfig(topic));
}

/** @throws {FieldError} */
export function parseTopicConfig(body: Uint8Array): TopicConfig {
  const config = JsonBody.parse(body);
  return readTopicConfig(config.text("topicName"), config);
}

/** Only what belongs into the JSON: the owner of a topic may know more of it. */
function plainConfig(topic: TopicConfig): TopicConfig {
  return {
    order: topic.order,
    perm: topic.perm,
    readQueueNums: topic.readQueueNums,
    topicFilterType: topic.topicFilterType,
    topicName: topic.topicName,
    topicSysFlag: topic.topicSysFlag,
    writeQueueNums: topic.writeQueueNums,
  };
}

function readTopicConfig(name: string, config: JsonBody): TopicConfig {
  return {
    order: config.flag("order", false),
    perm: config.whole("perm", 6),
    readQueueNums: config.whole("readQueueNums", 16),
    topicFilterType: filterType("topicFilterType", config.textOr("topicFilterType", "SINGLE_TAG")),
    topicName: name,
    topicSysFlag: config.whole("topicSysFlag", 0),
    writeQueueNums: config.whole("writeQueueNums", 16),
  };
}

/** @throws {FieldError} naming `field` when the text is no filter type. */
export function filterType(field: string, text: string): TopicFilterType {
  if (text === "SINGLE_TAG" || text === "MULTI_TAG") return text;
  throw new FieldError(field, text, "SINGLE_TAG or MULTI_TAG");
}

function within(field: string, value: number, max: number): number {
  if (value >= 0 && value <= max) return value;
  throw new FieldError(field, String(value), `a whole number from 0 to ${max}`);
}
