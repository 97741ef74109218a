import { textOf } from "../../base/bytes.ts";
import type { Codecs } from "../../ports/host.ts";
import type { RecordView } from "../../wire/record_view.ts";
import { isInQueue } from "../append.ts";
import type { Checkpoint } from "../checkpoint.ts";
import { firstThat } from "../queue_entry.ts";
import { LogWalk } from "./log_walk.ts";
import type { StoredStore } from "./stored.ts";
import type { StoredQueue } from "./stored_queue.ts";

/** What of a log belongs together: a topic's records, a queue's, all. Times are store times in ms. */
export interface Tally {
  records: number;
  bytes: number;
  oldestMs: number;
  newestMs: number;
}

/** One queue: its records in the log, and its entries. */
export interface QueueTally extends Tally {
  readonly topic: string;
  readonly queueId: number;
  /** Number of the first entry whose record is in the log, and behind the last entry on the disk. */
  minOffset: number;
  maxOffset: number;
}

/** One file of the key index. */
export interface IndexTally {
  readonly path: string;
  /** Items: a key of a message each. */
  readonly count: number;
  readonly beginMs: number;
  readonly endMs: number;
}

/** What a store holds. */
export interface StoreStat {
  readonly isOpen: boolean;
  readonly log: {
    readonly files: number;
    readonly fileBytes: number;
    readonly min: number;
    readonly end: number;
    /** In finished files, behind their last record. */
    readonly fillerBytes: number;
    /** Places that hold no whole record although whole records follow. */
    readonly damaged: number;
  };
  readonly all: Tally;
  /** Prepared and rolled back messages, which are in no queue. */
  readonly halves: number;
  readonly largest: { readonly logOffset: number; readonly size: number } | undefined;
  readonly queues: readonly QueueTally[];
  readonly queueFiles: number;
  readonly indexes: readonly IndexTally[];
  readonly checkpoint: Checkpoint;
}

/** Bytes of the log between two calls of `progress`. */
const PROGRESS_BYTES = 64 * 1024;

/** Counts what a store holds in one pass over its log; `progress` hears of the bytes that are done. */
export function statStore(
  store: StoredStore,
  codecs: Codecs,
  progress?: (done: number) => void,
): StoreStat {
  const { log } = store;
  const min = log.first?.base ?? 0;
  const queues = new Map<string, Map<number, QueueTally>>();
  for (const queue of store.queues) {
    addEntries(tallyOf(queues, queue.topic, queue.queueId), queue, min);
  }
  const all = emptyTally();
  let largest: StoreStat["largest"];
  let [halves, fillerBytes, damaged, told] = [0, 0, 0, min];
  const step = new LogWalk(log, codecs);
  for (let found = step.next(); found !== "end"; found = step.next()) {
    if (found === "blank") fillerBytes += step.size;
    else if (found === "bad") damaged++;
    else {
      const { record, bytes, at } = step;
      add(all, record);
      if (record.size > (largest?.size ?? 0)) largest = { logOffset: at, size: record.size };
      if (isInQueue(record.sysFlag)) {
        add(tallyOf(queues, topicOf(bytes, record), record.queueId), record);
      } else halves++;
      if (at >= told + PROGRESS_BYTES) progress?.((told = at) - min);
    }
  }
  return {
    isOpen: store.isOpen,
    log: { files: log.length, fileBytes: log.fileBytes, min, end: step.at, fillerBytes, damaged },
    all,
    halves,
    largest,
    queues: [...queues.values()].flatMap((ids) => [...ids.values()]).sort(byName),
    queueFiles: store.queues.reduce((sum, { files }) => sum + files.length, 0),
    indexes: store.index.map(({ path, header: { count, beginMs, endMs } }) => ({
      path,
      count: count - 1,
      beginMs,
      endMs,
    })),
    checkpoint: store.checkpoint,
  };
}

/** Tallies of topics, of which each adds up its queues. */
export function byTopic(
  queues: readonly QueueTally[],
): (Tally & { topic: string; queues: number })[] {
  const topics = new Map<string, Tally & { topic: string; queues: number }>();
  for (const { topic, records, bytes, oldestMs, newestMs } of queues) {
    let sum = topics.get(topic);
    if (!sum) topics.set(topic, sum = { topic, queues: 0, ...emptyTally() });
    sum.queues++;
    sum.records += records;
    sum.bytes += bytes;
    if (records === 0) continue;
    sum.oldestMs = sum.oldestMs === 0 ? oldestMs : Math.min(sum.oldestMs, oldestMs);
    sum.newestMs = Math.max(sum.newestMs, newestMs);
  }
  return [...topics.values()];
}

function emptyTally(): Tally {
  return { records: 0, bytes: 0, oldestMs: 0, newestMs: 0 };
}

function add(tally: Tally, { size, storeTimestamp }: RecordView): void {
  if (tally.records === 0) tally.oldestMs = storeTimestamp;
  tally.records++;
  tally.bytes += size;
  tally.oldestMs = Math.min(tally.oldestMs, storeTimestamp);
  tally.newestMs = Math.max(tally.newestMs, storeTimestamp);
}

function addEntries(tally: QueueTally, queue: StoredQueue, logMin: number): void {
  tally.maxOffset = queue.end();
  tally.minOffset = firstThat(
    queue.first,
    tally.maxOffset,
    (n) => !queue.look(n) || (!queue.isFill && queue.logOffset >= logMin),
  );
}

function tallyOf(
  queues: Map<string, Map<number, QueueTally>>,
  topic: string,
  queueId: number,
): QueueTally {
  let ids = queues.get(topic);
  if (!ids) queues.set(topic, ids = new Map());
  let tally = ids.get(queueId);
  if (!tally) {
    tally = { topic, queueId, minOffset: 0, maxOffset: 0, ...emptyTally() };
    ids.set(queueId, tally);
  }
  return tally;
}

function byName(a: QueueTally, b: QueueTally): number {
  return a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.queueId - b.queueId;
}

function topicOf(bytes: Uint8Array, { topicAt, topicLength }: RecordView): string {
  return textOf(bytes.subarray(topicAt, topicAt + topicLength));
}
