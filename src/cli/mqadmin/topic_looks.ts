import type { Lines } from "../../admin/lines.ts";
import { groupsOfTopic } from "../../admin/topic_tables.ts";
import { topicRoute, topics, topicStats } from "../../admin/topics.ts";
import { textOf } from "../../base/bytes.ts";
import { AnswerError } from "../../client/errors.ts";
import { queuesOf as share } from "../../client/rebalance.ts";
import { ResponseCode } from "../../wire/codes.ts";
import { formatRoute, type TopicRoute } from "../../wire/route.ts";
import { reaching } from "../admin/reach.ts";
import { Exit } from "../exit.ts";
import { tableOf } from "../table.ts";
import { type MqadminCommand, mqadminCommand, TOPIC } from "./command.ts";
import { localTime, printJson, printRows } from "./print.ts";

/** Topics asked for at a time. */
const AT_A_TIME = 32;

/** Commands that show topics. */
export const topicLooks: Readonly<Record<string, MqadminCommand>> = {
  topicList: mqadminCommand({
    summary: "List the topics that name servers know",
    flags: {
      clusterModel: {
        kind: "switch",
        letter: "c",
        meaning: "with the clusters that have them and the groups that read them",
      },
    },
    examples: ["topicList -n 10.0.0.1:9876", "topicList -c"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const names = (await topics(lines)).map(({ name }) => name);
        if (!given.clusterModel) {
          if (given.json) printJson(context, names.map((topic) => ({ topic })));
          else context.terminal.stdout(names.map((name) => `${name}\n`).join(""));
          return Exit.OK;
        }
        const read = await eachOf(names, (name) => readersOf(lines, name));
        const rows = read.flatMap(({ topic, clusters, groups }) =>
          clusters.flatMap((cluster) =>
            groups.length > 0
              ? groups.map((group) => [cluster, topic, group])
              : [[cluster, topic, ""]]
          )
        );
        printRows(context, given, ["#Cluster Name", "#Topic", "#Consumer Group"], rows, read);
        return Exit.OK;
      }),
  }),

  topicRoute: mqadminCommand({
    summary: "Show which brokers have a topic, and where they are",
    flags: {
      topic: TOPIC,
      list: { kind: "switch", letter: "l", meaning: "as a table" },
    },
    examples: ["topicRoute -t orders", "topicRoute -t orders -l"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const route = await topicRoute(lines, given.topic);
        const object = JSON.parse(textOf(formatRoute(route, "quoted")));
        if (given.json) printJson(context, [object]);
        else if (given.list) context.terminal.stdout(routeTable(route));
        else context.terminal.stdout(JSON.stringify(object, null, "\t") + "\n");
        return Exit.OK;
      }),
  }),

  topicStatus: mqadminCommand({
    summary: "Show where each queue of a topic begins and ends",
    flags: { topic: TOPIC },
    examples: ["topicStatus -t orders", "topicStatus -t orders --json"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { brokers } = await topicRoute(lines, given.topic);
        const asked = [...brokers].sort((a, b) => a.brokerName < b.brokerName ? -1 : 1)
          .map(({ brokerAddrs }) =>
            topicStats(lines, brokerAddrs.get(Math.min(...brokerAddrs.keys()))!, given.topic)
          );
        const ends = (await Promise.all(asked)).flat();
        const rows = ends.map((end) => [
          end.brokerName,
          String(end.queueId),
          String(end.minOffset),
          String(end.maxOffset),
          end.lastUpdateTimestamp > 0 ? localTime(end.lastUpdateTimestamp) : "",
        ]);
        const titles = ["#Broker Name", "#QID", "#Min Offset", "#Max Offset", "#Last Updated"];
        printRows(context, given, titles, rows, ends);
        return Exit.OK;
      }),
  }),

  topicClusterList: mqadminCommand({
    summary: "List the clusters that have a topic",
    flags: { topic: TOPIC },
    examples: ["topicClusterList -t orders"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const clusters = clustersOf(await topicRoute(lines, given.topic));
        if (given.json) printJson(context, clusters.map((cluster) => ({ cluster })));
        else context.terminal.stdout(clusters.map((name) => `${name}\n`).join(""));
        return Exit.OK;
      }),
  }),

  allocateMQ: mqadminCommand({
    summary: "Show how consumers of one group would share a topic's queues",
    flags: {
      topic: TOPIC,
      ipList: { kind: "text", letter: "i", required: true, meaning: "their names, parted by ," },
    },
    examples: ["allocateMQ -t orders -i 10.0.0.7,10.0.0.8"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { queues } = await topicRoute(lines, given.topic);
        const all = queues.flatMap(({ brokerName, readQueueNums }) =>
          Array.from(
            { length: readQueueNums },
            (_, queueId) => ({ brokerName, queueId, topic: given.topic }),
          )
        );
        const members = given.ipList.split(",").map((name) => name.trim()).filter(Boolean);
        const result = Object.fromEntries(members.map((name) => [name, share(name, members, all)]));
        printJson(context, [{ result }]);
        return Exit.OK;
      }),
  }),
};

/** Which clusters have a topic, and which groups read it. */
interface Readers {
  readonly topic: string;
  readonly clusters: readonly string[];
  readonly groups: readonly string[];
}

/** A topic that has no route any more has neither; a group's retries are nobody else's to read. */
async function readersOf(lines: Lines, topic: string): Promise<Readers> {
  const route = await topicRoute(lines, topic).catch(noneFound);
  if (route === undefined) return { topic, clusters: [""], groups: [] };
  const isOfGroup = /^%(RETRY|DLQ)%/.test(topic);
  const asked = isOfGroup
    ? []
    : route.brokers.map(({ brokerAddrs }) =>
      groupsOfTopic(lines, brokerAddrs.get(Math.min(...brokerAddrs.keys()))!, topic)
    );
  const groups = [...new Set((await Promise.all(asked)).flat())].sort();
  return { topic, clusters: clustersOf(route), groups };
}

function noneFound(error: unknown): undefined {
  if (error instanceof AnswerError && error.code === ResponseCode.TOPIC_NOT_EXIST) return undefined;
  throw error;
}

async function eachOf<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  for (let at = 0; at < items.length; at += AT_A_TIME) {
    answers.push(...await Promise.all(items.slice(at, at + AT_A_TIME).map(ask)));
  }
  return answers;
}

function clustersOf({ brokers }: TopicRoute): string[] {
  return [...new Set(brokers.map(({ cluster }) => cluster))].sort();
}

/** `topicRoute -l` */
export function routeTable({ brokers, queues }: TopicRoute): string {
  const titles = ["#ClusterName", "#BrokerName", "#BrokerAddrs"];
  const rows = queues.map((data) => {
    const broker = brokers.find(({ brokerName }) => brokerName === data.brokerName);
    const addresses = Array.from(broker?.brokerAddrs ?? [], ([id, at]) => `${id}=${at}`);
    return [
      broker?.cluster ?? "",
      data.brokerName,
      `{${addresses.join(", ")}}`,
      String(data.readQueueNums),
      String(data.writeQueueNums),
      String(data.perm),
    ];
  });
  const sum = (of: "readQueueNums" | "writeQueueNums") =>
    String(queues.reduce((all, data) => all + data[of], 0));
  const total = ["Total:", String(queues.length), "", sum("readQueueNums"), sum("writeQueueNums")];
  const lines = tableOf([[...titles, "#ReadQueue", "#WriteQueue", "#Perm"], ...rows, total])
    .trimEnd().split("\n");
  const rule = "-".repeat(Math.max(...lines.map(({ length }) => length)));
  return [...lines.slice(0, -1), rule, lines.at(-1), ""].join("\n");
}
