import type { Lines } from "../../admin/lines.ts";
import { entryAt, type OffsetTarget, queuesOf, setPosition } from "../../admin/offsets.ts";
import { type QueueReset, resetOffsets } from "../../admin/reset.ts";
import { topicRoute } from "../../admin/topics.ts";
import { CLUSTER_FLAGS, GROUP, TOPIC } from "../cluster.ts";
import type { Context } from "../command.ts";
import { confirmed, YES_FLAG } from "../confirm.ts";
import { Exit, UsageError } from "../exit.ts";
import { verb } from "../verb.ts";
import { groupRows, mustBeKnown } from "./group_rows.ts";
import { members, onlineText, positions, targetOf } from "./offset.ts";
import { jsonLine, reaching } from "./reach.ts";

/** `pocketmq group reset` */
export const reset = verb({
  flags: { ...CLUSTER_FLAGS, ...YES_FLAG, to: { kind: "text" } },
  words: [GROUP, TOPIC],
  run(context, { flags, words: [group, topic] }) {
    const { to, json } = flags;
    if (to === undefined) throw new UsageError("group reset needs --to: first, last, TIME or N");
    const target = targetOf(to, context.runtime.clock.now());
    return reaching(context, flags, async (lines) => {
      const { brokers } = await topicRoute(lines, topic);
      const masters = brokers.flatMap(({ brokerAddrs }) => brokerAddrs.get(0) ?? []);
      mustBeKnown(group, await groupRows(lines, masters));
      const question = `Have group "${group}" go on at ${to} in topic "${topic}"?`;
      if (!await confirmed(context, flags, question)) return Exit.FAILED;
      if (typeof target === "object" && "entry" in target) {
        return await toEntry(context, lines, { group, topic, target, json });
      }
      const when = target === "first" ? 0 : target === "last" ? "end" : target.time;
      const resets = await resetOffsets(lines, { group, topic, to: when, forced: true });
      context.terminal.stdout(resets.map(json ? resetJson : resetText).join(""));
      return Exit.OK;
    });
  },
});

interface EntryReset {
  readonly group: string;
  readonly topic: string;
  readonly target: OffsetTarget;
  readonly json: boolean;
}

/** Brokers move members by time only; where nobody is online, any offset can be set. */
async function toEntry(
  { terminal }: Pick<Context, "terminal">,
  lines: Lines,
  { group, topic, target, json }: EntryReset,
): Promise<number> {
  const queues = await queuesOf(lines, topic);
  const online = await members(lines, group, queues);
  if (online.length > 0) {
    terminal.stderr(`pocketmq: ${onlineText(group, online)}, or go on at a time, first or last\n`);
    return Exit.REFUSED;
  }
  for (const queue of await positions(lines, group, queues)) {
    const { brokerName, queueId, end } = queue;
    const before = queue.position ?? queue.first;
    const offset = await entryAt(lines, queue, target);
    await setPosition(lines, group, queue, offset);
    const offline = { before, end, found: offset };
    terminal.stdout(
      (json ? resetJson : resetText)({ brokerName, queueId, topic, offset, offline }),
    );
  }
  return Exit.OK;
}

function resetJson({ topic, brokerName: broker, queueId, offset, offline }: QueueReset): string {
  const before = offline?.before ?? null;
  return jsonLine({ topic, broker, queueId, position: offset, before, online: !offline });
}

/** A queue that a group goes on in, in a line. */
export function resetText({ brokerName, queueId, offset, offline }: QueueReset): string {
  const moved = offline ? `${offline.before} -> ${offset}` : `-> ${offset}, its members are told`;
  return `${brokerName} queue ${queueId}: ${moved}\n`;
}
