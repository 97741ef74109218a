import { brokerConfig } from "../../admin/brokers.ts";
import { exportedGroups, exportedTopics } from "../../admin/exports.ts";
import { JsonFile } from "../../base/json_file.ts";
import { silentLog } from "../../base/log.ts";
import { allBrokers, reaching } from "../admin/reach.ts";
import type { Context } from "../command.ts";
import { Exit, UsageError } from "../exit.ts";
import { BROKER, CLUSTER, type MqadminCommand, mqadminCommand } from "./command.ts";
import { metricsOf } from "./export_metrics.ts";
import { printDone } from "./print.ts";
import { mastersAt } from "./targets.ts";

/** What of a broker's settings is exported. */
const SETTINGS = [
  "brokerClusterName",
  "brokerId",
  "brokerName",
  "brokerRole",
  "fileReservedTime",
  "filterServerNums",
  "flushDiskType",
  "maxMessageSize",
  "messageDelayLevel",
  "msgTraceTopicName",
  "slaveReadEnable",
  "traceOn",
  "traceTopicEnable",
  "useTLS",
  "autoCreateTopicEnable",
  "autoCreateSubscriptionGroup",
];

const FILE_PATH = {
  kind: "text",
  letter: "f",
  names: "folder",
  meaning: "folder of the file, /tmp/rocketmq/export unless told",
} as const;
const OF_CLUSTER = { ...CLUSTER, required: true, meaning: "the masters of that cluster" } as const;

/** Commands that write down what a cluster is like. */
export const exports: Readonly<Record<string, MqadminCommand>> = {
  exportMetadata: mqadminCommand({
    summary: "Write settings of topics and groups into a file",
    flags: {
      brokerAddr: BROKER,
      clusterName: { ...CLUSTER, meaning: "the masters of that cluster, queues added up" },
      topic: { kind: "switch", letter: "t", meaning: "topics alone" },
      subscriptionGroup: { kind: "switch", letter: "g", meaning: "groups alone" },
      specialTopic: { kind: "switch", letter: "s", meaning: "retries and dead letters, too" },
      filePath: FILE_PATH,
    },
    oneOf: ["brokerAddr", "clusterName"],
    examples: [
      "exportMetadata -c DefaultCluster -f ./backup",
      "exportMetadata -b 10.0.0.5:10911 -t",
    ],
    run: (context, given) => {
      const { topic, subscriptionGroup, specialTopic } = given;
      if (topic && subscriptionGroup) {
        throw new UsageError("-t and -g do not go together: without both, both are exported");
      }
      return reaching(context, given, async (lines) => {
        const masters = (await mastersAt(lines, given)).map(({ address }) => address);
        const topics = subscriptionGroup
          ? undefined
          : await exportedTopics(lines, masters, specialTopic);
        const groups = topic ? undefined : await exportedGroups(lines, masters);
        const isOne = given.brokerAddr !== undefined && (topic || subscriptionGroup);
        const version = (topics ?? groups)?.dataVersion;
        const name = topic ? "topic" : subscriptionGroup ? "subscriptionGroup" : "metadata";
        return await write(context, given, name, {
          ...isOne ? { dataVersion: version } : { exportTime: context.runtime.clock.now() },
          topicConfigTable: topics && Object.fromEntries(topics.topics),
          subscriptionGroupTable: groups && Object.fromEntries(groups.groups),
        });
      });
    },
  }),

  exportConfigs: mqadminCommand({
    summary: "Write the main settings of a cluster's brokers into a file",
    flags: { clusterName: OF_CLUSTER, filePath: FILE_PATH },
    examples: ["exportConfigs -c DefaultCluster -f ./backup"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { clusterName } = given;
        const masters = await mastersAt(lines, { clusterName });
        const all = (await allBrokers(lines)).filter(({ cluster }) => cluster === clusterName);
        const configs = await Promise.all(masters.map(async ({ name, address }) => {
          const settings = await brokerConfig(lines, address);
          return [name, Object.fromEntries(SETTINGS.map((key) => [key, settings.get(key)]))];
        }));
        return await write(context, given, "configs", {
          clusterScale: {
            namesrvSize: lines.namesrvs.length,
            masterBrokerSize: masters.length,
            slaveBrokerSize: all.filter(({ id }) => id !== 0).length,
          },
          brokerConfigs: Object.fromEntries(configs),
        });
      }),
  }),

  exportMetrics: mqadminCommand({
    summary: "Write how much a cluster's brokers have to do into a file",
    flags: { clusterName: OF_CLUSTER, filePath: FILE_PATH },
    examples: ["exportMetrics -c DefaultCluster -f ./report"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const masters = await mastersAt(lines, { clusterName: given.clusterName });
        return await write(context, given, "metrics", await metricsOf(lines, masters));
      }),
  }),
};

/** Writes the file; one that is there becomes its .bak. @throws {FsError} */
async function write(
  context: Context,
  given: { readonly filePath: string | undefined; readonly json: boolean },
  name: string,
  value: unknown,
): Promise<number> {
  const { runtime, terminal } = context;
  const path = given.filePath ?? "/tmp/rocketmq/export";
  const folder = path.startsWith("/") ? path : `${terminal.workDir}/${path}`;
  const file = new JsonFile(runtime.fs.dir(folder), `${name}.json`, silentLog);
  await file.save(JSON.stringify(value, null, "\t") + "\n");
  printDone(context, given, `export ${path}/${name}.json success`, { file: file.path });
  return Exit.OK;
}
