import { allGroupStats, groupStats } from "../../admin/consume_stats.ts";
import type { MessageQueue } from "../../wire/message_queue.ts";
import { addressOf, reaching } from "../admin/reach.ts";
import { Exit } from "../exit.ts";
import { BROKER, type MqadminCommand, mqadminCommand } from "./command.ts";
import { allProgress, summaryRow } from "./group_summary.ts";
import { connectionsOf, connectionsText, groupNodes, ownersOf, queueKey } from "./groups_online.ts";
import { secondText } from "./moments.ts";
import { printJson, printRows } from "./print.ts";
import { inOrder, QUEUE_TITLES, queueCells, withinMs } from "./progress_rows.ts";
import { fromEach } from "./targets.ts";

/** As mqadmin waits: a broker reads a message of each queue of each group. */
const BROKER_MS = 50_000;

/** Commands that show how far groups are. */
export const groupLooks: Readonly<Record<string, MqadminCommand>> = {
  consumerProgress: mqadminCommand({
    summary: "Show how far a consumer group is in each queue, or how far all groups are",
    flags: {
      groupName: {
        kind: "text",
        letter: "g",
        names: "group",
        meaning: "the group; all without it",
      },
      showClientIP: {
        kind: "truth",
        letter: "s",
        meaning: "with -g, which client has the queue (false)",
      },
    },
    examples: [
      "consumerProgress",
      "consumerProgress -g billing",
      "consumerProgress -g billing -s true",
    ],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        if (given.groupName === undefined) {
          const rows = await allProgress(context, lines);
          printRows(context, given, SUMMARY, rows.values.map(summaryRow), rows.values);
          return rows.exit;
        }
        const group = given.groupName;
        const nodes = await groupNodes(lines);
        const stats = await fromEach(context, nodes, ({ address }) =>
          groupStats(lines, address, group));
        const queues = inOrder(stats.values.flatMap(([, { queues }]) =>
          queues
        ));
        if (queues.length === 0 && stats.exit === Exit.OK) {
          context.terminal.stderr(`pocketmq: group "${group}" is in no queue\n`);
          return Exit.FAILED;
        }
        const owners = given.showClientIP ? await ownersOf(context, lines, group) : undefined;
        const titles = owners
          ? [...QUEUE_TITLES, "#Client IP", ...BEHIND]
          : [...QUEUE_TITLES, ...BEHIND];
        const ipOf = (queue: MessageQueue) => owners?.get(queueKey(queue)) ?? "N/A";
        const rows = queues.map((row) => [
          ...queueCells(row),
          ...owners ? [ipOf(row)] : [],
          String(row.diff),
          secondText(row.lastTimestamp) || "N/A",
        ]);
        const objects = queues.map((row) => ({
          group,
          ...row,
          ...owners && { clientIp: ipOf(row) },
        }));
        printRows(context, given, titles, rows, objects);
        if (!given.json) {
          const tps = stats.values.reduce((sum, [, { consumeTps }]) => sum + consumeTps, 0);
          const total = queues.reduce((sum, { diff }) => sum + diff, 0);
          context.terminal.stdout(`\nConsume TPS: ${tps.toFixed(2)}\nDiff Total: ${total}\n`);
        }
        return stats.exit;
      }),
  }),

  brokerConsumeStats: mqadminCommand({
    summary: "Show how far every group of one broker is",
    flags: {
      brokerAddr: { ...BROKER, required: true, meaning: "the broker, host:port" },
      timeoutMillis: { kind: "count", letter: "t", meaning: "how long it may take (50000)" },
      level: { kind: "count", letter: "l", meaning: "queues with at least so many messages (0)" },
      order: { kind: "truth", letter: "o", meaning: "ordered topics alone (false)" },
    },
    examples: [
      "brokerConsumeStats -b 10.0.0.5:10911",
      "brokerConsumeStats -b 10.0.0.5:10911 -l 1000",
    ],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { timeoutMillis = BROKER_MS, level = 0, order = false } = given;
        const patient = withinMs(lines, timeoutMillis);
        const list = await allGroupStats(patient, addressOf(given.brokerAddr), order);
        const found = list.groups.flatMap(([group, topics]) =>
          topics.flatMap(({ queues }) => inOrder(queues)).map((row) => ({ group, ...row }))
        ).filter(({ diff }) => diff >= level);
        const rows = found.map((row) => {
          const [topic, ...rest] = queueCells(row);
          const last = secondText(row.lastTimestamp) || "-";
          return [topic, row.group, ...rest, String(row.diff), last];
        });
        const titles = ["#Topic", "#Group", ...QUEUE_TITLES.slice(1), ...BEHIND];
        printRows(context, given, titles, rows, found);
        if (!given.json) context.terminal.stdout(`\nDiff Total: ${list.totalDiff}\n`);
        return Exit.OK;
      }),
  }),

  consumerConnection: mqadminCommand({
    summary: "Show who of a consumer group is connected, and what the group reads",
    flags: {
      consumerGroup: {
        ...{ kind: "text", letter: "g", required: true, names: "group" } as const,
        meaning: "the group",
      },
      brokerAddr: { ...BROKER, meaning: "as that broker knows it; all of them without it" },
    },
    examples: ["consumerConnection -g billing", "consumerConnection -g billing -b 10.0.0.5:10911"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const group = given.consumerGroup;
        const { online, exit } = await connectionsOf(context, lines, group, given.brokerAddr);
        if (online === undefined) {
          if (exit === Exit.OK) {
            context.terminal.stderr(`pocketmq: nobody of group "${group}" is online\n`);
          }
          return exit || Exit.FAILED;
        }
        if (given.json) {
          const { subscriptions, connections, brokers: _, ...rest } = online;
          const reads = Array.from(
            subscriptions,
            ([topic, { subString }]) => ({ topic, subString }),
          );
          printJson(context, [{ group, connections, subscriptions: reads, ...rest }]);
        } else context.terminal.stdout(connectionsText(online));
        return exit;
      }),
  }),
};

const BEHIND = ["#Diff", "#LastTime"];
const SUMMARY = ["#Group", "#Count", "#Version", "#Type", "#Model", "#TPS", "#Diff Total"];
