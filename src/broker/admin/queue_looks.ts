import { viewOf } from "../../base/bytes.ts";
import type { Clock } from "../../ports/host.ts";
import type { Handler } from "../../rpc/peer.ts";
import type { ConsumeQueue } from "../../store/consume_queue.ts";
import { ENTRY_BYTES, entryLogOffset, entrySize, entryTagsCode } from "../../store/queue_entry.ts";
import { storeTimeOf } from "../../store/records.ts";
import type { Store } from "../../store/store.ts";
import { RequestCode, ResponseCode } from "../../wire/codes.ts";
import { refuse } from "../../wire/command.ts";
import { formatCorrections, parseCorrectionQuery } from "../../wire/correction.ts";
import { Fields } from "../../wire/fields.ts";
import { formatFilter } from "../../wire/filter_table.ts";
import type { Subscription } from "../../wire/heartbeat.ts";
import {
  formatQueueEntries,
  parseQueueEntriesQuery,
  type QueueEntry,
} from "../../wire/queue_entries.ts";
import { formatTimeSpans, type TimeSpan } from "../../wire/time_span.ts";
import type { Clients } from "../clients.ts";
import type { BrokerConfig } from "../config.ts";
import type { Filters } from "../filter/filters.ts";
import type { MessageFilter } from "../filter/tags.ts";
import type { Offsets } from "../offsets.ts";
import type { Topics } from "../topics.ts";

/** What these requests are answered from. */
export interface QueueLooksContext {
  readonly runtime: { readonly clock: Clock };
  readonly config: Pick<BrokerConfig, "brokerName">;
  readonly store: Store;
  readonly topics: Topics;
  readonly offsets: Offsets;
  readonly clients: Clients;
  readonly filters: Filters;
}

/** Entries in one answer: some 80 KB of text for a thousand. */
const ENTRIES_MAX = 1_000;

/** Handlers of 303, 308 and 321: queues in time, against other groups, and entry by entry. */
export function queueLooksHandlers(context: QueueLooksContext): [number, Handler][] {
  const { store, topics } = context;

  const timeSpans: Handler = ({ ext }) => {
    const fields = new Fields(ext);
    const [topic, group] = [fields.text("topic"), fields.text("group")];
    const known = topics.get(topic);
    if (known === undefined) {
      return refuse(ResponseCode.TOPIC_NOT_EXIST, `Cannot look at "${topic}": not on this broker`);
    }
    const spans = Array.from(
      { length: known.writeQueueNums },
      (_, queueId) => spanOf(context, topic, queueId, group),
    );
    return { code: ResponseCode.SUCCESS, body: formatTimeSpans(spans) };
  };

  const corrections: Handler = ({ ext }) => {
    const { topic, compareGroup, filterGroups } = parseCorrectionQuery(new Fields(ext));
    const offsets = slowest(context, topic, filterGroups);
    for (const [queueId, offset] of context.offsets.queuesOf(compareGroup, topic) ?? []) {
      const other = offsets.get(queueId);
      if (other !== undefined && other > offset) offsets.set(queueId, undefined);
    }
    return { code: ResponseCode.SUCCESS, body: formatCorrections(offsets) };
  };

  const entries: Handler = ({ ext }) => {
    const { topic, queueId, index, count, consumerGroup } = parseQueueEntriesQuery(new Fields(ext));
    const queue = store.queues.get(topic, queueId);
    if (queue === undefined) {
      const remark = `Cannot look at queue ${queueId} of "${topic}": not on this broker`;
      return refuse(ResponseCode.SYSTEM_ERROR, remark);
    }
    const reader = consumerGroup === undefined
      ? undefined
      : readerOf(context, consumerGroup, topic);
    const body = formatQueueEntries({
      filterData: reader?.filterData,
      maxQueueIndex: queue.maxOffset,
      minQueueIndex: queue.minOffset,
      entries: readEntries(queue, index, Math.min(count, ENTRIES_MAX), reader?.wants),
      subscription: reader?.subscription,
    });
    return { code: ResponseCode.SUCCESS, body };
  };

  return [
    [RequestCode.QUERY_CONSUME_TIME_SPAN, timeSpans],
    [RequestCode.QUERY_CORRECTION_OFFSET, corrections],
    [RequestCode.QUERY_CONSUME_QUEUE, entries],
  ];
}

/** Whose filter is tried on the entries of a queue. */
interface QueueReader {
  readonly subscription?: Subscription;
  /** What it wants by properties ("null" when only by tags), or why there is no filter. */
  readonly filterData: string;
  /** Without it nothing gets through. */
  readonly wants?: MessageFilter;
}

function readerOf(
  { clients, filters }: QueueLooksContext,
  consumerGroup: string,
  topic: string,
): QueueReader {
  const group = clients.consumerGroup(consumerGroup);
  const subscription = group?.subscriptions.get(topic);
  if (subscription === undefined) {
    const filterData = `no consumer of "${consumerGroup}" that reads "${topic}" is online here`;
    return { filterData };
  }
  const filter = filters.of({ consumerGroup, topic, sysFlag: 0, subVersion: 0 }, group, true);
  const wants = "wants" in filter ? filter.wants ?? (() => true) : undefined;
  const filterData = formatFilter(filters.table.of(consumerGroup, topic));
  return wants === undefined ? { subscription, filterData } : { subscription, filterData, wants };
}

function spanOf(
  { runtime, config, store, offsets }: QueueLooksContext,
  topic: string,
  queueId: number,
  group: string,
): TimeSpan {
  const queue = store.queues.get(topic, queueId);
  const timeAt = (n: number) => queue === undefined ? -1 : storeTimeOf(store.log, queue, n);
  const { minOffset, maxOffset: end, start } = queue ?? { minOffset: 0, maxOffset: 0, start: 0 };
  const minTimeStamp = timeAt(minOffset);
  const next = Math.max(start, offsets.of(group, topic, queueId) ?? 0);
  const nextTime = next < end ? timeAt(next) : -1;
  return {
    queue: { brokerName: config.brokerName, queueId, topic },
    minTimeStamp,
    maxTimeStamp: end > start ? timeAt(end - 1) : -1,
    consumeTimeStamp: next > start ? timeAt(next - 1) : minTimeStamp,
    delayTime: nextTime < 0 ? 0 : runtime.clock.now() - nextTime,
  };
}

/** By queue, the lowest offset that a group has there and whose message is not gone. */
function slowest(
  { store, offsets }: QueueLooksContext,
  topic: string,
  without: readonly string[],
): Map<number, number | undefined> {
  const lowest = new Map<number, number>();
  for (const group of offsets.groupsOf(topic)) {
    if (without.includes(group)) continue;
    for (const [queueId, offset] of offsets.queuesOf(group, topic) ?? []) {
      if (offset < (store.queues.get(topic, queueId)?.minOffset ?? 0)) continue;
      lowest.set(queueId, Math.min(offset, lowest.get(queueId) ?? offset));
    }
  }
  return new Map(lowest);
}

function readEntries(
  queue: ConsumeQueue,
  index: number,
  count: number,
  wants: MessageFilter | undefined,
): QueueEntry[] {
  const there = Math.min(count, queue.maxOffset - index);
  if (there <= 0 || index < queue.minOffset) return [];
  const bytes = new Uint8Array(there * ENTRY_BYTES);
  const view = viewOf(bytes);
  const end = queue.read(index, bytes);
  const entries: QueueEntry[] = [];
  for (let at = 0; at < end; at += ENTRY_BYTES) {
    const physicOffset = entryLogOffset(view, at);
    const physicSize = entrySize(view, at);
    const tagsCode = entryTagsCode(view, at);
    const passes = wants?.(tagsCode, physicOffset, physicSize) ?? false;
    entries.push({ eval: passes, physicOffset, physicSize, tagsCode });
  }
  return entries;
}
