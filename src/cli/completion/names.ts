import { clusterBrokers } from "../../admin/cluster.ts";
import { groupsOn, isSystemGroup } from "../../admin/groups.ts";
import type { Lines } from "../../admin/lines.ts";
import { topics } from "../../admin/topics.ts";

/** What shells read nothing into, whatever a cluster calls its own. */
const PLAIN = /^[\w%.:-]+$/;

/** Names that a shell completes with, in order. */
export async function namesOf(kind: "topic" | "group" | "broker", lines: Lines): Promise<string[]> {
  const names = await NAMES[kind](lines);
  return [...new Set(names)].filter((name) => PLAIN.test(name)).sort();
}

const NAMES = {
  async topic(lines: Lines): Promise<string[]> {
    const users = (await topics(lines)).filter(({ kind }) => kind === "user");
    return users.map(({ name }) => name);
  },

  async group(lines: Lines): Promise<string[]> {
    const masters = (await clusterBrokers(lines.servers)).filter(({ id }) => id === 0);
    const tables = await Promise.all(masters.map(({ address }) => groupsOn(lines, address)));
    return tables.flatMap((table) => [...table.keys()]).filter((name) => !isSystemGroup(name));
  },

  async broker(lines: Lines): Promise<string[]> {
    return (await clusterBrokers(lines.servers)).map(({ address }) => address);
  },
};
