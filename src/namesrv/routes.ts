import type { BrokerNode, Registration } from "../wire/registration.ts";
import {
  type BrokerData,
  type ClusterInfo,
  formatRoute,
  type KeyForm,
  type QueueData,
  type TopicList,
  type TopicRoute,
} from "../wire/route.ts";
import { type DataVersion, sameVersion } from "../wire/tables.ts";
import type { TopicConfig } from "../wire/topic.ts";

/** Where a slave finds its master; absent while no master is alive. */
export interface MasterOf {
  readonly masterAddr: string;
  readonly haServerAddr: string;
}

/** Body of a route answer in both spellings of its numeric keys, each made when first asked for. */
type Bodies = Partial<Record<KeyForm, Uint8Array>>;

interface Broker {
  readonly cluster: string;
  /** Address of each id. */
  readonly addresses: Map<number, string>;
}

interface Live<Holder> {
  readonly version: DataVersion;
  readonly haServerAddr: string;
  readonly holder: Holder;
  seenMs: number; // monotonic
}

const WRITE = 2;
const READ_WRITE = 6;

/**
 * The four tables of a name server and every change to them. It does no I/O and knows no clock: times are
 * arguments, a connection (`Holder`) is whatever object the caller names it by.
 * Source: RouteInfoManager of 4.9.7.
 */
export class RouteTable<Holder extends object = object> {
  readonly #topics = new Map<string, Map<string, QueueData>>(); // topic -> broker name
  readonly #brokers = new Map<string, Broker>();
  readonly #clusters = new Map<string, Set<string>>();
  readonly #live = new Map<string, Live<Holder>>(); // by address
  readonly #bodies = new Map<string, Bodies>(); // by topic, only of topics that have a route

  /** Takes what a broker says of itself; gives a slave its master. */
  register(said: Registration, holder: Holder, nowMs: number): MasterOf | undefined {
    const names = this.#clusters.get(said.clusterName);
    if (names) names.add(said.brokerName);
    else this.#clusters.set(said.clusterName, new Set([said.brokerName]));
    const first = this.#place(said);
    const known = this.#live.get(said.brokerAddr);
    const changed = known === undefined || !sameVersion(known.version, said.dataVersion);
    if (said.brokerId === 0 && (first || changed)) {
      for (const topic of said.topics.values()) this.#upsert(said.brokerName, topic);
    }
    const { dataVersion: version, haServerAddr } = said;
    this.#live.set(said.brokerAddr, { version, haServerAddr, holder, seenMs: nowMs });
    return said.brokerId === 0 ? undefined : this.#masterOf(said.brokerName);
  }

  /** Forgets one id of a broker, whatever address it has by now, and the broker with its last id. */
  unregister(said: BrokerNode): void {
    this.#live.delete(said.brokerAddr);
    this.#removeId(said.brokerName, said.brokerId);
  }

  /** Forgets the brokers whose latest registration came on this connection; gives their addresses. */
  connectionClosed(holder: Holder): string[] {
    const gone: string[] = [];
    for (const [address, live] of this.#live) if (live.holder === holder) gone.push(address);
    for (const address of gone) this.#removeAddress(address);
    return gone;
  }

  /** Forgets the brokers last heard of before `beforeMs`; gives their addresses and connections. */
  expire(beforeMs: number): { address: string; holder: Holder }[] {
    const gone: { address: string; holder: Holder }[] = [];
    for (const [address, live] of this.#live) {
      if (live.seenMs < beforeMs) gone.push({ address, holder: live.holder });
    }
    for (const { address } of gone) this.#removeAddress(address);
    return gone;
  }

  /** The version of the topics last registered from an address, if it is alive. */
  versionOf(address: string): DataVersion | undefined {
    return this.#live.get(address)?.version;
  }

  /** Compares versions for a broker that asks whether it must register; an equal one is a sign of life. */
  isCurrent(address: string, version: DataVersion, nowMs: number): boolean {
    const live = this.#live.get(address);
    if (live === undefined || !sameVersion(live.version, version)) return false;
    live.seenMs = nowMs;
    return true;
  }

  /** The route of a topic: its queues and those of their brokers that have an address; undefined without either. */
  route(topic: string): TopicRoute | undefined {
    const queues = this.#topics.get(topic);
    if (queues === undefined) return undefined;
    const brokers: BrokerData[] = [];
    for (const name of queues.keys()) {
      const broker = this.#brokers.get(name);
      if (broker) brokers.push(dataOf(name, broker));
    }
    return brokers.length === 0 ? undefined : { brokers, queues: [...queues.values()] };
  }

  /** The route as the body of an answer, made once and kept until something in it changes. */
  routeBody(topic: string, keys: KeyForm): Uint8Array | undefined {
    const made = this.#bodies.get(topic)?.[keys];
    if (made) return made;
    const route = this.route(topic);
    if (route === undefined) return undefined;
    const bodies = this.#bodies.get(topic) ?? {};
    bodies[keys] = formatRoute(route, keys);
    this.#bodies.set(topic, bodies);
    return bodies[keys];
  }

  /** Every broker by name and every cluster's broker names. */
  clusterInfo(): ClusterInfo {
    return {
      brokers: [...this.#brokers].map(([name, broker]) => dataOf(name, broker)),
      clusters: new Map([...this.#clusters].map(([cluster, names]) => [cluster, [...names]])),
    };
  }

  /** Names of all topics, or of those whose queues on their first broker are as wanted. */
  topics(wanted?: (queues: QueueData) => boolean): string[] {
    if (wanted === undefined) return [...this.#topics.keys()];
    const names: string[] = [];
    for (const [topic, queues] of this.#topics) {
      const [first] = queues.values();
      if (first && wanted(first)) names.push(topic);
    }
    return names;
  }

  /** Topics that any broker of the cluster has; none for an unknown cluster. */
  topicsOfCluster(cluster: string): string[] {
    const names = this.#clusters.get(cluster);
    if (names === undefined) return [];
    const has = (queues: Map<string, QueueData>) => [...names].some((name) => queues.has(name));
    return [...this.#topics].filter(([, queues]) => has(queues)).map(([topic]) => topic);
  }

  /** Names of clusters and brokers, each of which is a topic too, and the address of any broker. */
  systemTopics(): TopicList {
    const topics: string[] = [];
    for (const [cluster, names] of this.#clusters) topics.push(cluster, ...names);
    for (const { addresses } of this.#brokers.values()) {
      for (const brokerAddr of addresses.values()) return { topics, brokerAddr };
    }
    return { topics };
  }

  /** Takes a topic off all brokers, or off those of one cluster. */
  deleteTopic(topic: string, cluster?: string): void {
    const queues = this.#topics.get(topic);
    if (queues === undefined) return;
    const names = cluster === undefined ? [...queues.keys()] : this.#clusters.get(cluster) ?? [];
    for (const name of names) queues.delete(name);
    if (queues.size === 0) this.#topics.delete(topic);
    this.#bodies.delete(topic);
  }

  /** Closes or opens all queues of a broker for writing until it registers a new version; gives how many topics. */
  setWritable(brokerName: string, writable: boolean): number {
    let count = 0;
    for (const [topic, queues] of this.#topics) {
      const old = queues.get(brokerName);
      if (old === undefined) continue;
      queues.set(brokerName, { ...old, perm: writable ? READ_WRITE : old.perm & ~WRITE });
      this.#bodies.delete(topic);
      count++;
    }
    return count;
  }

  /** Puts an address in its place; true when that id was not registered. A node has one id: another is dropped. */
  #place({ brokerName, clusterName, brokerId, brokerAddr }: Registration): boolean {
    let broker = this.#brokers.get(brokerName);
    if (broker === undefined) {
      broker = { cluster: clusterName, addresses: new Map() };
      this.#brokers.set(brokerName, broker);
    }
    const { addresses } = broker;
    const before = addresses.get(brokerId);
    for (const [id, address] of addresses) {
      if (address !== brokerAddr || id === brokerId) continue;
      addresses.delete(id);
      this.#bodies.clear();
    }
    if (before !== brokerAddr) {
      addresses.set(brokerId, brokerAddr);
      this.#bodies.clear(); // any topic may have queues on it; addresses change seldom
    }
    return before === undefined;
  }

  #upsert(brokerName: string, topic: TopicConfig): void {
    const { topicName, perm, readQueueNums, topicSysFlag, writeQueueNums } = topic;
    const data = { brokerName, perm, readQueueNums, topicSysFlag, writeQueueNums };
    const queues = this.#topics.get(topicName);
    if (queues) queues.set(brokerName, data);
    else this.#topics.set(topicName, new Map([[brokerName, data]]));
    this.#bodies.delete(topicName);
  }

  #masterOf(brokerName: string): MasterOf | undefined {
    const masterAddr = this.#brokers.get(brokerName)?.addresses.get(0);
    const live = masterAddr === undefined ? undefined : this.#live.get(masterAddr);
    return live && { masterAddr: masterAddr!, haServerAddr: live.haServerAddr };
  }

  #removeAddress(address: string): void {
    this.#live.delete(address);
    for (const [name, { addresses }] of this.#brokers) {
      for (const [id, its] of addresses) if (its === address) this.#removeId(name, id);
    }
  }

  #removeId(brokerName: string, id: number): void {
    const broker = this.#brokers.get(brokerName);
    if (broker === undefined || !broker.addresses.delete(id)) return;
    this.#bodies.clear();
    if (broker.addresses.size > 0) return;
    this.#brokers.delete(brokerName);
    for (const [cluster, names] of this.#clusters) {
      if (names.delete(brokerName) && names.size === 0) this.#clusters.delete(cluster);
    }
    for (const [topic, queues] of this.#topics) {
      if (queues.delete(brokerName) && queues.size === 0) this.#topics.delete(topic);
    }
  }
}

function dataOf(brokerName: string, { cluster, addresses }: Broker): BrokerData {
  return { brokerName, cluster, brokerAddrs: new Map(addresses) };
}
