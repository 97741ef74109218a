import type { MessageQueue } from "../wire/message_queue.ts";

/**
 * The queues of one member of a group: every member computes this from the same two lists and so comes to a
 * split in which each queue has exactly one owner. Neighbouring queues go to one member; the first members
 * take one more when it does not come out even. A member that is not in the list has none.
 *
 *     7 queues, 3 members:   a a a b b c c
 *
 * Source: AllocateMessageQueueAveragely, which official clients use unless told otherwise.
 */
export function queuesOf(
  member: string,
  members: readonly string[],
  queues: readonly MessageQueue[],
): MessageQueue[] {
  const ids = [...new Set(members)].sort(byText);
  const index = ids.indexOf(member);
  if (index < 0) return [];
  const each = Math.floor(queues.length / ids.length);
  const more = queues.length % ids.length;
  const from = index * each + Math.min(index, more);
  return [...queues].sort(byPlace).slice(from, from + each + (index < more ? 1 : 0));
}

/** The order in which Java sorts queues: topic, broker name, id; texts by UTF-16 units. */
function byPlace(a: MessageQueue, b: MessageQueue): number {
  return byText(a.topic, b.topic) || byText(a.brokerName, b.brokerName) || a.queueId - b.queueId;
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
