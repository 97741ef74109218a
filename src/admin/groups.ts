import { utf8 } from "../base/bytes.ts";
import { AnswerError } from "../client/errors.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import {
  type ConsumerConnections,
  formatConsumerConnectionsQuery,
  parseConsumerConnections,
} from "../wire/connections.ts";
import {
  formatConsumeStatsQuery,
  parseConsumeStats,
  type QueueProgress,
} from "../wire/consume_stats.ts";
import { type GroupConfig, parseGroupTable } from "../wire/group.ts";
import type { MessageQueue } from "../wire/message_queue.ts";
import { askNode, type Lines } from "./lines.ts";

/** Groups that brokers and admin tools have for themselves. */
const SYSTEM =
  /^(TOOLS_CONSUMER|FILTERSRV_CONSUMER|SELF_TEST_C_GROUP|CID_ONS-HTTP-PROXY|CID_ONSAPI_(PULL|PERMISSION|OWNER)|CID_RMQ_SYS_.*)$/;

/** Whether a group is one of those that brokers and admin tools have for themselves. */
export function isSystemGroup(name: string): boolean {
  return SYSTEM.test(name);
}

/** The consumer groups a broker has settings of. @throws {AnswerError} {CallError} {FieldError} */
export async function groupsOn(
  lines: Pick<Lines, "calls">,
  address: string,
): Promise<ReadonlyMap<string, GroupConfig>> {
  const request = { code: RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG };
  return parseGroupTable((await askNode(lines, address, request, "list groups")).body).groups;
}

/** Gives the group these settings on one master. @throws {AnswerError} {CallError} */
export async function putGroup(
  lines: Pick<Lines, "calls">,
  address: string,
  group: GroupConfig,
): Promise<void> {
  const request = {
    code: RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP,
    body: utf8(JSON.stringify(group)),
  };
  await askNode(lines, address, request, `create group "${group.groupName}"`);
}

/** Deletes the group's settings on one master, and where it was when told so. @throws {AnswerError} {CallError} */
export async function deleteGroup(
  lines: Pick<Lines, "calls">,
  address: string,
  groupName: string,
  withOffsets: boolean,
): Promise<void> {
  const offsets = String(withOffsets);
  const ext = { groupName, removeOffset: offsets, cleanOffset: offsets }; // 4.9 and 5.x name it differently
  const request = { code: RequestCode.DELETE_SUBSCRIPTIONGROUP, ext };
  await askNode(lines, address, request, `delete group "${groupName}"`);
}

/** How far a group is in one queue. */
export interface QueueLag extends MessageQueue, QueueProgress {
  /** Messages still before it. */
  readonly behind: number;
}

/** How far a group is in its queues on one broker, in order. @throws {AnswerError} {CallError} {FieldError} */
export async function groupProgress(
  lines: Pick<Lines, "calls">,
  address: string,
  group: string,
  topic?: string,
): Promise<QueueLag[]> {
  const action = `see how far group "${group}" is`;
  try {
    const { body } = await askNode(lines, address, formatConsumeStatsQuery(group, topic), action);
    return parseConsumeStats(body).queues.map(([queue, progress]) => ({
      ...queue,
      ...progress,
      behind: progress.brokerOffset - progress.consumerOffset,
    })).sort((a, b) => a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.queueId - b.queueId);
  } catch (error) {
    if (error instanceof AnswerError && error.code === ResponseCode.TOPIC_NOT_EXIST) return [];
    throw error;
  }
}

/** Who of a group is connected to one broker; undefined when nobody is. @throws {AnswerError} {CallError} {FieldError} */
export async function groupOnline(
  lines: Pick<Lines, "calls">,
  address: string,
  group: string,
): Promise<ConsumerConnections | undefined> {
  const request = formatConsumerConnectionsQuery(group);
  try {
    const { body } = await askNode(lines, address, request, `see who is in group "${group}"`);
    const online = parseConsumerConnections(body);
    return online.connections.length > 0 ? online : undefined;
  } catch (error) {
    if (error instanceof AnswerError && error.code === ResponseCode.CONSUMER_NOT_ONLINE) {
      return undefined;
    }
    throw error;
  }
}

export type { ConsumerConnections, GroupConfig };
