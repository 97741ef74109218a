import { AnswerError } from "../client/errors.ts";
import { ResponseCode } from "../wire/codes.ts";
import { formatConsumerListQuery, parseConsumerIds } from "../wire/heartbeat.ts";
import type { MessageQueue } from "../wire/message_queue.ts";
import {
  formatBoundQuery,
  formatOffsetCommit,
  formatOffsetQuery,
  formatOffsetSearch,
  parseOffsetAnswer,
} from "../wire/offset.ts";
import { askNode, type Lines } from "./lines.ts";
import { topicRoute } from "./topics.ts";

/** A queue, and the broker that keeps how far groups are in it. */
export interface QueueAt extends MessageQueue {
  /** The master, or the slave with the least id without one. */
  readonly address: string;
}

/** Where a group goes on in a queue, between its first entry and the next to be written. */
export interface QueuePosition extends QueueAt {
  /** Undefined when the broker has none. */
  readonly position: number | undefined;
  /** First entry of the queue. */
  readonly first: number;
  /** Number that the next message gets. */
  readonly end: number;
}

/** Where a group shall go on: the first entry, the end, an entry, or the first one stored at a time (ms). */
export type OffsetTarget = "first" | "last" | { readonly entry: number } | {
  readonly time: number;
};

/** The queues consumers of the topic read, in order. @throws {AnswerError} {CallError} {FieldError} */
export async function queuesOf(lines: Pick<Lines, "servers">, topic: string): Promise<QueueAt[]> {
  const { brokers, queues } = await topicRoute(lines, topic);
  return [...queues].sort((a, b) => a.brokerName < b.brokerName ? -1 : 1)
    .flatMap(({ brokerName, readQueueNums }) => {
      const { brokerAddrs } = brokers.find((broker) => broker.brokerName === brokerName) ?? {};
      if (brokerAddrs === undefined || brokerAddrs.size === 0) return [];
      const address = brokerAddrs.get(Math.min(...brokerAddrs.keys()))!;
      return Array.from(
        { length: readQueueNums },
        (_, queueId) => ({ brokerName, queueId, topic, address }),
      );
    });
}

/** Where the group is in a queue. @throws {AnswerError} {CallError} {FieldError} */
export async function positionIn(
  lines: Pick<Lines, "calls">,
  group: string,
  queue: QueueAt,
): Promise<QueuePosition> {
  const { topic, queueId, address } = queue;
  const action = `see where group "${group}" is in queue ${queueId}`;
  const ask = async (request: ReturnType<typeof formatOffsetQuery>) =>
    parseOffsetAnswer(await askNode(lines, address, request, action));
  const [position, first, end] = await Promise.all([
    ask(formatOffsetQuery({ consumerGroup: group, topic, queueId })).catch(noneStored),
    ask(formatBoundQuery("first", topic, queueId)),
    ask(formatBoundQuery("next", topic, queueId)),
  ]);
  return { ...queue, position, first, end };
}

/** The entry of a queue that `target` is; one that is not there becomes the nearest that is. @throws {AnswerError} {CallError} {FieldError} */
export async function entryAt(
  lines: Pick<Lines, "calls">,
  { topic, queueId, address, first, end }: QueuePosition,
  target: OffsetTarget,
): Promise<number> {
  if (target === "first") return first;
  if (target === "last") return end;
  const asked = "entry" in target ? target.entry : parseOffsetAnswer(
    await askNode(
      lines,
      address,
      formatOffsetSearch(topic, queueId, target.time),
      `find a time in queue ${queueId}`,
    ),
  );
  return Math.min(end, Math.max(first, asked));
}

/**
 * Has the group go on at that entry. One after the other, please: of several first ones that come together, a
 * Java broker keeps one.
 *
 * @throws {AnswerError} {CallError}
 */
export async function setPosition(
  lines: Pick<Lines, "calls">,
  group: string,
  { topic, queueId, address }: QueueAt,
  entry: number,
): Promise<void> {
  const request = formatOffsetCommit({ consumerGroup: group, topic, queueId }, entry);
  await askNode(lines, address, request, `set group "${group}" in queue ${queueId}`);
}

/** Ids of the group's members that a broker knows. @throws {CallError} {FieldError} */
export async function membersOn(
  lines: Pick<Lines, "calls">,
  address: string,
  group: string,
): Promise<string[]> {
  try {
    const action = `see who is in group "${group}"`;
    return parseConsumerIds(
      (await askNode(lines, address, formatConsumerListQuery(group), action)).body,
    );
  } catch (error) {
    if (error instanceof AnswerError && error.code === ResponseCode.SYSTEM_ERROR) return []; // nobody
    throw error;
  }
}

function noneStored(error: unknown): undefined {
  if (error instanceof AnswerError && error.code === ResponseCode.QUERY_NOT_FOUND) return undefined;
  throw error;
}
