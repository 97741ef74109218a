import type { MqadminCommand } from "./command.ts";
import { acl } from "./acl.ts";
import { brokers } from "./brokers.ts";
import { clusters } from "./clusters.ts";
import { exports } from "./exports.ts";
import { haStatus } from "./ha_status.ts";
import { groupLooks } from "./group_looks.ts";
import { groups } from "./groups.ts";
import { namesrvs } from "./namesrvs.ts";
import { offsets } from "./offsets.ts";
import { topicChanges } from "./topic_changes.ts";
import { topicLooks } from "./topic_looks.ts";

/** Every command, a theme after the other, in the order of the list. */
export const all: Readonly<Record<string, MqadminCommand>> = {
  ...topicChanges,
  ...topicLooks,
  ...clusters,
  ...brokers,
  ...namesrvs,
  ...exports,
  ...haStatus,
  ...groups,
  ...groupLooks,
  ...offsets,
  ...acl,
};

/** The command of that name; mqadmin takes upper for lower case and knows some by a second name, so this does. */
export function commandNamed(name: string): string | undefined {
  if (Object.hasOwn(all, name)) return name;
  const low = name.toLowerCase();
  return Object.keys(all).find((known) =>
    known.toLowerCase() === low || all[known].alias?.toLowerCase() === low
  );
}
