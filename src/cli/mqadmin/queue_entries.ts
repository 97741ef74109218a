import { queueEntries } from "../../admin/queues.ts";
import { topicRoute } from "../../admin/topics.ts";
import type { QueueEntries, QueueEntry } from "../../wire/queue_entries.ts";
import { subscriptionJson } from "../../wire/heartbeat.ts";
import { addressOf, reaching } from "../admin/reach.ts";
import { Exit } from "../exit.ts";
import { BROKER, type MqadminCommand, mqadminCommand, TOPIC } from "./command.ts";
import { printJson } from "./print.ts";

const COUNT = 10;
const RULE = `${"=".repeat(38)}\n`;

/** The command that shows a queue as it is on disk. */
export const entries: Readonly<Record<string, MqadminCommand>> = {
  queryCq: mqadminCommand({
    summary: "Show entries of a queue, and whether a group's filter lets them through",
    flags: {
      topic: TOPIC,
      queue: { kind: "count", letter: "q", required: true, meaning: "the queue, by its number" },
      index: { kind: "count", letter: "i", required: true, meaning: "the first entry" },
      count: { kind: "count", letter: "c", meaning: `how many (${COUNT})` },
      broker: { ...BROKER, meaning: "on that broker; else the first that has the topic" },
      consumer: { kind: "text", letter: "g", names: "group", meaning: "whose filter is tried" },
    },
    examples: [
      "queryCq -t orders -q 0 -i 6447 -b 10.0.0.5:10911",
      "queryCq -t orders -q 0 -i 0 -g billing",
    ],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { topic, queue: queueId, index, count = COUNT, consumer: consumerGroup } = given;
        const addresses = given.broker === undefined
          ? (await topicRoute(lines, topic)).brokers.map(({ brokerAddrs }) =>
            brokerAddrs.get(Math.min(...brokerAddrs.keys()))!
          )
          : [addressOf(given.broker)];
        const query = { topic, queueId, index, count, ...consumerGroup && { consumerGroup } };
        const found = await queueEntries(lines, addresses[0], query);
        if (given.json) {
          printJson(context, found.entries.map((entry, at) => ({ index: index + at, ...entry })));
        } else context.terminal.stdout(entriesText(index, found));
        return Exit.OK;
      }),
  }),
};

/** What `queryCq` prints. */
export function entriesText(index: number, found: QueueEntries): string {
  const { subscription, filterData, minQueueIndex: min, maxQueueIndex: max } = found;
  const filter = subscription === undefined
    ? ""
    : `Subscription data: \n${
      JSON.stringify(subscriptionJson(subscription), undefined, "\t")
    }\n${RULE}Filter data: \n${filterData ?? null}\n${RULE}`;
  const each = found.entries.map((entry, at) => `idx: ${index + at}\n${entryText(entry)}\n${RULE}`);
  return `${filter}Queue data: \nmax: ${max}, min: ${min}\n${RULE}${each.join("")}`;
}

function entryText({ physicOffset, physicSize, tagsCode, eval: passes }: QueueEntry): string {
  const place = `physicOffset=${physicOffset}, physicSize=${physicSize}, tagsCode=${tagsCode}`;
  return `ConsumeQueueData{${place}, eval=${passes}}`;
}
