import type { ClusterBroker } from "../../admin/cluster.ts";
import type { Lines } from "../../admin/lines.ts";
import { kvValue, putKv } from "../../admin/namesrv.ts";
import { topicTable } from "../../admin/topic_tables.ts";
import { deleteTopic, putTopic, topicRoute } from "../../admin/topics.ts";
import type { TopicConfig } from "../../wire/topic.ts";
import { allBrokers, reaching } from "../admin/reach.ts";
import { Exit, UsageError } from "../exit.ts";
import { BROKER, CLUSTER, type MqadminCommand, mqadminCommand, TOPIC } from "./command.ts";
import { printDone, printJson } from "./print.ts";
import { mastersAt } from "./targets.ts";

/** Namespace of how many queues each broker has of a topic with an order. */
export const ORDER_CONF = "ORDER_TOPIC_CONFIG";
const UNIT = 1;
const UNIT_SUB = 2;

const PERM = {
  kind: "text",
  letter: "p",
  choices: ["0", "1", "2", "3", "4", "5", "6", "7"],
  meaning: "what clients may do: 2 write, 4 read, 6 both",
} as const;

/** Commands that make, change and delete topics. */
export const topicChanges: Readonly<Record<string, MqadminCommand>> = {
  updateTopic: mqadminCommand({
    summary: "Make a topic, or give it other settings",
    flags: {
      brokerAddr: { ...BROKER, meaning: "on that master alone, host:port" },
      clusterName: { ...CLUSTER, meaning: "on every master of that cluster" },
      topic: TOPIC,
      readQueueNums: { kind: "count", letter: "r", meaning: "queues that are read, 8 unless told" },
      writeQueueNums: {
        kind: "count",
        letter: "w",
        meaning: "queues that are written to, 8 unless told",
      },
      perm: PERM,
      order: {
        kind: "truth",
        letter: "o",
        meaning: "whether name servers keep how many queues each broker has",
      },
      unit: { kind: "truth", letter: "u", meaning: "whether it is of a unit" },
      hasUnitSub: { kind: "truth", letter: "s", meaning: "whether units subscribe to it" },
    },
    oneOf: ["brokerAddr", "clusterName"],
    examples: [
      "updateTopic -c DefaultCluster -t orders -r 16 -w 16",
      "updateTopic -b 10.0.0.5:10911 -t orders -p 4",
    ],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const topic: TopicConfig = {
          topicName: given.topic,
          readQueueNums: given.readQueueNums ?? 8,
          writeQueueNums: given.writeQueueNums ?? 8,
          perm: Number(given.perm ?? 6),
          topicFilterType: "SINGLE_TAG",
          topicSysFlag: (given.unit ? UNIT : 0) | (given.hasUnitSub ? UNIT_SUB : 0),
          order: given.order ?? false,
        };
        const masters = await mastersAt(lines, given);
        const order = given.order ? await putOrder(lines, topic, masters, given) : undefined;
        const isOne = given.clusterName === undefined;
        const conf = order === undefined ? "" : orderText(order, isOne);
        const say = (words: string) => given.json || context.terminal.stdout(words);
        if (isOne) say(conf);
        for (const { address } of masters) {
          await putTopic(lines, address, topic);
          say(`create topic to ${address} success.\n`);
        }
        if (!isOne) say(conf);
        const brokers = masters.map(({ address }) => address);
        printDone(context, given, configText(topic), { ...topic, brokers, orderConf: order });
        return Exit.OK;
      }),
  }),

  deleteTopic: mqadminCommand({
    summary: "Delete a topic and its messages",
    flags: {
      clusterName: { ...CLUSTER, required: true, meaning: "on every master of that cluster" },
      topic: TOPIC,
    },
    examples: ["deleteTopic -c DefaultCluster -t orders"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { topic, clusterName } = given;
        const brokers = (await mastersAt(lines, { clusterName })).map(({ address }) => address);
        await topicRoute(lines, topic); // says so when there is none
        await deleteTopic(lines, topic, brokers, clusterName);
        const words = `delete topic [${topic}] from cluster [${clusterName}] success.\n` +
          `delete topic [${topic}] from NameServer success.`;
        printDone(context, given, words, { topic, cluster: clusterName, deleted: true, brokers });
        return Exit.OK;
      }),
  }),

  updateTopicPerm: mqadminCommand({
    summary: "Change what clients may do with a topic",
    flags: {
      brokerAddr: { ...BROKER, meaning: "on that master alone, host:port" },
      clusterName: { ...CLUSTER, meaning: "on every master of that cluster that has it" },
      topic: TOPIC,
      perm: { ...PERM, required: true },
    },
    oneOf: ["brokerAddr", "clusterName"],
    examples: ["updateTopicPerm -c DefaultCluster -t orders -p 4"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { topic, json } = given;
        await topicRoute(lines, topic); // says so when there is none
        const having = await settingsOn(lines, await mastersAt(lines, given), topic);
        if (having.length === 0) {
          const where = given.brokerAddr ?? `cluster "${given.clusterName}"`;
          context.terminal.stderr(`pocketmq: no master with topic "${topic}" is at ${where}\n`);
          return Exit.FAILED;
        }
        const perm = Number(given.perm);
        for (const { address, config } of having) {
          const to = { ...config, perm };
          if (config.perm !== perm) await putTopic(lines, address, to);
          if (json) printJson(context, [{ topic, broker: address, from: config.perm, to: perm }]);
          else context.terminal.stdout(permChangeText(config, to, address, given.clusterName));
        }
        return Exit.OK;
      }),
  }),
};

function orderText(conf: string, isOne: boolean): string {
  return `set ${isOne ? "broker" : "cluster"} orderConf. isOrder=true, orderConf=[${conf}]\n`;
}

function permChangeText(
  from: TopicConfig,
  to: TopicConfig,
  address: string,
  cluster: string | undefined,
): string {
  if (from.perm === to.perm) return "new perm equals to the old one!\n";
  const changed = `update topic perm from ${from.perm} to ${to.perm} in ${address} success.\n`;
  return cluster === undefined ? `${changed}${configText(to)}.\n` : changed;
}

/** The topic's settings on those of the brokers that have it. */
async function settingsOn(
  lines: Lines,
  brokers: readonly ClusterBroker[],
  topic: string,
): Promise<{ readonly address: string; readonly config: TopicConfig }[]> {
  const tables = await Promise.all(brokers.map(({ address }) => topicTable(lines, address)));
  return brokers.flatMap(({ address }, i) => {
    const config = tables[i].topics.get(topic);
    return config === undefined ? [] : [{ address, config }];
  });
}

/** Has the name servers keep how many queues these brokers have: a cluster's replace what was, a broker's joins. */
async function putOrder(
  lines: Lines,
  { topicName, writeQueueNums }: TopicConfig,
  masters: readonly ClusterBroker[],
  { clusterName }: { readonly clusterName: string | undefined },
): Promise<string> {
  const known = clusterName === undefined ? await allBrokers(lines) : masters;
  const named = masters.map(({ address }) => {
    const name = known.find((broker) => broker.address === address)?.name;
    if (name !== undefined) return name;
    throw new UsageError(`no broker is registered at ${address}, so its order has no name`);
  });
  const before = clusterName === undefined ? await kvValue(lines, ORDER_CONF, topicName) : "";
  const conf = joinedOrder(before ?? "", named, writeQueueNums);
  await putKv(lines, ORDER_CONF, topicName, conf);
  return conf;
}

/** An order configuration, `broker-a:4;broker-b:4`, in which these brokers have so many queues. */
export function joinedOrder(
  before: string,
  brokerNames: readonly string[],
  queues: number,
): string {
  const items = new Map(
    before.split(";").filter(Boolean).map((item) => [item.slice(0, item.lastIndexOf(":")), item]),
  );
  for (const name of brokerNames) items.set(name, `${name}:${queues}`);
  return [...items.values()].join(";");
}

/** A topic's settings as mqadmin prints them. */
export function configText(topic: TopicConfig): string {
  const { topicName, readQueueNums, writeQueueNums, perm, topicSysFlag, order } = topic;
  return `TopicConfig [topicName=${topicName}, readQueueNums=${readQueueNums}, ` +
    `writeQueueNums=${writeQueueNums}, perm=${permLetters(perm)}, ` +
    `topicFilterType=${topic.topicFilterType}, topicSysFlag=${topicSysFlag}, order=${order}]`;
}

/** RW-: read, write, and inherited by topics that are made after it. */
export function permLetters(perm: number): string {
  return [[4, "R"], [2, "W"], [1, "X"]].map(([bit, letter]) => perm & Number(bit) ? letter : "-")
    .join("");
}
