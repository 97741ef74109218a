import { BITMAP_BITS, bitsOf } from "./filter_bits.ts";
import { JsonBody } from "./json_body.ts";
import { formatJson } from "./tables.ts";

/** What a group wants of a topic by an expression that is none of tags. Source: ConsumerFilterData. */
export interface FilterData {
  readonly topic: string;
  readonly consumerGroup: string;
  readonly expression: string;
  /** "SQL92" in all known brokers. */
  readonly expressionType: string;
  /** The subscription's version. */
  readonly clientVersion: number;
  /** When the expression was new here, ms since 1970. */
  readonly bornTime: number;
  /** When the group was gone; 0 while it is there. */
  readonly deadTime: number;
}

/** consumerFilter.json: topic -> group -> what it wants. @throws {FieldError} */
export function parseFilterTable(text: string): FilterData[] {
  const all: FilterData[] = [];
  for (const [topic, value, path] of JsonBody.parse(text).each("filterDataByTopic")) {
    for (const [group, data, at] of JsonBody.of(value, path).each("groupFilterData")) {
      all.push(readFilter(topic, group, JsonBody.of(data, at)));
    }
  }
  return all;
}

/** The JSON of the table, with the fields in Java's order. */
export function formatFilterTable(table: Iterable<FilterData>, pretty = false): string {
  const topics = new Map<string, Map<string, unknown>>();
  for (const data of table) {
    let groups = topics.get(data.topic);
    if (groups === undefined) topics.set(data.topic, groups = new Map());
    groups.set(data.consumerGroup, filterJson(data));
  }
  const filterDataByTopic = Object.fromEntries(
    Array.from(topics, ([topic, groups]) => [
      topic,
      { groupFilterData: Object.fromEntries(groups), topic },
    ]),
  );
  return formatJson({ filterDataByTopic }, pretty);
}

/**
 * One group's filter as a Java broker tells it to people: a line a field, lists in one line; "null" without one.
 * Source: JSON.toJSONString with PrettyFormat, QueryConsumeQueueResponseBody.filterData.
 */
export function formatFilter(data: FilterData | undefined): string {
  return data === undefined ? "null" : prettyLines(filterJson(data), "");
}

function prettyLines(fields: object, indent: string): string {
  const lines = Object.entries(fields).map(([key, value]) => {
    const isObject = typeof value === "object" && !Array.isArray(value);
    const text = isObject ? prettyLines(value, `${indent}\t`) : JSON.stringify(value);
    return `${indent}\t"${key}":${text}`;
  });
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

function readFilter(topic: string, consumerGroup: string, data: JsonBody): FilterData {
  return {
    topic,
    consumerGroup,
    expression: data.text("expression"),
    expressionType: data.text("expressionType"),
    clientVersion: data.long("clientVersion", 0),
    bornTime: data.long("bornTime", 0),
    deadTime: data.long("deadTime", 0),
  };
}

function filterJson(data: FilterData): Record<string, unknown> {
  const { bornTime, clientVersion, consumerGroup, deadTime } = data;
  const { expression, expressionType, topic } = data;
  return {
    bloomFilterData: { bitNum: BITMAP_BITS, bitPos: bitsOf(consumerGroup, topic) },
    bornTime,
    clientVersion,
    consumerGroup,
    dead: deadTime >= bornTime,
    deadTime,
    expression,
    expressionType,
    topic,
  };
}
