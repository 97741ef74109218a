import { timeSpans } from "../../admin/consume_stats.ts";
import { groupStats } from "../../admin/consume_stats.ts";
import type { Lines } from "../../admin/lines.ts";
import { topics } from "../../admin/topics.ts";
import { reaching } from "../admin/reach.ts";
import type { Context } from "../command.ts";
import { Exit } from "../exit.ts";
import { type MqadminCommand, mqadminCommand } from "./command.ts";
import { verdictOn } from "./group_members.ts";
import { clientsOf, connectionsOf, groupNodes } from "./groups_online.ts";
import { printJson } from "./print.ts";
import { repeated } from "./rounds.ts";
import { fromEach } from "./targets.ts";

/** As mqadmin's. */
const ROUND_SECONDS = 60;
const RETRY = "%RETRY%";
const MARK = `[MONITOR] ${"=".repeat(41)}`;

/** The command that goes on looking at all groups. */
export const monitoring: Readonly<Record<string, MqadminCommand>> = {
  startMonitoring: mqadminCommand({
    summary: "Look at every group once a minute, and tell who is behind or in trouble",
    flags: {},
    examples: ["startMonitoring", "startMonitoring --json"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const say = (text: string, object?: unknown) => {
          if (!given.json) context.terminal.stdout(`${text}\n`);
          else if (object !== undefined) printJson(context, [object]);
        };
        return await repeated(context, ROUND_SECONDS, async () => {
          say(`${MARK}beginRound`);
          const groups = (await topics(lines)).map(({ name }) => name)
            .filter((name) => name.startsWith(RETRY)).map((name) => name.slice(RETRY.length));
          for (const group of groups) {
            for (const undone of await undoneOf(context, lines, group)) {
              if (undone.undoneMsgsTotal > 0) {
                say(`[MONITOR] reportUndoneMsgs: UndoneMsgs [${listed(undone)}]`, { undone });
              }
            }
            for (const trouble of await troubleIn(context, lines, group)) {
              const text = `ConsumerGroup: ${group}, ${trouble}`;
              say(`[MONITOR]  [NOTIFY] reportConsumerRunningInfo: ${text}`, { group, trouble });
            }
          }
          say(`${MARK}endRound`);
          return Exit.OK;
        });
      }),
  }),
};

/** What a group has before it in a topic; mqadmin's names. */
export interface Undone {
  readonly consumerGroup: string;
  readonly topic: string;
  readonly undoneMsgsTotal: number;
  /** In the queue where it is furthest behind. */
  readonly undoneMsgsSingleMQ: number;
  /** How long its oldest message that is not consumed has been there. */
  readonly undoneMsgsDelayTimeMills: number;
}

async function undoneOf(context: Context, lines: Lines, group: string): Promise<Undone[]> {
  const nodes = await groupNodes(lines);
  const asked = await fromEach(context, nodes, ({ address }) => groupStats(lines, address, group));
  const found = new Map<string, Undone>();
  for (const [{ address }, { queues }] of asked.values) {
    for (const topic of new Set(queues.map(([queue]) => queue.topic))) {
      const before = queues.filter(([queue]) => queue.topic === topic)
        .map(([, { brokerOffset, consumerOffset }]) => brokerOffset - consumerOffset);
      const total = before.reduce((sum, each) => sum + each, 0);
      const late = total > 0 ? [address] : [];
      const spans = await fromEach(context, late, (at) => timeSpans(lines, at, topic, group));
      const known = found.get(topic);
      found.set(topic, {
        ...{ consumerGroup: group, topic },
        undoneMsgsTotal: total + (known?.undoneMsgsTotal ?? 0),
        undoneMsgsSingleMQ: Math.max(...before, known?.undoneMsgsSingleMQ ?? 0),
        undoneMsgsDelayTimeMills: Math.max(
          known?.undoneMsgsDelayTimeMills ?? 0,
          ...spans.values.flatMap(([, queues]) => queues.map(({ delayTime }) => delayTime)),
        ),
      });
    }
  }
  return [...found.values()];
}

async function troubleIn(context: Context, lines: Lines, group: string): Promise<string[]> {
  const { online } = await connectionsOf(context, lines, group, undefined);
  if (online === undefined) return [];
  const { clients } = await clientsOf(context, lines, group, online, false);
  const { agree, stuck } = verdictOn(clients, context.runtime.clock.now());
  return [...agree ? [] : ["Subscription different"], ...stuck];
}

function listed(fields: object): string {
  return Object.entries(fields).map(([name, value]) => `${name}=${value}`).join(", ");
}
