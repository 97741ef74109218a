import type { Lines } from "../../admin/lines.ts";
import {
  entryAt,
  membersOn,
  type OffsetTarget,
  positionIn,
  type QueueAt,
  type QueuePosition,
  queuesOf,
  setPosition,
} from "../../admin/offsets.ts";
import { AnswerError } from "../../client/errors.ts";
import { CLUSTER_FLAGS, CLUSTER_HELP, GROUP, TOPIC } from "../cluster.ts";
import type { Command } from "../command.ts";
import { confirmed, YES_FLAG, YES_HELP } from "../confirm.ts";
import { Exit, UsageError } from "../exit.ts";
import { tableOf } from "../table.ts";
import { timeOf } from "../time.ts";
import { countText } from "../units.ts";
import { verb } from "../verb.ts";
import { groupRows, mustBeKnown } from "./group_rows.ts";
import { jsonLine, reaching } from "./reach.ts";

/** Topics have a few queues on each broker; more at a time would only wait there. */
const QUEUES_AT_A_TIME = 64;

const get = verb({
  flags: CLUSTER_FLAGS,
  words: [GROUP, TOPIC],
  run(context, { flags, words: [group, topic] }) {
    return reaching(context, flags, async (lines) => {
      const queues = await queuesOf(lines, topic);
      const rows = await positions(lines, group, queues);
      const unknown = await unknownGroup(lines, group, queues);
      if (unknown !== undefined) context.terminal.stderr(`pocketmq: ${unknown.message}\n`); // it may have been deleted
      context.terminal.stdout(flags.json ? rows.map(rowJson).join("") : positionsText(rows));
      return Exit.OK;
    });
  },
});

const set = verb({
  flags: {
    ...CLUSTER_FLAGS,
    ...YES_FLAG,
    to: { kind: "text" },
    queue: { kind: "count" },
    name: { kind: "text" },
  },
  words: [GROUP, TOPIC],
  run(context, { flags, words: [group, topic] }) {
    if (flags.to === undefined) throw new UsageError("offset set needs --to: first, last, N, TIME");
    const target = targetOf(flags.to, context.runtime.clock.now());
    return reaching(context, flags, async (lines) => {
      const queues = (await queuesOf(lines, topic)).filter(({ queueId, brokerName }) =>
        (flags.queue ?? queueId) === queueId && (flags.name ?? brokerName) === brokerName
      );
      if (queues.length === 0) throw new UsageError(`topic "${topic}" has no such queue`);
      const unknown = await unknownGroup(lines, group, queues);
      if (unknown !== undefined) throw unknown;
      const online = await members(lines, group, queues);
      if (online.length > 0) {
        context.terminal.stderr(`pocketmq: ${onlineText(group, online)}\n`);
        return Exit.REFUSED;
      }
      const where = `${countText(queues.length, "queue")} of topic "${topic}"`;
      const question = `Have group "${group}" go on at ${flags.to} in ${where}?`;
      if (!await confirmed(context, flags, question)) return Exit.FAILED;
      for (const queue of await positions(lines, group, queues)) {
        const entry = await entryAt(lines, queue, target);
        await setPosition(lines, group, queue, entry);
        context.terminal.stdout(
          flags.json ? rowJson({ ...queue, position: entry }) : movedText(queue, entry),
        );
      }
      return Exit.OK;
    });
  },
});

/** `pocketmq offset` */
export const offset: Command = {
  name: "offset",
  usage: "get GROUP TOPIC | set GROUP TOPIC --to first|last|N|TIME",
  summary: "See where a consumer group goes on, or have it go on elsewhere",
  help: `
  get GROUP TOPIC   where the group is in each queue of the topic
  set GROUP TOPIC   have it go on elsewhere. Its consumers must be stopped: they would
                    write where they are over it; asks before
    --to WHERE      first: the oldest message; last: the next one; a number: that entry
                    of the queue; a time: 2026-01-31T12:00:00Z, or 10m, 2h, 1d ago
    --queue N       that queue alone, on each broker
    --name BROKER   on that broker alone, by its brokerName

${YES_HELP}${CLUSTER_HELP}
Exit codes: 0 done, 1 refused or no such topic, 2 the command line is wrong, 4 refused:
consumers of the group are online, 124 no answer in time.

Examples:
  pocketmq offset get billing orders
  pocketmq offset set billing orders --to 2h
  pocketmq offset set billing orders --to 4711 --name broker-a --queue 3
`,
  verbs: { get, set },
};

/** Why the group cannot be meant; undefined when a broker of these queues knows it. @throws {CallError} {FieldError} */
async function unknownGroup(
  lines: Lines,
  group: string,
  queues: readonly QueueAt[],
): Promise<AnswerError | undefined> {
  try {
    mustBeKnown(group, await groupRows(lines, [...new Set(queues.map(({ address }) => address))]));
  } catch (error) {
    if (error instanceof AnswerError) return error;
    throw error;
  }
}

/** What --to says. @throws {UsageError} */
export function targetOf(text: string, now: number): OffsetTarget {
  if (text === "first" || text === "last") return text;
  if (/^[0-9]{1,15}$/.test(text)) return { entry: Number(text) };
  return { time: timeOf(text, now) };
}

/** Where the group is in each of these queues. @throws {AnswerError} {CallError} {FieldError} */
export async function positions(
  lines: Lines,
  group: string,
  queues: readonly QueueAt[],
): Promise<QueuePosition[]> {
  const rows: QueuePosition[] = [];
  for (let at = 0; at < queues.length; at += QUEUES_AT_A_TIME) {
    const some = queues.slice(at, at + QUEUES_AT_A_TIME);
    rows.push(...await Promise.all(some.map((queue) => positionIn(lines, group, queue))));
  }
  return rows;
}

/** Ids of members of the group that the brokers of these queues know. @throws {CallError} {FieldError} */
export async function members(
  lines: Lines,
  group: string,
  queues: readonly QueueAt[],
): Promise<string[]> {
  const addresses = [...new Set(queues.map(({ address }) => address))];
  const ids = await Promise.all(addresses.map((address) => membersOn(lines, address, group)));
  return [...new Set(ids.flat())].sort();
}

/** Why offsets are not set. */
export function onlineText(group: string, ids: readonly string[]): string {
  const who = `${countText(ids.length, "consumer")} of group "${group}"`;
  return `Cannot set its offsets: ${who} would write theirs over them (${
    ids.join(", ")
  }); stop them first`;
}

function rowJson({ brokerName, queueId, topic, position, first, end }: QueuePosition): string {
  return jsonLine({ topic, broker: brokerName, queueId, position: position ?? null, first, end });
}

function movedText(queue: QueuePosition, entry: number): string {
  const { brokerName, queueId, position = "nowhere" } = queue;
  return `${brokerName} queue ${queueId}: ${position} -> ${entry}\n`;
}

/** A table of queues. */
export function positionsText(rows: readonly QueuePosition[]): string {
  return tableOf([
    ["BROKER", "QUEUE", "FIRST", "POSITION", "END", "BEHIND"],
    ...rows.map(({ brokerName, queueId, first, position, end }) => [
      brokerName,
      String(queueId),
      String(first),
      String(position ?? "-"),
      String(end),
      position === undefined ? "-" : String(end - position),
    ]),
  ]);
}
