import type { Lines } from "../../admin/lines.ts";
import type { ByQueue } from "../../wire/queue_map.ts";
import type { QueueProgress } from "../../wire/consume_stats.ts";
import type { MessageQueue } from "../../wire/message_queue.ts";

/** How far a group is in one queue, and how many messages that leaves. */
export interface ProgressRow extends MessageQueue, QueueProgress {
  readonly diff: number;
}

/** Titles of `queueCells`. */
export const QUEUE_TITLES = [
  "#Topic",
  "#Broker Name",
  "#QID",
  "#Broker Offset",
  "#Consumer Offset",
] as const;

/** Queues in order of topic, broker and number. */
export function inOrder(queues: ByQueue<QueueProgress>): ProgressRow[] {
  return queues.map(([queue, progress]) => ({
    ...queue,
    ...progress,
    diff: progress.brokerOffset - progress.consumerOffset,
  })).sort((a, b) =>
    order(a.topic, b.topic) || order(a.brokerName, b.brokerName) || a.queueId - b.queueId
  );
}

/** A queue's first cells. */
export function queueCells(row: ProgressRow): string[] {
  const { topic, brokerName, queueId, brokerOffset, consumerOffset } = row;
  return [topic, brokerName, ...[queueId, brokerOffset, consumerOffset].map(String)];
}

/** The same nodes, given so long for each answer. */
export function withinMs({ calls }: Pick<Lines, "calls">, ms: number): Pick<Lines, "calls"> {
  return { calls: { call: (address, request) => calls.call(address, request, ms) } };
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
