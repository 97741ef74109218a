import { type GroupConfig, groupsOn, isSystemGroup } from "../../admin/groups.ts";
import type { Lines } from "../../admin/lines.ts";
import { nearest } from "../../base/nearest.ts";
import { AnswerError } from "../../client/errors.ts";
import { ResponseCode } from "../../wire/codes.ts";

/** A group, and the masters that know it. */
export interface GroupRow extends GroupConfig {
  readonly brokers: readonly string[];
}

/** All groups by name; settings are those of the first master that has the group. */
export async function groupRows(lines: Lines, masters: readonly string[]): Promise<GroupRow[]> {
  const tables = await Promise.all(masters.map((address) => groupsOn(lines, address)));
  const rows = new Map<string, GroupRow & { brokers: string[] }>();
  tables.forEach((table, at) => {
    for (const [name, config] of table) {
      const row = rows.get(name) ?? { ...config, brokers: [] };
      row.brokers.push(masters[at]);
      rows.set(name, row);
    }
  });
  return [...rows.values()].sort((a, b) => a.groupName < b.groupName ? -1 : 1);
}

/** @throws {AnswerError} when there is no such group; it names one that may be meant. */
export function mustBeKnown(name: string, rows: readonly GroupRow[]): void {
  const known = rows.map(({ groupName }) => groupName);
  if (known.includes(name)) return;
  const meant = nearest(name, known.filter((each) => !isSystemGroup(each)));
  throw new AnswerError(
    ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
    `No broker has group "${name}"${meant ? `, did you mean "${meant}"?` : ""}`,
  );
}
