import { utf8 } from "../base/bytes.ts";
import { FieldError } from "../base/errors.ts";
import { JsonBody, textItem } from "./json_body.ts";

/** Queues of a topic on one broker. `perm` is 1 inherit + 2 write + 4 read. */
export interface QueueData {
  /** The broker it is of. */
  readonly brokerName: string;
  /** 1 inherit + 2 write + 4 read. */
  readonly perm: number;
  /** Queues that are read. */
  readonly readQueueNums: number;
  /** Bits of TopicSysFlag. */
  readonly topicSysFlag: number;
  /** Queues that are written to. */
  readonly writeQueueNums: number;
}

/** A broker and the address of each of its ids; 0 is the master. */
export interface BrokerData {
  /** host:port by broker id; 0 is the master. */
  readonly brokerAddrs: ReadonlyMap<number, string>;
  /** Name that master and slaves share. */
  readonly brokerName: string;
  /** Cluster they belong to. */
  readonly cluster: string;
}

/** Where a topic is: answer to 105. Source: TopicRouteData. */
export interface TopicRoute {
  /** Who has it. */
  readonly brokers: readonly BrokerData[];
  /** How many queues on each. */
  readonly queues: readonly QueueData[];
  /** How many queues each broker has of a topic with an order, `broker-a:4;broker-b:4`. */
  readonly orderTopicConf?: string;
}

/** All brokers, and their names by cluster: answer to 106. Source: ClusterInfo. */
export interface ClusterInfo {
  readonly brokers: readonly BrokerData[];
  readonly clusters: ReadonlyMap<string, readonly string[]>;
}

/** Source: TopicList. */
export interface TopicList {
  readonly topics: readonly string[];
  /** Any broker's address, where the request asks for one. */
  readonly brokerAddr?: string;
}

/**
 * How broker ids, which are keys of a map, are written: "bare" as fastjson does, or "quoted" as JSON wants
 * them. Go clients before 2.1.2 cannot read quoted ones; clients that can, say so.
 */
export type KeyForm = "bare" | "quoted";

/** The body of an answer to 105. */
export function formatRoute(
  { brokers, queues, orderTopicConf }: TopicRoute,
  keys: KeyForm,
): Uint8Array {
  const order = orderTopicConf === undefined
    ? ""
    : `"orderTopicConf":${JSON.stringify(orderTopicConf)},`;
  const brokerDatas = brokers.map((broker) => brokerJson(broker, keys)).join(",");
  const queueDatas = queues.map((data) =>
    JSON.stringify({
      brokerName: data.brokerName,
      perm: data.perm,
      readQueueNums: data.readQueueNums,
      topicSysFlag: data.topicSysFlag,
      writeQueueNums: data.writeQueueNums,
    })
  ).join(",");
  return utf8(
    `{"brokerDatas":[${brokerDatas}],"filterServerTable":{},${order}"queueDatas":[${queueDatas}]}`,
  );
}

/** @throws {FieldError} */
export function parseRoute(body: Uint8Array): TopicRoute {
  const route = JsonBody.parse(body);
  return {
    brokers: route.list("brokerDatas", readBroker),
    queues: route.list("queueDatas", readQueues),
    orderTopicConf: route.textOr("orderTopicConf", undefined),
  };
}

/** The body of an answer to 106; Java writes its ids bare, whoever asks. */
export function formatClusterInfo({ brokers, clusters }: ClusterInfo): Uint8Array {
  const table = brokers.map((broker) =>
    `${JSON.stringify(broker.brokerName)}:${brokerJson(broker, "bare")}`
  );
  const names = JSON.stringify(Object.fromEntries(clusters));
  return utf8(`{"brokerAddrTable":{${table.join(",")}},"clusterAddrTable":${names}}`);
}

/** @throws {FieldError} */
export function parseClusterInfo(body: Uint8Array): ClusterInfo {
  const info = JsonBody.parse(body);
  const clusters = new Map<string, string[]>();
  for (const [name, value, path] of info.each("clusterAddrTable")) {
    clusters.set(name, JsonBody.of({ names: value }, path).list("names", textItem));
  }
  const brokers: BrokerData[] = [];
  for (const [, value, path] of info.each("brokerAddrTable")) brokers.push(readBroker(value, path));
  return { brokers, clusters };
}

export function formatTopicList({ topics, brokerAddr }: TopicList): Uint8Array {
  return utf8(JSON.stringify({ brokerAddr, topicList: topics }));
}

/** @throws {FieldError} */
export function parseTopicList(body: Uint8Array): TopicList {
  const list = JsonBody.parse(body);
  return {
    topics: list.list("topicList", textItem),
    brokerAddr: list.textOr("brokerAddr", undefined),
  };
}

/** The entries of a namespace: answers to 219 and 103. Source: KVTable. */
export function formatKvTable(entries: ReadonlyMap<string, string>): Uint8Array {
  return utf8(JSON.stringify({ table: Object.fromEntries(entries) }));
}

/** @throws {FieldError} */
export function parseKvTable(body: Uint8Array): Map<string, string> {
  const entries = new Map<string, string>();
  for (const [key, value, path] of JsonBody.parse(body).each("table")) {
    entries.set(key, textItem(value, path));
  }
  return entries;
}

function brokerJson({ brokerAddrs, brokerName, cluster }: BrokerData, keys: KeyForm): string {
  const quote = keys === "quoted" ? '"' : "";
  const addresses = [...brokerAddrs].sort(([a], [b]) => a - b)
    .map(([id, address]) => `${quote}${id}${quote}:${JSON.stringify(address)}`);
  return `{"brokerAddrs":{${addresses.join(",")}},"brokerName":${JSON.stringify(brokerName)},` +
    `"cluster":${JSON.stringify(cluster)}}`;
}

function readBroker(item: unknown, path: string): BrokerData {
  const broker = JsonBody.of(item, path);
  const brokerAddrs = new Map<number, string>();
  for (const [id, address, at] of broker.each("brokerAddrs")) {
    if (!/^\d{1,15}$/.test(id)) throw new FieldError(at, id, "a broker id");
    brokerAddrs.set(Number(id), textItem(address, at));
  }
  return {
    brokerAddrs,
    brokerName: broker.text("brokerName"),
    cluster: broker.textOr("cluster", ""),
  };
}

function readQueues(item: unknown, path: string): QueueData {
  const data = JsonBody.of(item, path);
  return {
    brokerName: data.text("brokerName"),
    perm: data.whole("perm", 6),
    readQueueNums: data.whole("readQueueNums", 0, 0),
    topicSysFlag: data.whole("topicSysFlag", 0),
    writeQueueNums: data.whole("writeQueueNums", 0, 0),
  };
}
