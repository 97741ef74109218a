import { viewOf } from "../base/bytes.ts";
import type { CommitLog } from "./commit_log.ts";
import type { ConsumeQueue } from "./consume_queue.ts";
import { ENTRY_BYTES, entryLogOffset, entrySize, entryTagsCode, FILL_SIZE } from "./queue_entry.ts";

/** What became of a read. Source: GetMessageStatus. */
export type ReadStatus =
  | "found"
  | "noMessageInQueue"
  | "offsetTooSmall"
  | "offsetOverflowOne"
  | "offsetOverflowBadly"
  | "offsetFoundNull"
  | "noMatchedMessage"
  | "messageWasRemoving";

/** How much one read gives at most. Sources: MessageStoreConfig.maxTransfer…, accessMessageInMemoryMaxRatio. */
export interface ReadLimits {
  readonly bytes: number;
  readonly messages: number;
  /** For messages further than `memoryBytes` behind the log's end: those must come from the disk. */
  readonly diskBytes: number;
  readonly diskMessages: number;
  readonly memoryBytes: number;
}

export const READ_LIMITS: ReadLimits = {
  bytes: 256 * 1024,
  messages: 32,
  diskBytes: 64 * 1024,
  diskMessages: 8,
  memoryBytes: Infinity,
};

/** What to read. */
export interface QueueRequest {
  /** Undefined for a queue that never had a message. */
  readonly queue: ConsumeQueue | undefined;
  readonly queueOffset: number;
  readonly maxMessages: number;
  readonly limits: ReadLimits;
  /** True for the entries wanted; without it all are. */
  readonly filter?: (tagsCode: number, logOffset: number, size: number) => boolean;
  /** A slave lets the reader's offset stand, right or wrong; only a master corrects it. */
  readonly keepsOffset?: boolean;
}

/** Entries looked at by one read. Source: DefaultMessageStore.getMessage, 16000 bytes of queue. */
const SCANNED_ENTRIES_MAX = 800;

/** The answer to a read; one can serve any number of reads, each replaces what the last one said. */
export class QueueRead {
  status: ReadStatus = "noMessageInQueue";
  nextBeginOffset = 0;
  minOffset = 0;
  maxOffset = 0;
  /** Messages found. Message i is `entries[2 * i + 1]` bytes at log offset `entries[2 * i]`. */
  count = 0;
  readonly entries: number[] = [];
  totalBytes = 0;
  /** From the last entry looked at to the end of the log. */
  lagBytes = 0;
  readonly #bytes = new Uint8Array(SCANNED_ENTRIES_MAX * ENTRY_BYTES);
  readonly #view = viewOf(this.#bytes);

  /** Finds the messages of a queue from an offset on; what was deleted with its topic is passed over. */
  read(log: CommitLog, request: QueueRequest): void {
    const { queue } = request;
    const start = queue?.start ?? 0;
    const isDeleted = start > 0 && request.queueOffset < start;
    const queueOffset = isDeleted ? start : request.queueOffset;
    this.count = this.totalBytes = this.lagBytes = 0;
    this.minOffset = queue?.minOffset ?? 0;
    this.maxOffset = queue?.maxOffset ?? 0;
    this.nextBeginOffset = queueOffset;
    if (queue === undefined || this.maxOffset === 0) {
      this.#correct("noMessageInQueue", 0, request);
    } else if (queueOffset < this.minOffset) {
      this.#correct("offsetTooSmall", this.minOffset, request);
    } else if (queueOffset === this.maxOffset) {
      this.status = "offsetOverflowOne";
    } else if (queueOffset > this.maxOffset) {
      this.#correct("offsetOverflowBadly", this.maxOffset, request);
    } else {
      this.#find(log, queue, queueOffset, request);
    }
  }

  #correct(status: ReadStatus, offset: number, request: QueueRequest): void {
    this.status = status;
    if (!request.keepsOffset) this.nextBeginOffset = offset;
  }

  #find(log: CommitLog, queue: ConsumeQueue, queueOffset: number, request: QueueRequest): void {
    const wanted = request.filter ? SCANNED_ENTRIES_MAX : request.maxMessages;
    const part = this.#bytes.subarray(0, Math.min(wanted, SCANNED_ENTRIES_MAX) * ENTRY_BYTES);
    const length = queue.read(queueOffset, part);
    if (length === 0) {
      return this.#correct("offsetFoundNull", queue.nextFileOffset(queueOffset), request);
    }
    const { filter, limits } = request;
    const tail = log.tail;
    const logMin = log.minOffset;
    let at = 0;
    let removed = 0;
    for (; at < length && this.count < request.maxMessages; at += ENTRY_BYTES) {
      const logOffset = entryLogOffset(this.#view, at);
      const size = entrySize(this.#view, at);
      const lag = tail - logOffset;
      if (this.count > 0 && this.#isFull(size, lag > limits.memoryBytes, limits)) break;
      if (logOffset < logMin || size === FILL_SIZE) {
        removed++;
        continue;
      }
      this.lagBytes = lag;
      if (filter && !filter(entryTagsCode(this.#view, at), logOffset, size)) continue;
      this.entries[2 * this.count] = logOffset;
      this.entries[2 * this.count + 1] = size;
      this.count++;
      this.totalBytes += size;
    }
    const looked = at / ENTRY_BYTES;
    this.nextBeginOffset = queueOffset + looked;
    this.status = this.count > 0
      ? "found"
      : removed === looked
      ? "messageWasRemoving"
      : "noMatchedMessage";
  }

  #isFull(size: number, onDisk: boolean, limits: ReadLimits): boolean {
    const bytes = onDisk ? limits.diskBytes : limits.bytes;
    const messages = onDisk ? limits.diskMessages : limits.messages;
    return this.totalBytes + size > bytes || this.count >= messages;
  }
}
