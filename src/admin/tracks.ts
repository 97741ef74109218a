import { reasonOf } from "../base/log.ts";
import type { Message } from "../client/incoming.ts";
import { wants } from "../client/subscription.ts";
import { groupStats } from "./consume_stats.ts";
import { type ConsumerConnections, groupOnline } from "./groups.ts";
import type { Lines } from "./lines.ts";
import { groupsOfTopic } from "./topic_tables.ts";
import { topicRoute } from "./topics.ts";

/** What became of a message in a group, in mqadmin's words. Source: TrackType. */
export type TrackKind =
  | "CONSUMED"
  | "CONSUMED_BUT_FILTERED"
  | "PULL"
  | "NOT_CONSUME_YET"
  | "NOT_ONLINE"
  | "CONSUME_BROADCASTING"
  | "UNKNOWN";

/** What became of a message in one group. */
export interface MessageTrack {
  /** The consumer group. */
  readonly group: string;
  /** Where the message is for it. */
  readonly kind: TrackKind;
  /** Why it is not known. */
  readonly problem?: string;
}

/** What became of a message in each group that reads its topic, by group. @throws {AnswerError} {CallError} {FieldError} */
export async function messageTracks(lines: Lines, message: Message): Promise<MessageTrack[]> {
  const { brokers } = await topicRoute(lines, message.topic);
  const at = brokers.find(({ brokerName }) => brokerName === message.brokerName) ?? brokers[0];
  const address = at?.brokerAddrs.get(Math.min(...at.brokerAddrs.keys()));
  if (address === undefined) return [];
  const groups = await groupsOfTopic(lines, address, message.topic);
  return await Promise.all(groups.map(async (group): Promise<MessageTrack> => {
    try {
      const online = await groupOnline(lines, address, group);
      return {
        group,
        kind: online ? await kindOf(lines, address, group, message, online) : "NOT_ONLINE",
      };
    } catch (error) {
      return { group, kind: "UNKNOWN", problem: reasonOf(error) };
    }
  }));
}

async function kindOf(
  lines: Pick<Lines, "calls">,
  address: string,
  group: string,
  message: Message,
  { consumeType, messageModel, subscriptions }: ConsumerConnections,
): Promise<TrackKind> {
  if (consumeType === "CONSUME_ACTIVELY") return "PULL";
  if (messageModel === "BROADCASTING") return "CONSUME_BROADCASTING";
  const { queues } = await groupStats(lines, address, group, message.topic);
  const isPast = queues.some(([queue, { consumerOffset }]) =>
    queue.topic === message.topic && queue.queueId === message.queueId &&
    queue.brokerName === message.brokerName && consumerOffset > message.queueOffset
  );
  if (!isPast) return "NOT_CONSUME_YET";
  const subscription = subscriptions.get(message.topic);
  const filtered = subscription !== undefined && !wants(subscription, message.tag);
  return filtered ? "CONSUMED_BUT_FILTERED" : "CONSUMED";
}
