import { textOf, writeInt64 } from "../base/bytes.ts";
import { invariant } from "../base/errors.ts";
import type { Clock, Codecs } from "../ports/host.ts";
import { propertiesTooLong, putRecord, type RecordFields, recordSizeMax } from "../wire/message.ts";
import {
  BLANK_BYTES_MIN,
  PHYSICAL_OFFSET_AT,
  PROPERTIES_BYTES_MAX,
  SysFlag,
  TOPIC_BYTES_MAX,
} from "../wire/record_layout.ts";
import { RecordView } from "../wire/record_view.ts";
import type { CommitLog } from "./commit_log.ts";
import { PutRefusal } from "./errors.ts";
import type { QueueOffsets } from "./queue_offsets.ts";

/** A message to be stored. Hosts are from `hostBytes`; the host bits of sysFlag follow them. */
export interface NewMessage {
  readonly topic: string;
  /** `topic` as UTF-8. */
  readonly topicBytes: Uint8Array;
  readonly queueId: number;
  readonly flag: number;
  readonly sysFlag: number;
  readonly bornTimestamp: number;
  readonly bornHost: Uint8Array;
  readonly storeHost: Uint8Array;
  readonly reconsumeTimes: number;
  readonly preparedTransactionOffset: number;
  /** As text, or encoded already. */
  readonly properties: string | Uint8Array;
  readonly body: Uint8Array;
}

/** Where a message lies once it is committed. */
export interface Appended {
  readonly logOffset: number;
  /** Log offset behind it. */
  readonly end: number;
  readonly queueOffset: number;
  readonly storeTimestamp: number;
}

const EMPTY = new Uint8Array(0);

/** Encodes messages to where they are written from, and gives each its place in log and queue. */
export class Appender {
  readonly #log: CommitLog;
  readonly #offsets: QueueOffsets;
  readonly #clock: Clock;
  readonly #codecs: Codecs;
  readonly #bodyBytesMax: number;
  readonly #record = new RecordFieldsOf();
  #storeTimestamp: number;

  /** `storeTimestamp` is that of the last record; no later one is stored before it. */
  constructor(
    log: CommitLog,
    offsets: QueueOffsets,
    { clock, codecs }: { clock: Clock; codecs: Codecs },
    bodyBytesMax: number,
    storeTimestamp: number,
  ) {
    this.#log = log;
    this.#offsets = offsets;
    this.#clock = clock;
    this.#codecs = codecs;
    this.#bodyBytesMax = bodyBytesMax;
    this.#storeTimestamp = storeTimestamp;
  }

  /** Stages one message. @throws {PutRefusal} and nothing was staged */
  append(message: NewMessage): Appended {
    this.#mustBeLegal(message);
    this.#stamp();
    const { topic, queueId, sysFlag } = message;
    const { stage } = this.#log;
    const counts = isInQueue(sysFlag);
    const queueOffset = counts ? this.#offsets.next(topic, queueId) : 0;
    const size = this.#encode(message, stage.length, queueOffset);
    this.#mustFitFile(size);
    const logOffset = this.#log.staged(size);
    writeInt64(stage.view, stage.length - size + PHYSICAL_OFFSET_AT, logOffset);
    if (counts) this.#offsets.advance(topic, queueId, 1);
    const end = logOffset + size;
    return { logOffset, end, queueOffset, storeTimestamp: this.#storeTimestamp };
  }

  /** Stages messages of one queue, side by side in one file. @throws {PutRefusal} and nothing was staged */
  appendBatch(messages: readonly NewMessage[]): Appended[] {
    if (messages.length === 0) return [];
    const { topic, queueId } = messages[0];
    for (const message of messages) {
      invariant(message.topic === topic && message.queueId === queueId, "a batch has one queue");
      if (!isInQueue(message.sysFlag)) throw refusal("a batch is no part of a transaction");
      this.#mustBeLegal(message);
    }
    this.#stamp();
    const { stage } = this.#log;
    const first = this.#offsets.next(topic, queueId);
    const ends: number[] = [];
    let total = 0;
    for (const message of messages) {
      total += this.#encode(message, stage.length + total, first + ends.length);
      ends.push(total);
    }
    this.#mustFitFile(total);
    const base = this.#log.staged(total);
    const stagedAt = stage.length - total;
    const storeTimestamp = this.#storeTimestamp;
    return ends.map((end, i) => {
      const begin = i === 0 ? 0 : ends[i - 1];
      const logOffset = base + begin;
      writeInt64(stage.view, stagedAt + begin + PHYSICAL_OFFSET_AT, logOffset);
      this.#offsets.advance(topic, queueId, 1);
      return { logOffset, end: base + end, queueOffset: first + i, storeTimestamp };
    });
  }

  /** Forgets what is staged, the places it had included. */
  takeBack(): void {
    const { stage } = this.#log;
    const record = new RecordView();
    for (let at = 0; at < stage.length;) {
      if (record.read(stage.view, at, stage.length) !== undefined) {
        at += BLANK_BYTES_MIN; // the head of the filler before a next file
        continue;
      }
      const { topicAt, topicLength, queueId, sysFlag } = record;
      const topic = textOf(stage.bytes.subarray(topicAt, topicAt + topicLength));
      if (isInQueue(sysFlag)) this.#offsets.advance(topic, queueId, -1);
      at += record.size;
    }
    this.#log.takeBack();
  }

  /** All messages of one commit are stored at the same time, and never before an earlier one. */
  #stamp(): void {
    if (this.#log.stage.length > 0) return;
    this.#log.mustTake();
    this.#storeTimestamp = Math.max(this.#storeTimestamp, this.#clock.now());
  }

  /** Puts the record at `at` of the stage; its log offset is still to be written. Gives its size. */
  #encode(message: NewMessage, at: number, queueOffset: number): number {
    const { stage } = this.#log;
    const { body, topicBytes, properties } = message;
    const most = recordSizeMax(topicBytes.length, body.length, properties);
    stage.reserve(at - stage.length + most + BLANK_BYTES_MIN);
    const crc = body.length === 0 ? 0 : this.#codecs.crc32(body) & 0x7fffffff;
    const record = this.#record.fill(message, queueOffset, this.#storeTimestamp, crc);
    const size = putRecord(stage.bytes, stage.view, at, record);
    record.body = EMPTY; // or the frame it came in would stay in memory
    return size;
  }

  #mustBeLegal({ topicBytes, body, properties, queueId }: NewMessage): void {
    if (topicBytes.length === 0 || topicBytes.length > TOPIC_BYTES_MAX) {
      throw refusal(`topic of ${topicBytes.length} bytes, it must be 1 to ${TOPIC_BYTES_MAX}`);
    }
    if (queueId < 0) throw refusal(`queue ${queueId}, it must be 0 or more`);
    if (body.length > this.#bodyBytesMax) {
      throw refusal(`body of ${body.length} bytes, it must be at most ${this.#bodyBytesMax}`);
    }
    if (propertiesTooLong(properties)) {
      throw refusal(`properties must be at most ${PROPERTIES_BYTES_MAX} bytes`);
    }
  }

  #mustFitFile(size: number): void {
    const most = this.#log.fileBytes - BLANK_BYTES_MIN;
    if (size > most) throw refusal(`record of ${size} bytes, a log file holds at most ${most}`);
  }
}

/** One object for all records, filled anew for each. */
class RecordFieldsOf implements RecordFields {
  topic: Uint8Array = EMPTY;
  queueId = 0;
  flag = 0;
  queueOffset = 0;
  logOffset = 0;
  sysFlag = 0;
  bornTimestamp = 0;
  bornHost: Uint8Array = EMPTY;
  storeTimestamp = 0;
  storeHost: Uint8Array = EMPTY;
  reconsumeTimes = 0;
  preparedOffset = 0;
  body: Uint8Array = EMPTY;
  bodyCrc = 0;
  properties: string | Uint8Array = "";

  fill(message: NewMessage, queueOffset: number, storeTimestamp: number, bodyCrc: number): this {
    this.topic = message.topicBytes;
    this.queueId = message.queueId;
    this.flag = message.flag;
    this.queueOffset = queueOffset;
    this.sysFlag = message.sysFlag;
    this.bornTimestamp = message.bornTimestamp;
    this.bornHost = message.bornHost;
    this.storeTimestamp = storeTimestamp;
    this.storeHost = message.storeHost;
    this.reconsumeTimes = message.reconsumeTimes;
    this.preparedOffset = message.preparedTransactionOffset;
    this.body = message.body;
    this.bodyCrc = bodyCrc;
    this.properties = message.properties;
    return this;
  }
}

/** Prepared and rolled back messages lie in the log only. */
export function isInQueue(sysFlag: number): boolean {
  const type = sysFlag & SysFlag.TRANSACTION;
  return type !== SysFlag.PREPARED && type !== SysFlag.ROLLBACK;
}

function refusal(reason: string): PutRefusal {
  return new PutRefusal("illegal", `Cannot store the message: ${reason}`);
}
