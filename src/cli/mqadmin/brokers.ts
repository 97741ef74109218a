import { clean, type Leftover, putBrokerConfig } from "../../admin/broker_changes.ts";
import { brokerConfig, brokerRuntime } from "../../admin/brokers.ts";
import type { ClusterBroker } from "../../admin/cluster.ts";
import type { Lines } from "../../admin/lines.ts";
import { nearest } from "../../base/nearest.ts";
import { reaching } from "../admin/reach.ts";
import { Exit } from "../exit.ts";
import { BROKER, CLUSTER, type MqadminCommand, mqadminCommand } from "./command.ts";
import { printDone, printJson, settingLines } from "./print.ts";
import { fromEach, mastersAt, nodesAt } from "./targets.ts";

const EITHER = ["brokerAddr", "clusterName"] as const;

/** Commands for single brokers, or all of a cluster one by one. */
export const brokers: Readonly<Record<string, MqadminCommand>> = {
  brokerStatus: mqadminCommand({
    summary: "Show all that brokers say of how they are",
    flags: { brokerAddr: BROKER, clusterName: CLUSTER },
    oneOf: EITHER,
    examples: ["brokerStatus -b 10.0.0.5:10911", "brokerStatus -c DefaultCluster --json"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const nodes = await nodesAt(lines, given);
        const told = await fromEach(context, nodes, ({ address }) => brokerRuntime(lines, address));
        for (const [{ address }, runtime] of told.values) {
          if (given.json) printJson(context, [{ address, runtime: Object.fromEntries(runtime) }]);
          else context.terminal.stdout(runtimeLines(runtime, given.clusterName && address));
        }
        return told.exit;
      }),
  }),

  getBrokerConfig: mqadminCommand({
    summary: "Show the settings brokers run with",
    flags: { brokerAddr: BROKER, clusterName: CLUSTER },
    oneOf: EITHER,
    examples: ["getBrokerConfig -b 10.0.0.5:10911", "getBrokerConfig -c DefaultCluster --json"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const nodes = await nodesAt(lines, given);
        const told = await fromEach(context, nodes, ({ address }) => brokerConfig(lines, address));
        for (const [node, settings] of told.values) {
          const { address } = node;
          const title = given.clusterName === undefined ? address : titleOf(node, nodes);
          if (given.json) {
            printJson(context, [{ address, settings: Object.fromEntries(settings) }]);
          } else {
            context.terminal.stdout(
              `============${title}============\n${settingLines(settings)}\n`,
            );
          }
        }
        return told.exit;
      }),
  }),

  updateBrokerConfig: mqadminCommand({
    summary: "Change a setting of brokers while they run",
    flags: {
      brokerAddr: BROKER,
      clusterName: { ...CLUSTER, meaning: "every master of that cluster" },
      key: { kind: "text", letter: "k", required: true, meaning: "the key" },
      value: { kind: "text", letter: "v", required: true, meaning: "its value" },
    },
    oneOf: EITHER,
    examples: ["updateBrokerConfig -b 10.0.0.5:10911 -k fileReservedTime -v 48"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { key, value } = given;
        const nodes = await mastersAt(lines, given);
        let exit: number = Exit.OK;
        for (const { address } of nodes) {
          const fault = await changeSetting(lines, address, key, value);
          if (fault !== undefined) {
            context.terminal.stderr(`pocketmq: ${fault}\n`);
            exit = Exit.FAILED;
          } else {
            const words = `update broker config success, ${address}`;
            printDone(context, given, words, { address, key, value });
          }
        }
        return exit;
      }),
  }),

  cleanExpiredCQ: cleanCommand(
    "cleanExpiredCQ",
    "queues",
    "Have brokers remove files of queues whose messages are gone",
  ),
  deleteExpiredCommitLog: cleanCommand(
    "deleteExpiredCommitLog",
    "log",
    "Have brokers remove files of their log that are old enough",
  ),
  cleanUnusedTopic: cleanCommand(
    "cleanUnusedTopic",
    "topics",
    "Have brokers remove queues of topics that are no more",
  ),
};

function cleanCommand(name: string, what: Leftover, summary: string): MqadminCommand {
  return mqadminCommand({
    summary,
    flags: {
      brokerAddr: BROKER,
      cluster: { ...CLUSTER, meaning: "the brokers of that cluster; all, unless told" },
    },
    examples: [`${name} -b 10.0.0.5:10911`, `${name} -c DefaultCluster`],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const nodes = await nodesAt(lines, { ...given, clusterName: given.cluster });
        const told = await fromEach(context, nodes, ({ address }) => clean(lines, address, what));
        if (given.json) {
          printJson(context, told.values.map(([{ address }]) => ({ address, asked: true })));
        } else context.terminal.stdout(told.exit === Exit.OK ? "success\n" : "false\n");
        return told.exit;
      }),
  });
}

/**
 * Sets a key; gives why that did not come to be. A Java broker answers that it did for a key it does not have,
 * and for a value that is of the wrong kind.
 */
async function changeSetting(
  lines: Lines,
  address: string,
  key: string,
  value: string,
): Promise<string | undefined> {
  const before = await brokerConfig(lines, address);
  if (!before.has(key)) {
    const meant = nearest(key, before.keys());
    return `${address} has no key ${key}${meant ? `, did you mean ${meant}?` : ""}`;
  }
  await putBrokerConfig(lines, address, [[key, value]]);
  const after = (await brokerConfig(lines, address)).get(key) ?? "";
  return after === value || after !== before.get(key)
    ? undefined
    : `${address} took ${key} as ${value}, and has it still as ${after}: it cannot use that, or not before a restart`;
}

/** As mqadmin names a node of a cluster above its settings. */
function titleOf({ name, id, address }: ClusterBroker, nodes: readonly ClusterBroker[]): string {
  if (id === 0) return `Master: ${address}`;
  const master = nodes.find((node) => node.name === name && node.id === 0);
  return `My Master: ${master?.address ?? "NO_MASTER"}=====Slave: ${address}`;
}

/** What a broker says, in order of its keys; with `address` in front of each line where there are several. */
export function runtimeLines(
  runtime: ReadonlyMap<string, string>,
  address: string | undefined,
): string {
  const front = address === undefined ? "" : `${address.padEnd(24)} `;
  return [...runtime].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([key, value]) => `${front}${key.padEnd(32)}: ${value}\n`).join("");
}
