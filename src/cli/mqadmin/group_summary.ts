import { groupStats } from "../../admin/consume_stats.ts";
import type { Lines } from "../../admin/lines.ts";
import { groupsOn } from "../../admin/groups.ts";
import { topics } from "../../admin/topics.ts";
import { totalDiff } from "../../wire/consume_stats.ts";
import { versionName } from "../../wire/version_name.ts";
import type { Context } from "../command.ts";
import { connectionsOf, groupNodes, worst } from "./groups_online.ts";
import { fromEach } from "./targets.ts";

const RETRY = "%RETRY%";
/** Groups asked about at a time. */
const AT_A_TIME = 16;

/** A group in the list that `consumerProgress` shows. */
export interface GroupSummary {
  readonly group: string;
  /** Members that are online. */
  readonly count: number;
  /** Of the oldest member; empty when nobody is online. */
  readonly version: string;
  /** PUSH or PULL, and CLUSTERING or BROADCASTING; empty when nobody is online. */
  readonly type: string;
  readonly model: string;
  readonly tps: number;
  readonly diffTotal: number;
}

/** Every group that is somewhere or that is online, who is furthest behind first. */
export async function allProgress(
  context: Pick<Context, "terminal">,
  lines: Lines,
): Promise<{ readonly values: readonly GroupSummary[]; readonly exit: number }> {
  const nodes = await groupNodes(lines);
  const retried = (await topics(lines)).map(({ name }) => name)
    .filter((name) => name.startsWith(RETRY)).map((name) => name.slice(RETRY.length));
  const tables = await fromEach(context, nodes, ({ address }) => groupsOn(lines, address));
  const known = tables.values.flatMap(([, table]) => [...table.keys()]);
  const names = [...new Set([...retried, ...known])].sort();
  const values: GroupSummary[] = [];
  const exits = [tables.exit];
  for (let at = 0; at < names.length; at += AT_A_TIME) {
    const some = names.slice(at, at + AT_A_TIME);
    for (const { summary, queues, exit } of await Promise.all(some.map(summaryOf))) {
      exits.push(exit);
      const isSomething = queues > 0 || summary.count > 0 || retried.includes(summary.group);
      if (isSomething) values.push(summary);
    }
  }
  return { values: values.sort((a, b) => b.diffTotal - a.diffTotal), exit: worst(...exits) };

  async function summaryOf(group: string) {
    const [stats, { online, exit }] = await Promise.all([
      fromEach(context, nodes, ({ address }) => groupStats(lines, address, group)),
      connectionsOf(context, lines, group, undefined),
    ]);
    const versions = online?.connections.map(({ version }) => version) ?? [];
    const summary: GroupSummary = {
      group,
      count: versions.length,
      version: versions.length > 0 ? versionName(Math.min(...versions)) : "",
      type: online === undefined ? "" : online.consumeType === "CONSUME_ACTIVELY" ? "PULL" : "PUSH",
      model: online?.messageModel ?? "",
      tps: stats.values.reduce((sum, [, { consumeTps }]) => sum + consumeTps, 0),
      diffTotal: stats.values.reduce((sum, [, each]) => sum + totalDiff(each), 0),
    };
    const queues = stats.values.reduce((sum, [, { queues }]) => sum + queues.length, 0);
    return { summary, queues, exit: worst(stats.exit, exit) };
  }
}

/** Its row, in the order of mqadmin's columns. */
export function summaryRow(summary: GroupSummary): string[] {
  const { group, count, version, type, model, tps, diffTotal } = summary;
  return [
    ...[group, String(count), version || "OFFLINE", type, model],
    ...[Math.floor(tps), diffTotal].map(String),
  ];
}
