import { utf8 } from "../base/bytes.ts";
import { doubleText } from "./broker_stats.ts";
import { RequestCode } from "./codes.ts";
import type { ExtFields, Request } from "./command.ts";
import { JsonBody } from "./json_body.ts";
import { type ByQueue, formatByQueue, readByQueue } from "./queue_map.ts";

/** How far a group is in one queue. The fields stand in Java's order. Source: OffsetWrapper. */
export interface QueueProgress {
  /** Where the queue ends. */
  readonly brokerOffset: number;
  /** Where the group goes on. */
  readonly consumerOffset: number;
  /** When the last message it is done with was stored, ms since 1970; 0 when there is none. */
  readonly lastTimestamp: number;
}

/** How far a group is on one broker: body of answer 208. Source: ConsumeStats. */
export interface ConsumeStats {
  /** Messages a second that it got. */
  readonly consumeTps: number;
  readonly queues: ByQueue<QueueProgress>;
}

/** All groups of a broker: body of answer 317. Source: ConsumeStatsList. */
export interface ConsumeStatsList {
  readonly brokerAddr: string;
  /** A group, and its progress topic by topic. */
  readonly groups: readonly (readonly [group: string, topics: readonly ConsumeStats[]])[];
  /** Messages that all of them have still before them. */
  readonly totalDiff: number;
}

/** Request 208; without a topic all that the group reads here. */
export function formatConsumeStatsQuery(consumerGroup: string, topic?: string): Request {
  const ext: ExtFields = { consumerGroup };
  if (topic !== undefined) ext.topic = topic;
  return { code: RequestCode.GET_CONSUME_STATS, ext };
}

/** Request 317; `isOrder` asks for ordered topics only. */
export function formatConsumeStatsListQuery(isOrder: boolean): Request {
  return { code: RequestCode.GET_BROKER_CONSUME_STATS, ext: { isOrder: String(isOrder) } };
}

/** Messages that lie between a group and the end of its queues. */
export function totalDiff({ queues }: ConsumeStats): number {
  return queues.reduce(
    (sum, [, { brokerOffset, consumerOffset }]) => sum + brokerOffset - consumerOffset,
    0,
  );
}

/** The body of an answer to 208. */
export function formatConsumeStats(stats: ConsumeStats): Uint8Array {
  return utf8(statsText(stats));
}

/** @throws {FieldError} */
export function parseConsumeStats(body: Uint8Array): ConsumeStats {
  return readStats(JsonBody.parse(body));
}

/** The body of an answer to 317. */
export function formatConsumeStatsList(
  { brokerAddr, groups, totalDiff }: ConsumeStatsList,
): Uint8Array {
  const list = groups.map(([group, topics]) =>
    `{${JSON.stringify(group)}:[${topics.map(statsText).join(",")}]}`
  );
  return utf8(
    `{"brokerAddr":${JSON.stringify(brokerAddr)},"consumeStatsList":[${list.join(",")}],` +
      `"totalDiff":${totalDiff}}`,
  );
}

/** @throws {FieldError} */
export function parseConsumeStatsList(body: Uint8Array): ConsumeStatsList {
  const list = JsonBody.parse(body);
  return {
    brokerAddr: list.textOr("brokerAddr", ""),
    groups: list.list("consumeStatsList", readGroups).flat(),
    totalDiff: list.long("totalDiff", 0),
  };
}

function statsText({ consumeTps, queues }: ConsumeStats): string {
  const table = formatByQueue(
    queues,
    ({ brokerOffset, consumerOffset, lastTimestamp }) =>
      JSON.stringify({ brokerOffset, consumerOffset, lastTimestamp }),
  );
  return `{"consumeTps":${doubleText(consumeTps)},"offsetTable":${table}}`;
}

function readGroups(item: unknown, path: string): [string, ConsumeStats[]][] {
  const groups = JsonBody.of(item, path);
  return Array.from(groups.all(), ([group]): [string, ConsumeStats[]] => [
    group,
    groups.list(group, (each, at) => readStats(JsonBody.of(each, at))),
  ]);
}

function readStats(stats: JsonBody): ConsumeStats {
  return {
    consumeTps: stats.real("consumeTps", 0),
    queues: readByQueue(stats, "offsetTable", (value, path) => {
      const progress = JsonBody.of(value, path);
      return {
        brokerOffset: progress.long("brokerOffset", 0),
        consumerOffset: progress.long("consumerOffset", 0),
        lastTimestamp: progress.long("lastTimestamp", 0),
      };
    }),
  };
}
