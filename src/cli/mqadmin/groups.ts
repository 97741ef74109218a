import { deleteGroup, type GroupConfig, groupsOn, putGroup } from "../../admin/groups.ts";
import { deleteTopic } from "../../admin/topics.ts";
import { plainGroup } from "../../wire/group.ts";
import { allBrokers, reaching } from "../admin/reach.ts";
import { Exit } from "../exit.ts";
import { BROKER, CLUSTER, GROUP, type MqadminCommand, mqadminCommand } from "./command.ts";
import { printDone, printJson } from "./print.ts";
import { fromEach, mastersAt } from "./targets.ts";

/** Commands about a group's settings. */
export const groups: Readonly<Record<string, MqadminCommand>> = {
  updateSubGroup: mqadminCommand({
    summary: "Make a consumer group, or give it other settings; those not named get their defaults",
    flags: {
      brokerAddr: { ...BROKER, meaning: "on that master alone, host:port" },
      clusterName: { ...CLUSTER, meaning: "on every master of that cluster" },
      groupName: GROUP,
      consumeEnable: { kind: "truth", letter: "s", meaning: "whether it may consume (true)" },
      consumeFromMinEnable: {
        kind: "truth",
        letter: "m",
        meaning: "kept for brokers that look at it (false)",
      },
      consumeBroadcastEnable: {
        kind: "truth",
        letter: "d",
        meaning: "whether each member may read everything (false)",
      },
      retryQueueNums: { kind: "count", letter: "q", meaning: "queues of its retry topic (1)" },
      retryMaxTimes: {
        kind: "count",
        letter: "r",
        meaning: "deliveries again before a message is a dead letter (16)",
      },
      brokerId: { kind: "count", letter: "i", meaning: "node it reads from, 0 is the master (0)" },
      whichBrokerWhenConsumeSlowly: {
        kind: "count",
        letter: "w",
        meaning: "node it reads from when it is far behind (1)",
      },
      notifyConsumerIdsChanged: {
        kind: "truth",
        letter: "a",
        meaning: "whether members hear at once when others come or go (true)",
      },
    },
    oneOf: ["brokerAddr", "clusterName"],
    examples: [
      "updateSubGroup -c DefaultCluster -g billing -r 5",
      "updateSubGroup -b 10.0.0.5:10911 -g billing -s false",
    ],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const group: GroupConfig = {
          ...plainGroup(given.groupName),
          consumeEnable: given.consumeEnable ?? true,
          consumeFromMinEnable: given.consumeFromMinEnable ?? false,
          consumeBroadcastEnable: given.consumeBroadcastEnable ?? false,
          retryQueueNums: given.retryQueueNums ?? 1,
          retryMaxTimes: given.retryMaxTimes ?? 16,
          brokerId: given.brokerId ?? 0,
          whichBrokerWhenConsumeSlowly: given.whichBrokerWhenConsumeSlowly ?? 1,
          notifyConsumerIdsChangedEnable: given.notifyConsumerIdsChanged ?? true,
        };
        const masters = (await mastersAt(lines, given)).map(({ address }) => address);
        for (const address of masters) {
          await putGroup(lines, address, group);
          if (given.json) continue;
          context.terminal.stdout(`create subscription group to ${address} success.\n`);
        }
        printDone(context, given, configText(group), { ...group, brokers: masters });
        return Exit.OK;
      }),
  }),

  deleteSubGroup: mqadminCommand({
    summary: "Delete a consumer group; of a cluster its retries and dead letters, too",
    flags: {
      brokerAddr: { ...BROKER, meaning: "on that master alone; its topics stay" },
      clusterName: { ...CLUSTER, meaning: "on every master of that cluster" },
      groupName: GROUP,
      removeOffset: { kind: "truth", letter: "r", meaning: "where it was, too (false)" },
    },
    oneOf: ["brokerAddr", "clusterName"],
    examples: [
      "deleteSubGroup -c DefaultCluster -g billing -r true",
      "deleteSubGroup -b 10.0.0.5:10911 -g billing",
    ],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { groupName, clusterName } = given;
        const masters = (await mastersAt(lines, given)).map(({ address }) => address);
        const where = clusterName === undefined ? "" : ` in cluster [${clusterName}]`;
        for (const address of masters) {
          await deleteGroup(lines, address, groupName, given.removeOffset ?? false);
          if (given.json) continue;
          const done = `delete subscription group [${groupName}] from broker [${address}]${where}`;
          context.terminal.stdout(`${done} success.\n`);
        }
        const topics = clusterName === undefined
          ? []
          : [`%RETRY%${groupName}`, `%DLQ%${groupName}`];
        for (const topic of topics) {
          await deleteTopic(lines, topic, masters, clusterName);
          if (given.json) continue;
          context.terminal.stdout(
            `delete topic [${topic}] from cluster [${clusterName}] success.\n` +
              `delete topic [${topic}] from NameServer success.\n`,
          );
        }
        if (given.json) printJson(context, [{ groupName, brokers: masters, topics }]);
        return Exit.OK;
      }),
  }),

  getConsumerConfig: mqadminCommand({
    summary: "Show a consumer group's settings on every master",
    flags: { groupName: GROUP },
    examples: ["getConsumerConfig -g billing", "getConsumerConfig -g billing --json"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { groupName } = given;
        const masters = (await allBrokers(lines)).filter(({ id }) => id === 0);
        const asked = await fromEach(
          context,
          masters,
          async ({ address }) => (await groupsOn(lines, address)).get(groupName),
        );
        const found = asked.values.flatMap(([broker, group]) => group ? [{ broker, group }] : []);
        if (given.json) {
          printJson(
            context,
            found.map(({ broker: { cluster, name }, group }) => ({
              cluster,
              broker: name,
              ...group,
            })),
          );
        } else {
          for (const { broker: { cluster, name }, group } of found) {
            context.terminal.stdout(`${ruled(`${cluster}:${name}`)}\n${settingsText(group)}`);
          }
        }
        if (found.length > 0 || asked.exit !== Exit.OK) return asked.exit;
        context.terminal.stderr(`pocketmq: no broker has settings of group "${groupName}"\n`);
        return Exit.FAILED;
      }),
  }),
};

/** A group's settings as Java prints the object. */
export function configText(group: GroupConfig): string {
  const fields = Object.entries(inJavasOrder(group)).map(([name, value]) => `${name}=${value}`);
  return `SubscriptionGroupConfig [${fields.join(", ")}]`;
}

/** A group's settings, one a line. */
export function settingsText(group: GroupConfig): string {
  return Object.entries(inJavasOrder(group))
    .map(([name, value]) => `${name.padEnd(40)}=  ${value}\n`).join("");
}

function inJavasOrder(group: GroupConfig): Record<string, unknown> {
  const { consumeEnable, consumeFromMinEnable, consumeBroadcastEnable } = group;
  const { retryQueueNums, retryMaxTimes, brokerId, whichBrokerWhenConsumeSlowly } = group;
  return {
    groupName: group.groupName,
    ...{ consumeEnable, consumeFromMinEnable, consumeBroadcastEnable },
    ...{ retryQueueNums, retryMaxTimes, brokerId, whichBrokerWhenConsumeSlowly },
    notifyConsumerIdsChangedEnable: group.notifyConsumerIdsChangedEnable,
  };
}

function ruled(title: string): string {
  return "=".repeat(29) + title + "=".repeat(29);
}
