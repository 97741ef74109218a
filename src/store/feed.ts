import type { Log } from "../base/log.ts";
import { RecordKeys } from "../wire/record_keys.ts";
import type { RecordView } from "../wire/record_view.ts";
import { isInQueue } from "./append.ts";
import type { ConsumeQueue } from "./consume_queue.ts";
import { dueTime, isScheduleTopic } from "./delay.ts";
import type { KeyIndex } from "./index/key_index.ts";
import type { Queues } from "./queues.ts";

/** Makes of each record of the log what is derived from it; whoever reads the log in order feeds it. */
export class Feed {
  readonly #queues: Queues;
  readonly #delayLevelsMs: readonly number[];
  readonly #report: Log;
  readonly #index: KeyIndex | undefined;
  readonly #keys = new RecordKeys();

  constructor(
    queues: Queues,
    delayLevelsMs: readonly number[],
    report: Log,
    index?: KeyIndex,
  ) {
    this.#queues = queues;
    this.#index = index;
    this.#delayLevelsMs = delayLevelsMs;
    this.#report = report;
  }

  /**
   * Takes the record that lies in `bytes`; one it had already changes nothing. Gives the queue that got an
   * entry by it. @throws {FsError} when neither disk nor memory takes it, {CorruptLogError} when it cannot
   * follow what its queue has
   */
  put(bytes: Uint8Array, record: RecordView): ConsumeQueue | undefined {
    const { logOffset, size, queueOffset } = record;
    const queue = isInQueue(record.sysFlag) ? this.#queueOf(bytes, record) : undefined;
    const isListed = queue === undefined || queue.logEnd >= logOffset + size;
    const isIndexed = this.#index?.passes(logOffset) ?? true;
    if (!isListed || !isIndexed) this.#keys.read(bytes, record, !isIndexed);
    this.#index?.put(record, this.#keys);
    if (isListed) return undefined;
    const tagsCode = this.#tagsCode(bytes, record);
    return queue.put(queueOffset, logOffset, size, tagsCode) ? queue : undefined;
  }

  #queueOf(bytes: Uint8Array, record: RecordView): ConsumeQueue | undefined {
    const { topicAt, topicLength, queueId, logOffset } = record;
    const queue = this.#queues.ofRecord(bytes, topicAt, topicLength, queueId);
    if (queue !== undefined) return queue;
    this.#report.warn("record has no queue: its topic or queue id cannot name a folder", {
      logOffset,
      queueId,
    });
  }

  #tagsCode(bytes: Uint8Array, record: RecordView): number {
    const { topicAt, topicLength, propertiesAt, propertiesLength, storeTimestamp } = record;
    if (isScheduleTopic(bytes, topicAt, topicLength)) {
      const levels = this.#delayLevelsMs;
      const due = dueTime(bytes, propertiesAt, propertiesLength, storeTimestamp, levels);
      if (due !== undefined) return due;
    }
    return this.#keys.tagsCode;
  }
}
