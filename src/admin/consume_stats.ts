import { AnswerError } from "../client/errors.ts";
import { ResponseCode } from "../wire/codes.ts";
import {
  type ConsumeStats,
  type ConsumeStatsList,
  formatConsumeStatsListQuery,
  formatConsumeStatsQuery,
  parseConsumeStats,
  parseConsumeStatsList,
} from "../wire/consume_stats.ts";
import { formatTimeSpanQuery, parseTimeSpans, type TimeSpan } from "../wire/time_span.ts";
import { askNode, type Lines } from "./lines.ts";

/** How far and how fast a group is on one broker; nothing where it is not. @throws {AnswerError} {CallError} {FieldError} */
export async function groupStats(
  lines: Pick<Lines, "calls">,
  address: string,
  group: string,
  topic?: string,
): Promise<ConsumeStats> {
  const request = formatConsumeStatsQuery(group, topic);
  try {
    const action = `see how far group "${group}" is`;
    return parseConsumeStats((await askNode(lines, address, request, action)).body);
  } catch (error) {
    if (error instanceof AnswerError && error.code === ResponseCode.TOPIC_NOT_EXIST) {
      return { consumeTps: 0, queues: [] };
    }
    throw error;
  }
}

/** How far all groups of one broker are; with `ordered` in ordered topics alone. @throws {AnswerError} {CallError} {FieldError} */
export async function allGroupStats(
  lines: Pick<Lines, "calls">,
  address: string,
  ordered = false,
): Promise<ConsumeStatsList> {
  const request = formatConsumeStatsListQuery(ordered);
  const { body } = await askNode(lines, address, request, "see how far its groups are");
  return parseConsumeStatsList(body);
}

/** Of how long ago the messages are that a group has before it on one broker. @throws {AnswerError} {CallError} {FieldError} */
export async function timeSpans(
  lines: Pick<Lines, "calls">,
  address: string,
  topic: string,
  group: string,
): Promise<TimeSpan[]> {
  const request = formatTimeSpanQuery(topic, group);
  const action = `see how late group "${group}" is in "${topic}"`;
  return parseTimeSpans((await askNode(lines, address, request, action)).body);
}

export type { ConsumeStats, ConsumeStatsList, TimeSpan };
