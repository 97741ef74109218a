import { RequestCode } from "../wire/codes.ts";
import { type GroupConfig, type GroupTable, parseGroupTable } from "../wire/group.ts";
import type { TopicConfig, TopicTable } from "../wire/topic.ts";
import { isSystemGroup } from "./groups.ts";
import { askNode, type Lines } from "./lines.ts";
import { systemTopicsOn, topicTable } from "./topic_tables.ts";

/**
 * Topics that are users', with what these brokers have of each together: queues are added up, all else is the
 * first one's, the version, too. Retries and dead letters of groups only `withGroups`.
 *
 * @throws {AnswerError} {CallError} {FieldError}
 */
export async function exportedTopics(
  lines: Pick<Lines, "calls">,
  addresses: readonly string[],
  withGroups: boolean,
): Promise<TopicTable> {
  const tables = await Promise.all(addresses.map(async (address) => {
    const [table, system] = await Promise.all([
      topicTable(lines, address),
      systemTopicsOn(lines, address),
    ]);
    return { table, system: new Set(system) };
  }));
  const topics = new Map<string, TopicConfig>();
  for (const { table, system } of tables) {
    for (const [name, topic] of table.topics) {
      if (system.has(name) || !withGroups && /^%(RETRY|DLQ)%/.test(name)) continue;
      const has = topics.get(name);
      topics.set(name, {
        ...has ?? topic,
        readQueueNums: (has?.readQueueNums ?? 0) + topic.readQueueNums,
        writeQueueNums: (has?.writeQueueNums ?? 0) + topic.writeQueueNums,
      });
    }
  }
  return { dataVersion: tables[0].table.dataVersion, topics };
}

/** Groups that are users', in the same way: queues of their retries are added up. @throws {AnswerError} {CallError} {FieldError} */
export async function exportedGroups(
  lines: Pick<Lines, "calls">,
  addresses: readonly string[],
): Promise<GroupTable> {
  const request = { code: RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG };
  const tables = await Promise.all(
    addresses.map(async (address) =>
      parseGroupTable((await askNode(lines, address, request, "list groups")).body)
    ),
  );
  const groups = new Map<string, GroupConfig>();
  for (const table of tables) {
    for (const [name, group] of table.groups) {
      if (isSystem(name)) continue;
      const has = groups.get(name);
      const retryQueueNums = (has?.retryQueueNums ?? 0) + group.retryQueueNums;
      groups.set(name, { ...has ?? group, retryQueueNums });
    }
  }
  return { dataVersion: tables[0].dataVersion, groups };
}

/** Groups that only Java's own tools have beside those every broker has. */
function isSystem(name: string): boolean {
  return isSystemGroup(name) || name === "SELF_TEST_P_GROUP" || name === "__MONITOR_CONSUMER";
}
