import type { Log } from "../base/log.ts";
import { Acks } from "../ha/acks.ts";
import { Slaves } from "../ha/slaves.ts";
import type { Dir } from "../ports/fs.ts";
import type { Runtime } from "../ports/host.ts";
import { SCHEDULE_TOPIC } from "../store/delay.ts";
import { logOffsetOf } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import { ConfigVersion } from "./admin/config_version.ts";
import { Clients } from "./clients.ts";
import type { BrokerConfig } from "./config.ts";
import { Confirmations } from "./confirm.ts";
import type { TopicTotals } from "./counts.ts";
import { DelayProgress } from "./delay_progress.ts";
import { Filters } from "./filter/filters.ts";
import { Groups } from "./groups.ts";
import { Locks } from "./locks.ts";
import { OffsetCopy } from "./offset_copy.ts";
import { Offsets } from "./offsets.ts";
import { Puts } from "./puts.ts";
import { Stats } from "./stats.ts";
import { logDir } from "./told.ts";
import { Topics } from "./topics.ts";
import { Transactions } from "./transaction/transactions.ts";
import { isRetryTopic } from "./topic_rules.ts";

/** The state of one broker, each piece with its one owner. */
export interface Parts extends Tables {
  readonly runtime: Runtime;
  readonly config: BrokerConfig;
  readonly configVersion: ConfigVersion;
  readonly log: Log;
  readonly store: Store;
  /** The folder of the log, for what is known of its disk. */
  readonly disk: Dir;
  /** And of what is derived of it. */
  readonly queueDisk: Dir;
  /** What slaves confirmed. */
  readonly acks: Acks;
  /** Who they are, and who was sent away. */
  readonly slaves: Slaves;
  readonly confirmations: Confirmations;
  /** What is on its way into the log. */
  readonly puts: Puts;
  /** Messages that wait for their producer's word. */
  readonly transactions: Transactions;
  readonly isSlave: boolean;
  readonly stats: Stats;
  /** ms since 1970. */
  readonly startedAt: number;
  /** A read further behind the log's end than this counts as a read from disk. */
  readonly memoryBytes: number;
  /** Whether the first message of a queue is that far behind. */
  readonly startsOnDisk: (topic: string, queueId: number) => boolean;
}

/** Puts a broker's state together over its open store. @throws {CorruptLogError} when a table cannot be read. */
export function openParts(
  runtime: Runtime,
  config: BrokerConfig,
  store: Store,
  log: Log,
): Parts {
  const { clock, fs } = runtime;
  const tables = openTables(runtime, config, store, log);
  if (store.recovered && config.brokerRole !== "SLAVE") {
    restoreTopics(tables.topics, store, config.defaultTopicQueueNums, log);
  }
  const acks = new Acks({
    inSyncReplicas: Math.max(2, config.inSyncReplicas), // an ASYNC_MASTER may say 1: it waits for nobody
    get fallBehindMax() { // it may change
      return config.haSlaveFallbehindMax;
    },
  });
  const slaves = new Slaves({
    acks,
    clock,
    log: log.child("ha"),
    source: store.log,
    born: () => store.born,
    isOwn: (host) => host.startsWith("127.") || runtime.addresses().includes(host),
  });
  store.log.onCut((end) => slaves.cut(end));
  store.retention.keepFrom(() => slaves.lowestNeeded);
  const confirmations = new Confirmations({
    clock,
    replicas: config.brokerRole === "SYNC_MASTER" ? acks : undefined,
    disk: config.flushDiskType === "SYNC_FLUSH" ? store.flush : undefined,
    slaveTimeoutMs: config.slaveTimeout,
    flushTimeoutMs: config.syncFlushTimeout,
  });
  const stats = new Stats(runtime, () => topicTotals(store));
  const puts = new Puts({ clock, store, confirmations, stats });
  const isSlave = config.brokerRole === "SLAVE";
  if (isSlave) { // what it takes over counts as stored
    store.dispatch.onArrival(() => void (stats.put.total = store.dispatch.entries));
  }
  const memoryBytes = runtime.memory().totalBytes * config.accessMessageInMemoryMaxRatio / 100;
  return {
    ...tables,
    runtime,
    config,
    configVersion: new ConfigVersion(clock),
    log,
    store,
    disk: logDir(fs, config),
    queueDisk: fs.dir(config.storePathRootDir).child("consumequeue"),
    acks,
    slaves,
    confirmations,
    puts,
    transactions: new Transactions({ ...tables, clock, log, config, store, puts, isSlave }),
    isSlave,
    stats,
    startedAt: clock.now(),
    memoryBytes,
    startsOnDisk: (topic, queueId) => {
      const queue = store.queues.get(topic, queueId);
      const first = logOffsetOf(queue, queue?.start ?? 0);
      return first !== undefined && store.log.tail - first > memoryBytes;
    },
  };
}

/**
 * Gives topics that have messages and no settings plain ones. A topic's settings reach the disk a moment
 * after its first message was answered; a crash in between must not hide that message. It gets as many queues
 * as one made by sending can have had: its producers know them, and would be refused at those that are
 * missing. A slave gets topics from its master.
 */
function restoreTopics(topics: Topics, store: Store, newQueues: number, log: Log): void {
  const queues = new Map<string, number>();
  for (const { topic, minOffset, maxOffset } of store.queues.all()) {
    if (minOffset === maxOffset || topics.get(topic) !== undefined) continue; // it may have been deleted
    const least = isRetryTopic(topic) || topics.isSystem(topic) ? 1 : newQueues;
    queues.set(topic, Math.max(least, ...store.queues.of(topic).map(({ queueId }) => queueId + 1)));
  }
  for (const [topic, count] of queues) {
    topics.ensure(topic, count);
    log.warn("a topic's settings were lost in the crash, it has plain ones now", {
      topic,
      queues: count,
    });
  }
}

/** How many messages each topic has had, those that are gone too, and the size of those since the start. */
function topicTotals({ queues }: Store): Map<string, TopicTotals> {
  const totals = new Map<string, TopicTotals>();
  for (const { topic, maxOffset, putBytes } of queues.all()) {
    const { messages, bytes } = totals.get(topic) ?? { messages: 0, bytes: 0 };
    totals.set(topic, { messages: messages + maxOffset, bytes: bytes + putBytes });
  }
  return totals;
}

/** Ends all of it but the store: waiting senders hear no more, tables are written. */
export async function closeParts(parts: Parts): Promise<void> {
  parts.confirmations.close();
  parts.stats.close();
  parts.clients.close();
  const { topics, groups, offsets, offsetCopy, delay, filters } = parts;
  const tables = [topics, groups, offsets, offsetCopy, delay, filters.table];
  await Promise.all(tables.map((table) => table.close()));
}

/** What a broker knows of topics, groups and clients. */
export interface Tables {
  readonly topics: Topics;
  readonly groups: Groups;
  readonly offsets: Offsets;
  /** What pulls filter by. */
  readonly filters: Filters;
  /** Progress of the delay levels. */
  readonly delay: DelayProgress;
  readonly clients: Clients;
  readonly locks: Locks;
  /** What a slave takes over of its master's offsets. */
  readonly offsetCopy: OffsetCopy;
  /** Takes offsets and delay progress back to where the queues end: after the log was cut. */
  readonly clampPositions: () => void;
}

/** Reads the tables from the store's `config` folder. */
function openTables(
  { clock, fs }: Pick<Runtime, "clock" | "fs">,
  config: BrokerConfig,
  store: Store,
  log: Log,
): Tables {
  const dir = fs.dir(config.storePathRootDir).child("config");
  dir.make();
  const follows = config.brokerRole === "SLAVE";
  const topics = new Topics(config, { dir, clock, log, follows });
  const groups = new Groups(config, { dir, clock, log, follows });
  const { flushConsumerOffsetInterval } = config;
  const offsets = new Offsets({ dir, clock, log, flushConsumerOffsetInterval });
  const endOf = (topic: string, queueId: number) =>
    store.queues.get(topic, queueId)?.maxOffset ?? 0;
  const offsetCopy = new OffsetCopy({
    dir,
    clock,
    log,
    flushConsumerOffsetInterval,
    offsets,
    endOf,
  });
  const delay = new DelayProgress({
    dir,
    clock,
    log,
    flushDelayOffsetInterval: config.flushDelayOffsetInterval,
    position: () => store.dispatch.position,
    safe: () => store.flush.patiently(store.log.tail),
  });
  for (const table of [topics, groups, offsets, offsetCopy, delay]) table.load();
  const filters = new Filters({
    dir,
    clock,
    log,
    commitLog: store.log,
    get enablePropertyFilter() { // it may change
      return config.enablePropertyFilter;
    },
  });
  const clampPositions = () => {
    offsets.clampTo(endOf);
    delay.clampTo((level) => endOf(SCHEDULE_TOPIC, level - 1));
  };
  if (follows) clampPositions(); // a store that was emptied or cut may have been left its tables
  const notifies = (name: string) =>
    config.notifyConsumerIdsChangedEnable &&
    (groups.get(name)?.notifyConsumerIdsChangedEnable ?? true);
  const clients = new Clients({ clock, log, notifies });
  filters.table.load((group) => clients.consumerGroup(group) !== undefined);
  return {
    topics,
    groups,
    offsets,
    offsetCopy,
    delay,
    clampPositions,
    clients,
    filters,
    locks: new Locks(clock),
  };
}
