import {
  deleteGroup,
  groupOnline,
  groupProgress,
  groupsOn,
  isSystemGroup,
  putGroup,
  type QueueLag,
} from "../../admin/groups.ts";
import { plainGroup } from "../../wire/group.ts";
import { topicRoute } from "../../admin/topics.ts";
import { CLUSTER_FLAGS, CLUSTER_HELP, GROUP } from "../cluster.ts";
import type { Command } from "../command.ts";
import { confirmed, YES_FLAG, YES_HELP } from "../confirm.ts";
import { Exit } from "../exit.ts";
import { tableOf } from "../table.ts";
import { countText } from "../units.ts";
import { verb } from "../verb.ts";
import { WATCH_FLAG } from "../watch.ts";
import { reset } from "./group_reset.ts";
import { type GroupRow, groupRows, mustBeKnown } from "./group_rows.ts";
import { jsonLine, mastersFor, reaching, TARGET_FLAGS, TARGET_HELP, viewing } from "./reach.ts";

const FLAGS = { ...CLUSTER_FLAGS, ...TARGET_FLAGS } as const;

const list = verb({
  flags: { ...FLAGS, all: { kind: "switch" } },
  words: [],
  run(context, { flags }) {
    return reaching(context, flags, async (lines) => {
      const rows = (await groupRows(lines, await mastersFor(lines, flags)))
        .filter(({ groupName }) => flags.all || !isSystemGroup(groupName));
      context.terminal.stdout(flags.json ? rows.map(jsonLine).join("") : groupsText(rows));
      return Exit.OK;
    });
  },
});

const create = verb({
  flags: {
    ...FLAGS,
    retries: { kind: "count" },
    consume: { kind: "text", choices: ["yes", "no"] },
  },
  words: [GROUP],
  run(context, { flags, words: [name] }) {
    const told = {
      ...(flags.retries === undefined ? {} : { retryMaxTimes: flags.retries }),
      ...(flags.consume === undefined ? {} : { consumeEnable: flags.consume === "yes" }),
    };
    return reaching(context, flags, async (lines) => {
      for (const address of await mastersFor(lines, flags)) {
        const has = (await groupsOn(lines, address)).get(name) ?? plainGroup(name);
        await putGroup(lines, address, { ...has, ...told });
        const done = flags.json
          ? jsonLine({ group: name, broker: address })
          : `${name} is on ${address}\n`;
        context.terminal.stdout(done);
      }
      return Exit.OK;
    });
  },
});

const remove = verb({
  flags: { ...FLAGS, ...YES_FLAG, offsets: { kind: "switch" } },
  words: [GROUP],
  run(context, { flags, words: [name] }) {
    return reaching(context, flags, async (lines) => {
      const masters = await mastersFor(lines, flags);
      mustBeKnown(name, await groupRows(lines, masters));
      const what = flags.offsets ? " and where it was" : "";
      const question = `Delete group "${name}"${what} on ${masters.join(", ")}?`;
      if (!await confirmed(context, flags, question)) return Exit.FAILED;
      for (const address of masters) {
        await deleteGroup(lines, address, name, flags.offsets);
        const done = flags.json
          ? jsonLine({ group: name, deleted: true, broker: address })
          : `${name} is deleted on ${address}\n`;
        context.terminal.stdout(done);
      }
      return Exit.OK;
    });
  },
});

const progress = verb({
  flags: { ...FLAGS, topic: { kind: "text", names: "topic" }, ...WATCH_FLAG },
  words: [GROUP],
  run(context, { flags, words: [name] }) {
    return viewing(context, flags, async (lines) => {
      const masters = await mastersFor(lines, flags);
      const asked = masters.map((address) => groupProgress(lines, address, name, flags.topic));
      const rows = (await Promise.all(asked)).flat();
      if (rows.length === 0) {
        mustBeKnown(name, await groupRows(lines, masters));
        if (flags.topic !== undefined) await topicRoute(lines, flags.topic); // says so when there is none
      }
      const text = flags.json ? rows.map(jsonLine).join("") : progressText(name, rows);
      return { text, exit: Exit.OK };
    });
  },
});

const connections = verb({
  flags: { ...FLAGS, ...WATCH_FLAG },
  words: [GROUP],
  run(context, { flags, words: [name] }) {
    return viewing(context, flags, async (lines) => {
      const masters = await mastersFor(lines, flags);
      const seen = await Promise.all(masters.map(async (broker) => ({
        broker,
        online: await groupOnline(lines, broker, name),
      })));
      const rows = memberRows(seen);
      if (rows.length === 0) mustBeKnown(name, await groupRows(lines, masters));
      const text = flags.json ? rows.map(jsonLine).join("") : membersText(name, rows);
      return { text, exit: rows.length > 0 ? Exit.OK : Exit.UNHEALTHY };
    });
  },
});

/** `pocketmq group` */
export const group: Command = {
  name: "group",
  usage:
    "list | create GROUP | delete GROUP | progress GROUP | connections GROUP | reset GROUP TOPIC --to WHERE",
  summary: "List consumer groups, see how far they are and who is in them",
  help: `
  list                  groups the masters have settings of
    --all               those of brokers and tools, too
  create GROUP          make it on every master of the cluster; what it has already stays
                        but for what flags say
    --retries N         deliveries of a message before it is a dead letter (16)
    --consume yes|no    whether it may consume (yes)
  delete GROUP          delete its settings on every master; topics with its retries and
                        dead letters stay; asks before
    --offsets           where it was, too
  progress GROUP        how far it is in each queue
    --topic TOPIC       in that topic alone
  connections GROUP     who is online, and what the group reads
    --watch             of both: again every 2 s, until Ctrl-C
  reset GROUP TOPIC     have it go on elsewhere in a topic: members that are online are told
                        by their brokers, else its offsets are set; asks before
    --to WHERE          first: the oldest message; last: the next one; a time, such as
                        2026-01-31T12:00:00Z, or 10m, 2h, 1d ago; a number: that entry of
                        each queue, with nobody online only

${TARGET_HELP}${YES_HELP}${CLUSTER_HELP}
Exit codes: 0 done, 1 refused or no such group, 2 the command line is wrong, 3 connections:
nobody is online, 4 reset: not to an entry while somebody is online, 124 no answer in time.

Examples:
  pocketmq group list
  pocketmq group create billing --retries 5
  pocketmq group progress billing --json | jq 'select(.behind > 1000)'
  pocketmq group progress billing --watch
  pocketmq group connections billing
  pocketmq group delete billing --offsets
  pocketmq group reset billing orders --to 2h
`,
  verbs: { list, create, delete: remove, progress, connections, reset },
};

/** A table of groups. */
export function groupsText(rows: readonly GroupRow[]): string {
  if (rows.length === 0) return "No group of a user; --all lists those of brokers, too.\n";
  const yes = (flag: boolean) => flag ? "yes" : "no";
  return tableOf([
    ["GROUP", "CONSUMES", "BROADCAST", "RETRIES", "RETRY QUEUES", "BROKERS"],
    ...rows.map((row) => [
      row.groupName,
      yes(row.consumeEnable),
      yes(row.consumeBroadcastEnable),
      String(row.retryMaxTimes),
      String(row.retryQueueNums),
      row.brokers.join(","),
    ]),
  ]);
}

/** A table of queues, the sum below. */
export function progressText(name: string, rows: readonly QueueLag[]): string {
  if (rows.length === 0) return `Group "${name}" has consumed nothing yet.\n`;
  const behind = rows.reduce((sum, row) => sum + row.behind, 0);
  const time = (ms: number) => ms > 0 ? new Date(ms).toISOString() : "-";
  const table = tableOf([
    ["TOPIC", "BROKER", "QUEUE", "END", "POSITION", "BEHIND", "LAST CONSUMED WAS STORED"],
    ...rows.map((row) => [
      row.topic,
      row.brokerName,
      String(row.queueId),
      String(row.brokerOffset),
      String(row.consumerOffset),
      String(row.behind),
      time(row.lastTimestamp),
    ]),
  ]);
  return `${table}\n${name} is ${countText(behind, "message")} behind.\n`;
}

/** A member of a group, with what the group reads. */
export interface MemberRow {
  readonly clientId: string;
  readonly address: string;
  readonly language: string;
  readonly version: number;
  readonly model: string;
  readonly topics: readonly string[];
  /** Those it is connected to. */
  readonly brokers: readonly string[];
}

type Seen = { readonly broker: string; readonly online: Awaited<ReturnType<typeof groupOnline>> };

/** One row a member, on however many brokers it was seen. */
export function memberRows(seen: readonly Seen[]): MemberRow[] {
  const rows = new Map<string, MemberRow & { brokers: string[] }>();
  for (const { broker, online } of seen) {
    for (const { clientId, clientAddr, language, version } of online?.connections ?? []) {
      const row = rows.get(clientId) ?? {
        ...{ clientId, address: clientAddr, language, version, brokers: [] },
        model: online!.messageModel,
        topics: [...online!.subscriptions.keys()].sort(),
      };
      row.brokers.push(broker);
      rows.set(clientId, row);
    }
  }
  return [...rows.values()].sort((a, b) => a.clientId < b.clientId ? -1 : 1);
}

/** A table of members. */
export function membersText(name: string, rows: readonly MemberRow[]): string {
  if (rows.length === 0) return `Nobody of group "${name}" is online.\n`;
  return tableOf([
    ["CLIENT", "ADDRESS", "LANGUAGE", "VERSION", "MODEL", "TOPICS"],
    ...rows.map((row) => [
      row.clientId,
      row.address,
      row.language,
      String(row.version),
      row.model,
      row.topics.join(","),
    ]),
  ]);
}
