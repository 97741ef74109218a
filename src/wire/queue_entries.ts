import { utf8 } from "../base/bytes.ts";
import { RequestCode } from "./codes.ts";
import type { ExtFields, Request } from "./command.ts";
import type { Fields } from "./fields.ts";
import { readSubscription, type Subscription, subscriptionJson } from "./heartbeat.ts";
import { JsonBody } from "./json_body.ts";

/** Which entries of a consume queue are wanted. Source: QueryConsumeQueueRequestHeader. */
export interface QueueEntriesQuery {
  readonly topic: string;
  readonly queueId: number;
  /** Number of the first one. */
  readonly index: number;
  readonly count: number;
  /** Whose filter is to be tried on them. */
  readonly consumerGroup?: string;
}

/** An entry as operators see it; Java's names and order. Source: ConsumeQueueData. */
export interface QueueEntry {
  /** Whether the group's filter lets it through; false without a group. */
  readonly eval: boolean;
  readonly physicOffset: number;
  readonly physicSize: number;
  /** As it is on disk; beyond 2^53 not exact. */
  readonly tagsCode: number;
}

/** Body of answer 321. Source: QueryConsumeQueueResponseBody. */
export interface QueueEntries {
  /** Why there is no subscription, or what the filter is. */
  readonly filterData?: string;
  readonly maxQueueIndex: number;
  readonly minQueueIndex: number;
  readonly entries: readonly QueueEntry[];
  readonly subscription?: Subscription;
}

/** @throws {FieldError} */
export function parseQueueEntriesQuery(fields: Fields): QueueEntriesQuery {
  const query = {
    topic: fields.text("topic"),
    queueId: fields.int32("queueId"),
    index: fields.int64("index"),
    count: fields.int32("count"),
  };
  const consumerGroup = fields.optional("consumerGroup");
  return consumerGroup === undefined ? query : { ...query, consumerGroup };
}

/** Request 321. */
export function formatQueueEntriesQuery(query: QueueEntriesQuery): Request {
  const { topic, queueId, index, count, consumerGroup } = query;
  const ext: ExtFields = {
    topic,
    queueId: String(queueId),
    index: String(index),
    count: String(count),
  };
  if (consumerGroup !== undefined) ext.consumerGroup = consumerGroup;
  return { code: RequestCode.QUERY_CONSUME_QUEUE, ext };
}

/** The body of an answer to 321. */
export function formatQueueEntries(found: QueueEntries): Uint8Array {
  const { filterData, maxQueueIndex, minQueueIndex, entries, subscription } = found;
  return utf8(JSON.stringify({
    filterData,
    maxQueueIndex,
    minQueueIndex,
    queueData: entries,
    subscriptionData: subscription && subscriptionJson(subscription),
  }));
}

/** @throws {FieldError} */
export function parseQueueEntries(body: Uint8Array): QueueEntries {
  const found = JsonBody.parse(body);
  const filterData = found.textOr("filterData", undefined);
  const [subscription] = [...found.each("subscriptionData")].length > 0
    ? [readSubscription(found.object("subscriptionData"))]
    : [];
  return {
    ...(filterData !== undefined && { filterData }),
    maxQueueIndex: found.long("maxQueueIndex", 0),
    minQueueIndex: found.long("minQueueIndex", 0),
    entries: found.list("queueData", readEntry),
    ...(subscription && { subscription }),
  };
}

function readEntry(item: unknown, path: string): QueueEntry {
  const entry = JsonBody.of(item, path);
  return {
    eval: entry.flag("eval", false),
    physicOffset: entry.long("physicOffset", 0),
    physicSize: entry.whole("physicSize", 0),
    tagsCode: entry.long("tagsCode", 0),
  };
}
