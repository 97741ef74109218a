import type { Log } from "../base/log.ts";
import { type RecordView, tagsCodeOf } from "../wire/record_view.ts";
import { isInQueue } from "./append.ts";
import type { ConsumeQueue } from "./consume_queue.ts";
import { dueTime, isScheduleTopic } from "./delay.ts";
import type { Queues } from "./queues.ts";

/** Makes of each record of the log what is derived from it; whoever reads the log in order feeds it. */
export class Feed {
  readonly #queues: Queues;
  readonly #delayLevelsMs: readonly number[];
  readonly #report: Log;

  constructor(queues: Queues, delayLevelsMs: readonly number[], report: Log) {
    this.#queues = queues;
    this.#delayLevelsMs = delayLevelsMs;
    this.#report = report;
  }

  /**
   * Takes the record that lies in `bytes`; one it had already changes nothing. Gives the queue that got an
   * entry by it. @throws {FsError} when neither disk nor memory takes it, {CorruptLogError} when it cannot
   * follow what its queue has
   */
  put(bytes: Uint8Array, record: RecordView): ConsumeQueue | undefined {
    if (!isInQueue(record.sysFlag)) return undefined;
    const { topicAt, topicLength, queueId, queueOffset, logOffset, size } = record;
    const queue = this.#queues.ofRecord(bytes, topicAt, topicLength, queueId);
    if (queue === undefined) {
      this.#report.warn("record has no queue: its topic or queue id cannot name a folder", {
        logOffset,
        queueId,
      });
      return undefined;
    }
    const tagsCode = this.#tagsCode(bytes, record);
    return queue.put(queueOffset, logOffset, size, tagsCode) ? queue : undefined;
  }

  #tagsCode(bytes: Uint8Array, record: RecordView): number {
    const { topicAt, topicLength, propertiesAt, propertiesLength, storeTimestamp } = record;
    if (isScheduleTopic(bytes, topicAt, topicLength)) {
      const levels = this.#delayLevelsMs;
      const due = dueTime(bytes, propertiesAt, propertiesLength, storeTimestamp, levels);
      if (due !== undefined) return due;
    }
    return tagsCodeOf(bytes, propertiesAt, propertiesLength);
  }
}
