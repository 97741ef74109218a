import { formatSettings } from "../wire/admin.ts";
import {
  type BrokerStats,
  formatBrokerStatsQuery,
  parseBrokerStats,
} from "../wire/broker_stats.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import { AnswerError } from "../client/errors.ts";
import { askNode, type Lines } from "./lines.ts";

/**
 * Changes settings of a broker, all or none; gives what it has to say of them, mostly nothing. A Java broker
 * passes over keys it does not know. @throws {AnswerError} {CallError}
 */
export async function putBrokerConfig(
  lines: Pick<Lines, "calls">,
  address: string,
  settings: Iterable<readonly [key: string, value: string]>,
): Promise<string> {
  const request = { code: RequestCode.UPDATE_BROKER_CONFIG, body: formatSettings(settings) };
  const { remark } = await askNode(lines, address, request, "change the broker's settings");
  return remark ?? "";
}

/** What a broker can be told to remove: files of its log that are old enough, queues of those, topics without any. */
export type Leftover = "log" | "queues" | "topics";

const CLEAN: Readonly<Record<Leftover, number>> = {
  log: RequestCode.DELETE_EXPIRED_COMMITLOG,
  queues: RequestCode.CLEAN_EXPIRED_CONSUMEQUEUE,
  topics: RequestCode.CLEAN_UNUSED_TOPIC,
};

/** Has a broker remove what it needs no more; it answers before it has. @throws {AnswerError} {CallError} */
export async function clean(
  lines: Pick<Lines, "calls">,
  address: string,
  what: Leftover,
): Promise<void> {
  await askNode(lines, address, { code: CLEAN[what] }, `have it clean its ${what}`);
}

/** What a broker counted, such as TOPIC_PUT_NUMS of a topic; undefined when it counted nothing. @throws {AnswerError} {CallError} {FieldError} */
export async function brokerStats(
  lines: Pick<Lines, "calls">,
  address: string,
  statsName: string,
  statsKey: string,
): Promise<BrokerStats | undefined> {
  const request = formatBrokerStatsQuery({ statsName, statsKey });
  try {
    const action = `see ${statsName} of "${statsKey}"`;
    return parseBrokerStats((await askNode(lines, address, request, action)).body);
  } catch (error) {
    if (error instanceof AnswerError && error.code === ResponseCode.SYSTEM_ERROR) return undefined;
    throw error;
  }
}

/**
 * What came in a day, as far as the broker can tell: it adds up its days by the hour, and its hours by the minute,
 * so that at first only the last minute has anything.
 */
export function sumOfDay(stats: BrokerStats | undefined): number {
  if (stats === undefined) return 0;
  return stats.statsDay.sum || stats.statsHour.sum || stats.statsMinute.sum;
}

export type { BrokerStats };
