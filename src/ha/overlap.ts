import { viewOf } from "../base/bytes.ts";
import { WireError } from "../base/errors.ts";
import type { Clock, Codecs } from "../ports/host.ts";
import { recordHolding, type RecordLog } from "../store/record_search.ts";
import { RECORD_BYTES_MAX } from "../store/scan.ts";
import { Turn } from "../store/turn.ts";
import {
  BLANK_BYTES_MIN,
  BLANK_MAGIC,
  MESSAGE_MAGIC,
  MESSAGE_MAGIC_V2,
  RECORD_BYTES_MIN,
} from "../wire/record_layout.ts";
import { recordMagic, recordSize } from "../wire/record_view.ts";
import type { Transfer } from "./frames.ts";

/** How far behind the end bytes are compared: two logs that parted differ in their last records. */
const OVERLAP_BYTES = 4096;
/** What a torn record or filler can leave behind the last whole one. */
const TORN_BYTES_MAX = RECORD_BYTES_MAX + BLANK_BYTES_MIN;
/** Read of our own log and compared at a time. */
const SLICE_BYTES = 64 * 1024;

/** The master's log has another byte than ours. */
export class DifferenceError extends Error {
  /** Tells it from other errors. */
  override name = "DifferenceError";
  /** Where the first such byte lies. */
  readonly logOffset: number;
  /** Made where bytes are compared. */
  constructor(logOffset: number) {
    super(`the master has another byte at ${logOffset}`);
    this.logOffset = logOffset;
  }
}

/**
 * Behind the last whole message record or finished file: what lies behind it was torn, and may be cut.
 * @throws {Error} when there is more than a record can be torn of: that is damage, and nothing may cut it
 */
export function wholeEnd(log: RecordLog, codecs: Codecs): number {
  const { tail, fileBytes, minOffset } = log;
  const last = tail === minOffset ? undefined : recordHolding(log, codecs, tail - 1);
  if (last !== undefined && tail % fileBytes === 0) return tail;
  const end = last === undefined ? minOffset : last.at + last.size;
  if (tail - end > TORN_BYTES_MAX) {
    throw new Error(
      `our log ends at ${tail} and has no whole record from ${end} on: it is damaged`,
    );
  }
  return end;
}

/** Where to compare from: the start of a record a little before the end, or before `suspect`. */
export function overlapStart(
  log: RecordLog,
  codecs: Codecs,
  suspect: number = Infinity,
): number {
  const { tail, minOffset, fileBytes } = log;
  const at = Math.max(minOffset, Math.min(tail - OVERLAP_BYTES, suspect));
  const place = recordHolding(log, codecs, Math.min(at, tail - 1));
  return place?.at ?? Math.max(minOffset, at - at % fileBytes);
}

/**
 * Compares what a master sends with what we hold, before anything of it is appended or acknowledged. All
 * bytes must be equal but those of filler, which brokers leave as they find them.
 */
export class Overlap {
  readonly #log: RecordLog;
  readonly #end: number;
  readonly #turn: Turn;
  readonly #own = new Uint8Array(SLICE_BYTES);
  readonly #head = new Uint8Array(BLANK_BYTES_MIN);
  readonly #headView = viewOf(this.#head);
  #at: number;
  #unitAt!: number; // where the record or filler at hand begins
  #unitEnd: number; // where the record or filler at hand ends
  #equalTo: number; // up to here it must be equal
  #isRecord = false;
  #records = 0;

  /** From `from`, which a record begins at or right before, up to the tail as it is now. */
  constructor(log: RecordLog, from: number, clock: Clock) {
    this.#log = log;
    this.#turn = new Turn(clock);
    this.#end = log.tail;
    this.#at = this.#unitEnd = this.#equalTo = from;
    this.#nextUnit(from === 1 ? 0 : from); // byte 0 of every log is 0
  }

  /** Where the next byte is due. */
  get at(): number {
    return this.#at;
  }

  /** True when all was compared. */
  get done(): boolean {
    return this.#at === this.#end;
  }

  /** Where the record begins that holds the next byte, or that begins there. */
  get unitAt(): number {
    return this.#unitAt;
  }

  /**
   * Compares the next bytes; gives what of them lies behind ours.
   * @throws {DifferenceError} {WireError} when they are not the next ones, or hold no record to go by
   */
  async take({ logOffset, body }: Transfer): Promise<Transfer> {
    if (logOffset !== this.#at) {
      throw new WireError(`the master sends from ${logOffset}, asked for ${this.#at}`);
    }
    const bodyEnd = Math.min(logOffset + body.length, this.#end);
    while (this.#at < bodyEnd) {
      if (this.#turn.isOver()) await this.#turn.next();
      const until = Math.min(bodyEnd, this.#unitEnd, this.#at + SLICE_BYTES);
      this.#compare(body, logOffset, Math.min(until, this.#equalTo));
      this.#at = until;
      if (until === this.#unitEnd) this.#unitOver();
    }
    if (this.done && this.#records === 0) {
      throw new WireError(
        `no whole record of ours lies before ${this.#end} to know the master's log by`,
      );
    }
    return { logOffset: this.#at, body: body.subarray(this.#at - logOffset) };
  }

  #compare(body: Uint8Array, logOffset: number, until: number): void {
    const length = until - this.#at;
    if (length <= 0) return;
    const own = this.#own.subarray(0, length);
    let got = 0;
    while (got < length) {
      const read = this.#log.readAt(this.#at + got, own.subarray(got));
      if (read === 0) throw new Error(`our log gives no bytes at ${this.#at + got}`);
      got += read;
    }
    const from = this.#at - logOffset;
    for (let i = 0; i < length; i++) {
      if (own[i] !== body[from + i]) throw new DifferenceError(this.#at + i);
    }
  }

  #unitOver(): void {
    if (this.#isRecord) this.#records++;
    if (this.done) this.#unitAt = this.#at;
    else this.#nextUnit(this.#at);
  }

  /** What of ours begins at `at`. What cannot be told is compared to its file's end. */
  #nextUnit(at: number): void {
    const { fileBytes } = this.#log;
    const fileEnd = at - at % fileBytes + fileBytes;
    const room = fileEnd - at;
    const whole = this.#log.readAt(at, this.#head) === BLANK_BYTES_MIN;
    const size = whole ? recordSize(this.#headView, 0) : 0;
    const magic = whole ? recordMagic(this.#headView, 0) : 0;
    const isBlank = magic === BLANK_MAGIC && size === room;
    const isRecord = (magic === MESSAGE_MAGIC || magic === MESSAGE_MAGIC_V2) &&
      size >= RECORD_BYTES_MIN && size <= room - BLANK_BYTES_MIN;
    this.#unitAt = at;
    this.#isRecord = isRecord;
    this.#unitEnd = isRecord ? at + size : fileEnd;
    this.#equalTo = isBlank ? at + BLANK_BYTES_MIN : this.#unitEnd;
  }
}
