import { utf8 } from "../base/bytes.ts";
import { RequestCode } from "./codes.ts";
import type { Request } from "./command.ts";
import { JsonBody } from "./json_body.ts";
import { type ByQueue, formatByQueue, readByQueue } from "./queue_map.ts";

/** Where a queue begins and ends. The fields stand in Java's order. Source: TopicOffset. */
export interface QueueStats {
  /** When its newest message was stored, ms since 1970; 0 without one. */
  readonly lastUpdateTimestamp: number;
  /** Number that the next message gets. */
  readonly maxOffset: number;
  /** First entry that is there. */
  readonly minOffset: number;
}

/** A topic's queues on one broker: body of answer 202. Source: TopicStatsTable. */
export type TopicStats = ByQueue<QueueStats>;

/** Request 202. */
export function formatTopicStatsQuery(topic: string): Request {
  return { code: RequestCode.GET_TOPIC_STATS_INFO, ext: { topic } };
}

/** The body of an answer to 202. */
export function formatTopicStats(stats: TopicStats): Uint8Array {
  const table = formatByQueue(
    stats,
    ({ lastUpdateTimestamp, maxOffset, minOffset }) =>
      JSON.stringify({ lastUpdateTimestamp, maxOffset, minOffset }),
  );
  return utf8(`{"offsetTable":${table}}`);
}

/** @throws {FieldError} */
export function parseTopicStats(body: Uint8Array): TopicStats {
  return readByQueue(JsonBody.parse(body), "offsetTable", (value, path) => {
    const stats = JsonBody.of(value, path);
    return {
      lastUpdateTimestamp: stats.long("lastUpdateTimestamp", 0),
      maxOffset: stats.long("maxOffset", 0),
      minOffset: stats.long("minOffset", 0),
    };
  });
}
