import { ResponseCode } from "../wire/codes.ts";
import { refuse, type Reply } from "../wire/command.ts";
import type { DataVersion } from "../wire/tables.ts";
import { formatTopicTable, parseTopicTable, type TopicConfig } from "../wire/topic.ts";
import {
  builtInTopics,
  deadLetterTopicOf,
  isRetryTopic,
  isSystemTopic,
  PERM_INHERIT,
  plainTopic,
  retryTopicOf,
  systemTopics,
  TEMPLATE_TOPIC,
  type Topic,
  topicNameProblem,
  topicOf,
  type TopicOptions,
} from "./topic_rules.ts";
import { type TableOptions, VersionedTable } from "./versioned.ts";

export { checkTopicName, type Topic, type TopicOptions } from "./topic_rules.ts";

/** Bits of a topic's `topicSysFlag`. Source: TopicSysFlag. */
const UNIT = 1;
const UNIT_SUB = 2;

/** What a send says about a topic that may have to be made. */
export interface TopicWanted {
  readonly topic: string;
  readonly defaultTopic: string;
  readonly defaultTopicQueueNums: number;
  readonly unitMode: boolean;
}

/** The topics of this broker, and the one owner of topics.json. */
export class Topics {
  readonly #options: TopicOptions;
  readonly #table: VersionedTable<Topic>;

  constructor(options: TopicOptions, table: TableOptions) {
    this.#options = options;
    this.#table = new VersionedTable<Topic>(table, {
      name: "topics.json",
      format: ({ dataVersion, entries }, pretty) =>
        formatTopicTable({ dataVersion, topics: entries }, pretty),
      parse: (text) => {
        const { dataVersion, topics } = parseTopicTable(text);
        return { dataVersion, entries: topicsOf(topics.values()) };
      },
    });
  }

  /** Reads the file over the built-in topics; before anything else is asked. @throws {CorruptLogError} */
  load(): void {
    this.#table.load(topicsOf(builtInTopics(this.#options)));
  }

  get(name: string): Topic | undefined {
    return this.#table.get(name);
  }

  /** All topics by name; not to be kept. */
  all(): ReadonlyMap<string, Topic> {
    return this.#table.entries;
  }

  get dataVersion(): DataVersion {
    return this.#table.dataVersion;
  }

  /** The body of answer 21. */
  json(): string {
    return this.#table.json();
  }

  /**
   * The topic a message is sent to, made after its template when it is missing; or why it cannot be. Source:
   * TopicConfigManager.createTopicInSendMessageMethod.
   */
  createOnSend(wanted: TopicWanted): Topic | Reply {
    const { topic: name, unitMode } = wanted;
    const known = this.#table.get(name);
    if (known !== undefined) return known;
    const problem = topicNameProblem(name) ??
      (this.#table.full ? "this broker has too many topics" : undefined);
    if (problem !== undefined) {
      return refuse(ResponseCode.SYSTEM_ERROR, `Cannot send to "${name}": ${problem}`);
    }
    const template = this.#templateOf(wanted.defaultTopic);
    if (template !== undefined) {
      const queues = Math.min(wanted.defaultTopicQueueNums, template.writeQueueNums);
      return this.#add({
        ...plainTopic(name, Math.max(0, queues), template.perm & ~PERM_INHERIT),
        topicFilterType: template.topicFilterType,
        topicSysFlag: unitMode ? (isRetryTopic(name) ? UNIT_SUB : UNIT) : 0,
      });
    }
    if (isRetryTopic(name)) {
      return this.#add(plainTopic(name, 1, undefined, unitMode ? UNIT_SUB : 0));
    }
    return refuse(
      ResponseCode.TOPIC_NOT_EXIST,
      `Cannot send to "${name}": not on this broker, and topics are not created after "${wanted.defaultTopic}"`,
    );
  }

  /** A group's retry topic, made when it is missing; undefined when no topic can be named so. */
  createRetry(group: string, queues = 1, unitMode = false): Topic | undefined {
    const name = retryTopicOf(group);
    const known = this.#table.get(name);
    if (known !== undefined) return known;
    if (topicNameProblem(name) !== undefined || queues <= 0 || this.#table.full) return undefined;
    return this.#add(plainTopic(name, queues, undefined, unitMode ? UNIT_SUB : 0));
  }

  /** The topic of a group's dead letters, made when it is missing; undefined when no topic can be named so. */
  createDeadLetter(group: string): Topic | undefined {
    const name = deadLetterTopicOf(group);
    const known = this.#table.get(name);
    if (known !== undefined) return known;
    if (topicNameProblem(name) !== undefined || this.#table.full) return undefined;
    return this.#add(plainTopic(name, 1));
  }

  /** A topic the broker needs for itself, made when it is missing. */
  ensure(name: string, queues = 1): Topic {
    return this.#table.get(name) ?? this.#add(plainTopic(name, queues));
  }

  /** Names of the topics that belong to the broker. */
  get systemNames(): string[] {
    return systemTopics(this.#options);
  }

  /** True for a topic that nobody may change or delete. */
  isSystem(name: string): boolean {
    return isSystemTopic(name, this.#options);
  }

  /** Puts a topic in, or gives one other settings. */
  update(config: TopicConfig): void {
    this.#add(config);
  }

  /** Takes a topic out; false when there was none. */
  delete(name: string): boolean {
    return this.#table.delete(name);
  }

  /** These topics are ordered, all others are not. Source: TopicConfigManager.updateOrderTopicConfig. */
  setOrdered(names: ReadonlySet<string>): void {
    const changed: [string, Topic][] = [];
    for (const [name, topic] of this.#table.entries) {
      const order = names.has(name);
      if (topic.order !== order) changed.push([name, { ...topic, order }]);
    }
    if (changed.length > 0) this.#table.put(...changed);
  }

  /** A slave takes over its master's topics. */
  replaceFrom(dataVersion: DataVersion, topics: Iterable<TopicConfig>): void {
    this.#table.replaceFrom({ dataVersion, entries: topicsOf(topics) });
  }

  /** Calls `fn` after each change; the result stops it. */
  onChanged(fn: () => void): () => void {
    return this.#table.onChanged(fn);
  }

  /** Resolves when all changes so far are on the disk. @throws {FsError} */
  flush(): Promise<void> {
    return this.#table.flush();
  }

  /** Writes what is left. */
  close(): Promise<void> {
    return this.#table.close();
  }

  /** What a new topic takes after; undefined when it may not. */
  #templateOf(name: string): Topic | undefined {
    if (name === TEMPLATE_TOPIC && !this.#options.autoCreateTopicEnable) return undefined;
    const template = this.#table.get(name);
    return template !== undefined && (template.perm & PERM_INHERIT) !== 0 ? template : undefined;
  }

  #add(config: TopicConfig): Topic {
    const topic = topicOf(config);
    this.#table.put([topic.topicName, topic]);
    return topic;
  }
}

function topicsOf(configs: Iterable<TopicConfig>): Map<string, Topic> {
  const topics = new Map<string, Topic>();
  for (const config of configs) topics.set(config.topicName, topicOf(config));
  return topics;
}
