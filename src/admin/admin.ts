import { type Log, silentLog } from "../base/log.ts";
import { NameServers, nameServersIn } from "../client/name_servers.ts";
import type { ClientRuntime } from "../client/parts.ts";
import type { Message } from "../client/incoming.ts";
import { CallError } from "../rpc/peer.ts";
import { Redial } from "../rpc/redial.ts";
import { plainGroup } from "../wire/group.ts";
import type { TopicRoute } from "../wire/route.ts";
import { putBrokerConfig } from "./broker_changes.ts";
import { brokerConfig, brokerRuntime } from "./brokers.ts";
import { type ClusterBroker, clusterBrokers } from "./cluster.ts";
import {
  type ConsumerConnections,
  deleteGroup,
  type GroupConfig,
  groupOnline,
  groupProgress,
  groupsOn,
  putGroup,
  type QueueLag,
} from "./groups.ts";
import type { Lines } from "./lines.ts";
import { messageById, type MessageQuery, messagesByKey } from "./messages.ts";
import {
  entryAt,
  type OffsetTarget,
  positionIn,
  type QueuePosition,
  queuesOf,
  setPosition,
} from "./offsets.ts";
import { type QueueReset, resetOffsets, type ResetOrder } from "./reset.ts";
import {
  deleteTopic,
  type NamedTopic,
  putTopic,
  type QueueEnds,
  topicRoute,
  topics,
  topicStats,
} from "./topics.ts";
import { type MessageTrack, messageTracks } from "./tracks.ts";

/** Which cluster to look after. */
export interface AdminOptions {
  /** Name servers, `10.0.0.1:9876;10.0.0.2:9876`. */
  readonly namesrvAddr: string;
  /** The cluster that topics and groups are made in; needed where the name servers know several. */
  readonly cluster?: string;
  /** Where it says what goes wrong on connections; nowhere by default. */
  readonly log?: Log;
}

/** A topic that is made or changed. */
export interface TopicSettings {
  /** Queues on each broker; 8 unless told. */
  readonly queues?: number;
  /** 4 for reading + 2 for writing; both unless told. */
  readonly perm?: number;
}

/** As mqadmin's. */
const QUEUES = 8;
const READ_WRITE = 6;

/**
 * What an operator asks of a cluster and changes in it, ours or Apache's. Nothing is dialled before it is
 * needed. What a method asks several brokers for fails when one of them does.
 */
export class Admin implements AsyncDisposable {
  readonly #redial: Redial;
  readonly #lines: Lines;
  readonly #runtime: ClientRuntime;
  readonly #cluster: string | undefined;

  /** Made by `connectAdmin`. @throws {Error} when `namesrvAddr` names no address. */
  constructor(runtime: ClientRuntime, { namesrvAddr, cluster, log = silentLog }: AdminOptions) {
    const namesrvs = nameServersIn(namesrvAddr);
    this.#runtime = runtime;
    this.#cluster = cluster;
    this.#redial = new Redial(runtime, log);
    const servers = new NameServers(namesrvs, { redial: this.#redial, clock: runtime.clock });
    this.#lines = { calls: this.#redial, servers, namesrvs };
  }

  /** Every broker that is registered, in order of cluster, name and id. */
  brokers(): Promise<ClusterBroker[]> {
    return clusterBrokers(this.#lines.servers);
  }

  /** All topics the name servers know, by name. */
  topics(): Promise<NamedTopic[]> {
    return topics(this.#lines);
  }

  /** Where a topic is. @throws {AnswerError} when no broker that is alive has it. */
  route(topic: string): Promise<TopicRoute> {
    return topicRoute(this.#lines, topic);
  }

  /** Where each queue of a topic begins and ends. */
  async queues(topic: string): Promise<QueueEnds[]> {
    const { brokers } = await topicRoute(this.#lines, topic);
    const all = brokers.map(({ brokerAddrs }) =>
      topicStats(this.#lines, brokerAddrs.get(Math.min(...brokerAddrs.keys()))!, topic)
    );
    return (await Promise.all(all)).flat();
  }

  /** Makes a topic on every master of the cluster, or gives it these settings there. */
  async createTopic(topic: string, settings: TopicSettings = {}): Promise<void> {
    const { queues = QUEUES, perm = READ_WRITE } = settings;
    for (const address of await this.#masters()) {
      await putTopic(this.#lines, address, {
        topicName: topic,
        order: false,
        topicFilterType: "SINGLE_TAG",
        topicSysFlag: 0,
        perm,
        readQueueNums: queues,
        writeQueueNums: queues,
      });
    }
  }

  /** Deletes a topic and its messages. */
  async deleteTopic(topic: string): Promise<void> {
    await deleteTopic(this.#lines, topic, await this.#masters(), this.#cluster);
  }

  /** The consumer groups of the cluster, with their settings on the first broker that has them. */
  async groups(): Promise<ReadonlyMap<string, GroupConfig>> {
    const all = new Map<string, GroupConfig>();
    for (const address of await this.#masters()) {
      for (const [name, group] of await groupsOn(this.#lines, address)) {
        if (!all.has(name)) all.set(name, group);
      }
    }
    return all;
  }

  /** Makes a group on every master of the cluster; what is not named has Java's defaults. */
  async createGroup(
    name: string,
    settings: Partial<Omit<GroupConfig, "groupName">> = {},
  ): Promise<void> {
    const group = { ...plainGroup(name), ...settings };
    for (const address of await this.#masters()) await putGroup(this.#lines, address, group);
  }

  /** Deletes a group's settings, and where it was when told so. */
  async deleteGroup(name: string, withOffsets = false): Promise<void> {
    for (const address of await this.#masters()) {
      await deleteGroup(this.#lines, address, name, withOffsets);
    }
  }

  /** How far a group is in its queues, or in those of one topic. */
  async progress(group: string, topic?: string): Promise<QueueLag[]> {
    const all = (await this.#masters()).map((address) =>
      groupProgress(this.#lines, address, group, topic)
    );
    return (await Promise.all(all)).flat();
  }

  /** Who of a group is connected; undefined when nobody is. */
  async consumers(group: string): Promise<ConsumerConnections | undefined> {
    for (const address of await this.#masters()) {
      const online = await groupOnline(this.#lines, address, group);
      if (online !== undefined) return online;
    }
    return undefined;
  }

  /** Where a group goes on in the queues of a topic. */
  async positions(group: string, topic: string): Promise<QueuePosition[]> {
    const queues = await queuesOf(this.#lines, topic);
    return await Promise.all(queues.map((queue) => positionIn(this.#lines, group, queue)));
  }

  /** Has a group go on elsewhere in all queues of a topic. Its members must be away: they know better. */
  async setPositions(group: string, topic: string, target: OffsetTarget): Promise<void> {
    for (const queue of await this.positions(group, topic)) {
      const entry = await entryAt(this.#lines, queue, target);
      await setPosition(this.#lines, group, queue, entry);
    }
  }

  /**
   * Has a group go on elsewhere in a topic: members that are online are told, where there are none its
   * positions are set.
   */
  reset(order: ResetOrder): Promise<QueueReset[]> {
    return resetOffsets(this.#lines, order);
  }

  /** The message of a broker's own id. @throws {AnswerError} when there is none. */
  message(offsetMessageId: string): Promise<Message> {
    return messageById(this.#lines, offsetMessageId, this.#runtime.codecs);
  }

  /** Messages by one of their keys, or by the id their producer gave them; the oldest first. */
  messages(query: MessageQuery): Promise<Message[]> {
    return messagesByKey(this.#lines, query, this.#runtime.codecs);
  }

  /** What became of a message in each group that reads its topic. */
  tracks(message: Message): Promise<MessageTrack[]> {
    return messageTracks(this.#lines, message);
  }

  /** What the broker at an address says of itself, by RocketMQ's own keys. */
  brokerStatus(address: string): Promise<ReadonlyMap<string, string>> {
    return brokerRuntime(this.#lines, address);
  }

  /** The settings the broker at an address runs with. */
  brokerConfig(address: string): Promise<ReadonlyMap<string, string>> {
    return brokerConfig(this.#lines, address);
  }

  /**
   * Changes settings while the broker runs, all or none; gives what it said to it. Which may be: docs/configuration.md.
   *
   * @throws {AnswerError} naming the one that may not.
   */
  setBrokerConfig(
    address: string,
    settings: Readonly<Record<string, string>>,
  ): Promise<string> {
    return putBrokerConfig(this.#lines, address, Object.entries(settings));
  }

  /** Ends its connections. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#redial.close();
    return Promise.resolve();
  }

  async #masters(): Promise<string[]> {
    const brokers = await this.brokers();
    const clusters = [...new Set(brokers.map(({ cluster }) => cluster))];
    const wanted = this.#cluster ?? clusters[0];
    if (this.#cluster === undefined && clusters.length > 1) {
      throw new Error(`cluster is not given, it must be one of ${clusters.join(", ")}`);
    }
    const masters = brokers.filter(({ cluster, id }) => cluster === wanted && id === 0);
    if (masters.length > 0) return masters.map(({ address }) => address);
    throw new CallError("unreachable", `no master of cluster "${wanted ?? ""}" is registered`);
  }
}
