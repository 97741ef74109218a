import type { Handler } from "../../rpc/peer.ts";
import { storeTimeOf } from "../../store/records.ts";
import type { Store } from "../../store/store.ts";
import { RequestCode, ResponseCode } from "../../wire/codes.ts";
import { refuse } from "../../wire/command.ts";
import { Fields } from "../../wire/fields.ts";
import { formatTopicStats, type QueueStats } from "../../wire/topic_stats.ts";
import type { BrokerConfig } from "../config.ts";
import type { Topics } from "../topics.ts";

/** What these requests are answered from. */
export interface TopicStatsContext {
  readonly config: Pick<BrokerConfig, "brokerName">;
  readonly store: Store;
  readonly topics: Topics;
}

/** Handler of 202: where each queue of a topic begins and ends. Queues that nothing was sent to count too. */
export function topicStatsHandler(
  { config, store, topics }: TopicStatsContext,
): [number, Handler] {
  const { brokerName } = config;
  return [RequestCode.GET_TOPIC_STATS_INFO, ({ ext }) => {
    const topic = new Fields(ext).text("topic");
    const known = topics.get(topic);
    if (known === undefined) {
      return refuse(ResponseCode.TOPIC_NOT_EXIST, `Cannot look at "${topic}": not on this broker`);
    }
    const stats = Array.from(
      { length: known.writeQueueNums },
      (_, queueId) => [{ brokerName, queueId, topic }, statsOf(store, topic, queueId)] as const,
    );
    return { code: ResponseCode.SUCCESS, body: formatTopicStats(stats) };
  }];
}

function statsOf({ queues, log }: Store, topic: string, queueId: number): QueueStats {
  const queue = queues.get(topic, queueId);
  const [minOffset, maxOffset] = [queue?.minOffset ?? 0, queue?.maxOffset ?? 0];
  const hasHad = queue !== undefined && maxOffset > queue.start;
  const lastUpdateTimestamp = hasHad ? storeTimeOf(log, queue, maxOffset - 1) : 0;
  return { lastUpdateTimestamp, maxOffset, minOffset };
}
