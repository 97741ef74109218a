import { nearest } from "../base/nearest.ts";
import { AnswerError } from "../client/errors.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import type { MessageQueue } from "../wire/message_queue.ts";
import { parseRoute, parseTopicList, type TopicRoute } from "../wire/route.ts";
import { formatTopicUpdate, type TopicConfig } from "../wire/topic.ts";
import { formatTopicStatsQuery, parseTopicStats, type QueueStats } from "../wire/topic_stats.ts";
import { askNode, askServers, type Lines, tellServers } from "./lines.ts";

/** Topics that brokers make for themselves, beside one for each cluster and broker. Source: TopicValidator. */
const SYSTEM = new Set([
  "TBW102",
  "SELF_TEST_TOPIC",
  "BenchmarkTest",
  "OFFSET_MOVED_EVENT",
  "SCHEDULE_TOPIC_XXXX",
  "TRANS_CHECK_MAX_TIME_TOPIC",
  "DefaultHeartBeatSyncerTopic",
]);

/** What a topic is for: one of the user, one that brokers need, a group's retries or its dead letters. */
export type TopicKind = "user" | "system" | "retry" | "dead";

/** A topic by name. */
export interface NamedTopic {
  /** Its name. */
  readonly name: string;
  /** What it is for. */
  readonly kind: TopicKind;
}

/** All topics the name servers know, by name. @throws {AnswerError} {CallError} {FieldError} */
export async function topics(lines: Pick<Lines, "servers">): Promise<NamedTopic[]> {
  const list = async (code: number) =>
    parseTopicList((await askServers(lines, { code }, "list topics")).body).topics;
  const [names, system] = await Promise.all([
    list(RequestCode.GET_ALL_TOPIC_LIST_FROM_NAMESERVER),
    list(RequestCode.GET_SYSTEM_TOPIC_LIST_FROM_NS),
  ]);
  const taken = new Set(system);
  return [...names].sort().map((name) => ({ name, kind: kindOf(name, taken) }));
}

/** What the topic is for; `taken` are names of clusters and brokers, each of which has a topic. */
export function kindOf(name: string, taken: ReadonlySet<string>): TopicKind {
  if (name.startsWith("%RETRY%")) return "retry";
  if (name.startsWith("%DLQ%")) return "dead";
  const isSystem = SYSTEM.has(name) || taken.has(name) || /^(RMQ_SYS_|rmq_sys_)/.test(name) ||
    name.endsWith("_REPLY_TOPIC");
  return isSystem ? "system" : "user";
}

/**
 * Where a topic is.
 *
 * @throws {AnswerError} when no broker that is alive has it; it names a topic that may be meant.
 * @throws {CallError} {FieldError}
 */
export async function topicRoute(
  lines: Pick<Lines, "servers">,
  topic: string,
): Promise<TopicRoute> {
  try {
    const request = { code: RequestCode.GET_ROUTEINFO_BY_TOPIC, ext: { topic } };
    return parseRoute((await askServers(lines, request, `find topic "${topic}"`)).body);
  } catch (error) {
    if (!(error instanceof AnswerError) || error.code !== ResponseCode.TOPIC_NOT_EXIST) throw error;
    const known = await topics(lines).catch(() => []);
    const meant = nearest(topic, known.filter(({ kind }) => kind === "user").map((t) => t.name));
    throw new AnswerError(
      error.code,
      `No broker that is alive has topic "${topic}"${meant ? `, did you mean "${meant}"?` : ""}`,
    );
  }
}

/** Where a queue begins and ends. */
export interface QueueEnds extends MessageQueue, QueueStats {}

/** The topic's queues on one broker, in order; none when it does not have it. @throws {AnswerError} {CallError} {FieldError} */
export async function topicStats(
  lines: Pick<Lines, "calls">,
  address: string,
  topic: string,
): Promise<QueueEnds[]> {
  const action = `see how full topic "${topic}" is`;
  try {
    const { body } = await askNode(lines, address, formatTopicStatsQuery(topic), action);
    return parseTopicStats(body).map(([queue, stats]) => ({ ...queue, ...stats }))
      .sort((a, b) => a.queueId - b.queueId);
  } catch (error) {
    if (error instanceof AnswerError && error.code === ResponseCode.TOPIC_NOT_EXIST) return [];
    throw error;
  }
}

/** Makes the topic on the master at `address`, or changes it there. @throws {AnswerError} {CallError} */
export async function putTopic(
  lines: Pick<Lines, "calls">,
  address: string,
  topic: TopicConfig,
): Promise<void> {
  await askNode(lines, address, formatTopicUpdate(topic), `create topic "${topic.topicName}"`);
}

/**
 * Deletes the topic and its messages on these masters, then its routes; with `cluster` only that one's.
 *
 * @throws {AnswerError} {CallError} of the first that does not; the others have it deleted.
 */
export async function deleteTopic(
  lines: Lines,
  topic: string,
  masters: readonly string[],
  cluster?: string,
): Promise<void> {
  const action = `delete topic "${topic}"`;
  const request = { code: RequestCode.DELETE_TOPIC_IN_BROKER, ext: { topic } };
  const all = masters.map((address) => askNode(lines, address, request, action));
  const failed = (await Promise.allSettled(all)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
  const ext: Record<string, string> = cluster ? { topic, clusterName: cluster } : { topic };
  await tellServers(lines, { code: RequestCode.DELETE_TOPIC_IN_NAMESRV, ext }, action);
}
