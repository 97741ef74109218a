import { AnswerError } from "../client/errors.ts";
import { ResponseCode } from "../wire/codes.ts";
import type { MessageQueue } from "../wire/message_queue.ts";
import { parseOffsetsBody } from "../wire/queue_numbers.ts";
import { formatResetOffset, TO_THE_END } from "../wire/reset_offset.ts";
import { askNode, type Lines } from "./lines.ts";
import { entryAt, positionIn, queuesOf, setPosition } from "./offsets.ts";
import { topicRoute } from "./topics.ts";

/** Where a group shall go on in a topic. */
export interface ResetOrder {
  /** The group that goes on elsewhere. */
  readonly group: string;
  /** In this topic alone. */
  readonly topic: string;
  /** Where its queues were at that time, in ms since 1970, or "end". */
  readonly to: number | "end";
  /** Also forward, past messages that nobody of the group has consumed. */
  readonly forced: boolean;
}

/** A queue in which a group goes on at `offset` now. */
export interface QueueReset extends MessageQueue {
  /** Number of the queue's entry that is next. */
  readonly offset: number;
  /** Where it was, where the queue ends, and what was at that time; known when nobody of the group is online. */
  readonly offline?: { readonly before: number; readonly end: number; readonly found: number };
}

/**
 * Has a group go on elsewhere in a topic, on every broker. Members that are online are told by their broker;
 * where there are none their offsets are set.
 *
 * @throws {AnswerError} when there is no such topic, or a broker does not know the group there.
 * @throws {CallError} {FieldError}
 */
export async function resetOffsets(lines: Lines, order: ResetOrder): Promise<QueueReset[]> {
  const { brokers } = await topicRoute(lines, order.topic);
  const resets: QueueReset[] = [];
  for (const { brokerName, brokerAddrs } of [...brokers].sort(byName)) {
    const master = brokerAddrs.get(0);
    if (master === undefined) {
      throw new AnswerError(
        ResponseCode.SYSTEM_ERROR,
        `Cannot reset group "${order.group}": ${brokerName} has no master`,
      );
    }
    resets.push(
      ...await onlineReset(lines, master, order) ?? await offlineReset(lines, master, order),
    );
  }
  return resets;
}

function byName(a: { readonly brokerName: string }, b: { readonly brokerName: string }): number {
  return a.brokerName < b.brokerName ? -1 : 1;
}

/** Undefined when nobody is online. */
async function onlineReset(
  lines: Pick<Lines, "calls">,
  master: string,
  { group, topic, to, forced: isForced }: ResetOrder,
): Promise<QueueReset[] | undefined> {
  const timestamp = to === "end" ? TO_THE_END : to;
  const request = formatResetOffset({ topic, group, timestamp, isForced });
  try {
    const { body } = await askNode(lines, master, request, `reset group "${group}"`);
    return parseOffsetsBody(body)
      .map(([queue, offset]) => ({ ...queue, offset }))
      .sort((a, b) => a.queueId - b.queueId);
  } catch (error) {
    if (error instanceof AnswerError && error.code === ResponseCode.CONSUMER_NOT_ONLINE) {
      return undefined;
    }
    throw error;
  }
}

/** One queue after the other: of several first offsets that come together, a Java broker keeps one. */
async function offlineReset(
  lines: Lines,
  master: string,
  { group, topic, to, forced }: ResetOrder,
): Promise<QueueReset[]> {
  const resets: QueueReset[] = [];
  for (const queue of (await queuesOf(lines, topic)).filter(({ address }) => address === master)) {
    const at = await positionIn(lines, group, queue);
    const found = await entryAt(lines, at, to === "end" ? "last" : { time: to });
    const before = at.position ?? at.first;
    const offset = forced || found <= before ? found : before;
    await setPosition(lines, group, queue, offset);
    const { brokerName, queueId } = queue;
    resets.push({ brokerName, queueId, topic, offset, offline: { before, end: at.end, found } });
  }
  return resets;
}
