import { brokerStats, sumOfDay } from "../../admin/broker_changes.ts";
import { groupStats } from "../../admin/consume_stats.ts";
import type { Lines } from "../../admin/lines.ts";
import { groupsOfTopic } from "../../admin/topic_tables.ts";
import { topicRoute, topics } from "../../admin/topics.ts";
import { AnswerError } from "../../client/errors.ts";
import type { BrokerStats } from "../../wire/broker_stats.ts";
import { totalDiff } from "../../wire/consume_stats.ts";
import { ResponseCode } from "../../wire/codes.ts";
import { reaching } from "../admin/reach.ts";
import { type MqadminCommand, mqadminCommand } from "./command.ts";
import { worst } from "./groups_online.ts";
import { printRows } from "./print.ts";
import { fromEach } from "./targets.ts";

/** Topics looked at at a time. */
const AT_A_TIME = 8;

/** The command that shows what came and went everywhere. */
export const stats: Readonly<Record<string, MqadminCommand>> = {
  statsAll: mqadminCommand({
    summary: "Show for every topic and group what came and went, and what is left",
    flags: {
      topic: { kind: "text", letter: "t", names: "topic", meaning: "that topic alone" },
      activeTopic: { kind: "switch", letter: "a", meaning: "where something came or went today" },
    },
    examples: ["statsAll", "statsAll -a", "statsAll -t orders --json"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const names = given.topic === undefined
          ? (await topics(lines)).filter(({ kind }) => kind === "user" || kind === "system")
            .map(({ name }) => name)
          : [given.topic];
        const found: TopicStats[] = [];
        const exits: number[] = [];
        for (let at = 0; at < names.length; at += AT_A_TIME) {
          const some = names.slice(at, at + AT_A_TIME);
          const told = await fromEach(context, some, (name) => statsOf(lines, name));
          found.push(...told.values.flatMap(([, rows]) => rows));
          exits.push(told.exit);
        }
        if (given.topic !== undefined && found.length === 0) await topicRoute(lines, given.topic);
        const rows = found.filter((row) =>
          !given.activeTopic || row.inToday > 0 || (row.outToday ?? 0) > 0
        );
        printRows(context, given, TITLES, rows.map(rowOf), rows);
        return worst(...exits);
      }),
  }),
};

const TITLES = [
  "#Topic",
  "#Consumer Group",
  "#Accumulation",
  "#InTPS",
  "#OutTPS",
  "#InMsg24Hour",
  "#OutMsg24Hour",
];

/** What came into a topic and went to a group of it. */
export interface TopicStats {
  readonly topic: string;
  /** Undefined when nobody reads it, as is all of a group. */
  readonly group?: string;
  /** Messages still before the group. */
  readonly accumulation?: number;
  /** Messages a second over the last minute. */
  readonly inTps: number;
  readonly outTps?: number;
  /** Messages of the last day, as far as brokers have counted. */
  readonly inToday: number;
  readonly outToday?: number;
}

/** Of one topic, a row a group; none of a topic that no broker alive has. */
async function statsOf(lines: Lines, topic: string): Promise<TopicStats[]> {
  const route = await topicRoute(lines, topic).catch(noneFound);
  if (route === undefined) return [];
  const masters = route.brokers.flatMap(({ brokerAddrs }) => brokerAddrs.get(0) ?? []);
  const counted = async (name: string, key: string) =>
    summed(await Promise.all(masters.map((address) => brokerStats(lines, address, name, key))));
  const came = await counted("TOPIC_PUT_NUMS", topic);
  const all = await Promise.all(masters.map((address) => groupsOfTopic(lines, address, topic)));
  const groups = [...new Set(all.flat())].sort();
  const into = { topic, inTps: came.tps, inToday: came.today };
  if (groups.length === 0) return [into];
  return await Promise.all(groups.map(async (group) => {
    const [went, left] = await Promise.all([
      counted("GROUP_GET_NUMS", `${topic}@${group}`),
      Promise.all(masters.map((address) => groupStats(lines, address, group, topic))),
    ]);
    const accumulation = left.reduce((sum, each) => sum + totalDiff(each), 0);
    const out = { outTps: went.tps, outToday: went.today };
    return { ...into, group, accumulation: Math.max(0, accumulation), ...out };
  }));
}

/** Of several brokers together: the rate over a minute, and what the longest time that has any counted. */
export function summed(
  all: readonly (BrokerStats | undefined)[],
): { readonly tps: number; readonly today: number } {
  let [tps, today] = [0, 0];
  for (const each of all) {
    tps += each?.statsMinute.tps ?? 0;
    today += sumOfDay(each);
  }
  return { tps, today };
}

/** A row of `statsAll`. */
export function rowOf(row: TopicStats): string[] {
  const { topic, group, accumulation = 0, inTps, outTps, inToday, outToday } = row;
  return [
    ...[topic, group ?? "", String(accumulation), inTps.toFixed(2), outTps?.toFixed(2) ?? ""],
    ...[String(inToday), outToday === undefined ? "NO_CONSUMER" : String(outToday)],
  ];
}

function noneFound(error: unknown): undefined {
  if (error instanceof AnswerError && error.code === ResponseCode.TOPIC_NOT_EXIST) return undefined;
  throw error;
}
