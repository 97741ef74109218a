import { FieldError } from "../base/errors.ts";
import { utf8 } from "../base/bytes.ts";
import type { TopicConfig } from "../wire/topic.ts";
import type { BrokerConfig } from "./config.ts";

/** Bits of a topic's `perm`. Source: PermName. */
export const PERM_INHERIT = 1;
export const PERM_WRITE = 2;
export const PERM_READ = 4;

/** Topics made by sending take after this one. Source: TopicValidator. */
export const TEMPLATE_TOPIC = "TBW102";
export const SCHEDULE_TOPIC = "SCHEDULE_TOPIC_XXXX";
export const HALF_TOPIC = "RMQ_SYS_TRANS_HALF_TOPIC";
export const OP_HALF_TOPIC = "RMQ_SYS_TRANS_OP_HALF_TOPIC";
export const CHECK_MAX_TOPIC = "TRANS_CHECK_MAX_TIME_TOPIC";
export const OFFSET_MOVED_TOPIC = "OFFSET_MOVED_EVENT";
const SELF_TEST_TOPIC = "SELF_TEST_TOPIC";
const BENCHMARK_TOPIC = "BenchmarkTest";
const TRACE_TOPIC = "RMQ_SYS_TRACE_TOPIC";
const RETRY_PREFIX = "%RETRY%";
const DEAD_PREFIX = "%DLQ%";

/** One delay level a queue. */
const SCHEDULE_QUEUES = 18;
/** The record's length of a topic is one byte, and Java reads it signed. */
const NAME_LENGTH_MAX = 127;
const NAME = /^[%|a-zA-Z0-9_-]+$/;

const NOT_SENDABLE: ReadonlySet<string> = new Set([
  SCHEDULE_TOPIC,
  HALF_TOPIC,
  OP_HALF_TOPIC,
  CHECK_MAX_TOPIC,
  SELF_TEST_TOPIC,
  OFFSET_MOVED_TOPIC,
]);

/** Options that say which topics there are. */
export type TopicOptions = Pick<
  BrokerConfig,
  | "brokerClusterName"
  | "brokerName"
  | "autoCreateTopicEnable"
  | "clusterTopicEnable"
  | "brokerTopicEnable"
  | "traceTopicEnable"
  | "defaultTopicQueueNums"
>;

/** A topic of this broker: RocketMQ's settings, and what each send needs. Never changed, only replaced. */
export interface Topic extends TopicConfig {
  /** The name as it stands in records. */
  readonly bytes: Uint8Array;
  /** False for topics that only the broker writes to. */
  readonly sendable: boolean;
  /** Where a group's messages go that it could not consume. */
  readonly isRetry: boolean;
}

/** The topic of these settings. */
export function topicOf(config: TopicConfig): Topic {
  const { topicName } = config;
  return {
    ...config,
    bytes: utf8(topicName),
    sendable: !NOT_SENDABLE.has(topicName),
    isRetry: isRetryTopic(topicName),
  };
}

/** Settings with everything else as Java's defaults. */
export function plainTopic(
  topicName: string,
  queues: number,
  perm: number = PERM_READ | PERM_WRITE,
  topicSysFlag = 0,
): TopicConfig {
  return {
    order: false,
    perm,
    readQueueNums: queues,
    topicFilterType: "SINGLE_TAG",
    topicName,
    topicSysFlag,
    writeQueueNums: queues,
  };
}

/** Why a text cannot be a topic's name, or undefined. Source: TopicValidator. */
export function topicNameProblem(name: string): string | undefined {
  if (name.trim() === "") return "it is blank";
  if (name.length > NAME_LENGTH_MAX) {
    return `it has ${name.length} characters, ${NAME_LENGTH_MAX} are the most`;
  }
  if (!NAME.test(name)) return "only letters, digits and % - _ | may stand in it";
  return undefined;
}

/** @throws {FieldError} when the text cannot be a topic's name. */
export function checkTopicName(field: string, name: string): void {
  const problem = topicNameProblem(name);
  if (problem !== undefined) throw new FieldError(field, name, `a topic's name: ${problem}`);
}

/** The topic where a group's messages go that it could not consume. */
export function retryTopicOf(group: string): string {
  return RETRY_PREFIX + group;
}

/** The group whose retry topic this is. */
export function groupOfRetry(topic: string): string {
  return topic.slice(RETRY_PREFIX.length);
}

/** The topic where a group's messages go that failed too often. */
export function deadLetterTopicOf(group: string): string {
  return DEAD_PREFIX + group;
}

/** True for the retry topic of some group. */
export function isRetryTopic(topic: string): boolean {
  return topic.startsWith(RETRY_PREFIX);
}

/** The topics a broker has from its start. Source: TopicConfigManager. */
export function builtInTopics(options: TopicOptions): TopicConfig[] {
  const open = PERM_READ | PERM_WRITE | PERM_INHERIT;
  const topics = [
    plainTopic(SELF_TEST_TOPIC, 1),
    plainTopic(BENCHMARK_TOPIC, 1024),
    plainTopic(options.brokerClusterName, 16, options.clusterTopicEnable ? open : PERM_INHERIT),
    plainTopic(options.brokerName, 1, options.brokerTopicEnable ? open : PERM_INHERIT),
    plainTopic(OFFSET_MOVED_TOPIC, 1),
    plainTopic(SCHEDULE_TOPIC, SCHEDULE_QUEUES),
    plainTopic(replyTopicOf(options.brokerClusterName), 1),
  ];
  if (options.autoCreateTopicEnable) {
    topics.push(plainTopic(TEMPLATE_TOPIC, options.defaultTopicQueueNums, open));
  }
  if (options.traceTopicEnable) topics.push(plainTopic(TRACE_TOPIC, 1));
  return topics;
}

/** Topics that belong to the broker, whether it has them already or not. Source: TopicValidator. */
export function systemTopics({ brokerClusterName, brokerName }: TopicOptions): string[] {
  const named = [brokerClusterName, brokerName, replyTopicOf(brokerClusterName)];
  return [...NOT_SENDABLE, TEMPLATE_TOPIC, BENCHMARK_TOPIC, TRACE_TOPIC, ...named];
}

/** True for a topic that belongs to the broker and that nobody may change or delete. */
export function isSystemTopic(name: string, options: TopicOptions): boolean {
  return systemTopics(options).includes(name) || name.startsWith("rmq_sys_");
}

function replyTopicOf(cluster: string): string {
  return `${cluster}_REPLY_TOPIC`;
}
