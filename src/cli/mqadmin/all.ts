import type { MqadminCommand } from "./command.ts";
import { acl } from "./acl.ts";
import { brokers } from "./brokers.ts";
import { clusters } from "./clusters.ts";
import { exports } from "./exports.ts";
import { haStatus } from "./ha_status.ts";
import { groupLooks } from "./group_looks.ts";
import { groupMembers } from "./group_members.ts";
import { groups } from "./groups.ts";
import { messageFinds } from "./message_finds.ts";
import { messageReads } from "./message_reads.ts";
import { messageSends } from "./message_sends.ts";
import { messageTraces } from "./message_traces.ts";
import { monitoring } from "./monitoring.ts";
import { namesrvs } from "./namesrvs.ts";
import { offsets } from "./offsets.ts";
import { entries } from "./queue_entries.ts";
import { sendRounds } from "./send_rounds.ts";
import { stats } from "./stats.ts";
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
  ...groupMembers,
  ...offsets,
  ...messageFinds,
  ...messageTraces,
  ...messageReads,
  ...entries,
  ...messageSends,
  ...sendRounds,
  ...stats,
  ...monitoring,
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
