import { cloneOffsets } from "../../admin/queues.ts";
import { type QueueReset, resetOffsets } from "../../admin/reset.ts";
import { topicRoute } from "../../admin/topics.ts";
import { AnswerError } from "../../client/errors.ts";
import { ResponseCode } from "../../wire/codes.ts";
import { reaching } from "../admin/reach.ts";
import type { Context } from "../command.ts";
import { Exit } from "../exit.ts";
import { GROUP, type MqadminCommand, mqadminCommand, TOPIC } from "./command.ts";
import { MOMENT, momentOf } from "./moments.ts";
import { printDone, printRows } from "./print.ts";

const FORCE = {
  kind: "truth",
  letter: "f",
  meaning: "also forward, past what nobody has consumed (true)",
} as const;
const CPLUS = "ours tell all clients, for Java's use mqadmin";

/** Commands that have a group go on elsewhere. */
export const offsets: Readonly<Record<string, MqadminCommand>> = {
  cloneGroupOffset: mqadminCommand({
    summary: "Have a group go on where another one is in a topic",
    flags: {
      srcGroup: {
        ...{ kind: "text", letter: "s", required: true, names: "group" } as const,
        meaning: "the group that is there",
      },
      destGroup: {
        ...{ kind: "text", letter: "d", required: true, names: "group" } as const,
        meaning: "the group that shall go on there",
      },
      topic: TOPIC,
      offline: {
        kind: "truth",
        letter: "o",
        meaning: "also when the group that is there does not read the topic now (false)",
      },
    },
    examples: ["cloneGroupOffset -s billing -d billing2 -t orders"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { srcGroup: from, destGroup: to, topic, offline: isOffline = false } = given;
        const { brokers } = await topicRoute(lines, topic);
        for (const { brokerName, brokerAddrs } of brokers) {
          const master = brokerAddrs.get(0);
          if (master === undefined) throw noMaster(brokerName);
          await cloneOffsets(lines, master, { from, to, topic, isOffline });
        }
        const words = `srcGroup[${from}], destGroup=[${to}], topic[${topic}]`;
        const object = { srcGroup: from, destGroup: to, topic };
        printDone(context, given, `clone group offset success. ${words}`, object);
        return Exit.OK;
      }),
  }),

  resetOffsetByTime: mqadminCommand({
    summary: "Have a group go on at a time in a topic, whether its consumers are online or not",
    flags: {
      group: GROUP,
      topic: TOPIC,
      timestamp: {
        kind: "text",
        letter: "s",
        required: true,
        meaning: `now (or -1): the end of each queue; ${MOMENT}`,
      },
      force: FORCE,
      cplus: { kind: "switch", letter: "c", meaning: "tell C++ clients", unsupported: CPLUS },
    },
    examples: [
      "resetOffsetByTime -g billing -t orders -s now",
      "resetOffsetByTime -g billing -t orders -s '2026-01-31#12:00:00:000'",
    ],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { group, topic, timestamp, force: forced = true } = given;
        const to = timestamp === "now" || timestamp === "-1" ? "end" : momentOf("-s", timestamp);
        const resets = await resetOffsets(lines, { group, topic, to, forced });
        if (!given.json) {
          const asked = `force[${forced}], timestamp(string)[${timestamp}]`;
          context.terminal.stdout(
            `rollback consumer offset by specified group[${group}], topic[${topic}], ${asked}, ` +
              `timestamp(long)[${to === "end" ? -1 : to}]\n`,
          );
        }
        printResets(context, given, group, resets);
        return Exit.OK;
      }),
  }),

  skipAccumulatedMessage: mqadminCommand({
    summary: "Have a group go on at the end of a topic, past all it has not consumed",
    flags: { group: GROUP, topic: TOPIC, force: FORCE },
    examples: ["skipAccumulatedMessage -g billing -t orders"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { group, topic, force: forced = true } = given;
        const resets = await resetOffsets(lines, { group, topic, to: "end", forced });
        printResets(context, given, group, resets);
        return Exit.OK;
      }),
  }),
};

const ONLINE = ["#brokerName", "#queueId", "#offset"];
const OFFLINE = [
  "#brokerName",
  "#queueId",
  "#brokerOffset",
  "#consumerOffset",
  "#timestampOffset",
  "#rollbackOffset",
];

/** Queues of members that were told, then those whose offsets were set. */
function printResets(
  context: Context,
  given: { readonly json: boolean },
  group: string,
  resets: readonly QueueReset[],
): void {
  const objects = (rows: readonly QueueReset[]) => rows.map((row) => ({ group, ...row }));
  const told = resets.filter(({ offline }) => offline === undefined);
  const set = resets.filter(({ offline }) => offline !== undefined);
  if (told.length > 0 || set.length === 0) {
    printRows(context, given, ONLINE, told.map(onlineRow), objects(told));
  }
  if (set.length > 0) printRows(context, given, OFFLINE, set.map(offlineRow), objects(set));
}

function onlineRow({ brokerName, queueId, offset }: QueueReset): string[] {
  return [brokerName, String(queueId), String(offset)];
}

/** A queue whose offset was set. */
export function offlineRow({ brokerName, queueId, offset, offline }: QueueReset): string[] {
  const { before, end, found } = offline ?? { before: offset, end: offset, found: offset };
  return [brokerName, ...[queueId, end, before, found, offset].map(String)];
}

function noMaster(brokerName: string): AnswerError {
  return new AnswerError(ResponseCode.SYSTEM_ERROR, `Cannot clone: ${brokerName} has no master`);
}
