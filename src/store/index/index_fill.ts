import { viewOf } from "../../base/bytes.ts";
import { type Log, reasonOf } from "../../base/log.ts";
import type { Clock } from "../../ports/host.ts";
import { RecordKeys } from "../../wire/record_keys.ts";
import type { CommitLog } from "../commit_log.ts";
import type { Dispatch } from "../dispatch.ts";
import type { KeyIndex } from "./key_index.ts";
import { Scanner } from "../scan.ts";
import { Turn, TURN_MS } from "../turn.ts";

/** Read at a time. */
const SLICE_BYTES = 256 * 1024;
/** Between two turns, so that nobody feels it. */
const PAUSE_MS = 2;
/** How long to wait before keys are offered again to a disk that did not take them. */
const RETRY_MS = 1_000;
/** What the index lacks of the log is read while the store opens, up to this much; the rest beside its work. */
const AT_START_BYTES = 32 * 1024 * 1024;

/**
 * Gives the key index the records it lacks, from the log, beside everything else: what a crash lost, what a
 * full disk refused, or all when it was off. Nothing runs while it lacks none.
 */
export class IndexFill {
  readonly #index: KeyIndex;
  readonly #log: CommitLog;
  readonly #dispatch: Dispatch;
  readonly #clock: Clock;
  readonly #report: Log;
  readonly #keys = new RecordKeys();
  readonly #scanner = new Scanner();
  #bytes = new Uint8Array(0);
  #at = 0; // log offset of the next record
  #isSure = false; // a record begins there
  #cancel: (() => void) | undefined;
  #failedAt = -1; // log offset that could not be read, which was said
  #closed = false;

  constructor(
    parts: { index: KeyIndex; log: CommitLog; dispatch: Dispatch; clock: Clock },
    report: Log,
  ) {
    this.#index = parts.index;
    this.#log = parts.log;
    this.#dispatch = parts.dispatch;
    this.#clock = parts.clock;
    this.#report = report;
    this.#index.onBehind(() => this.#begin(RETRY_MS));
    if (this.#index.isBehind) this.#begin(PAUSE_MS);
  }

  /** Log bytes that the index was not given. */
  get left(): number {
    return this.#index.isBehind ? Math.max(0, this.#dispatch.position - this.#at) : 0;
  }

  /** Does without pauses what fits into `bytes` of log, and leaves the rest for later. */
  async catchUp(bytes = AT_START_BYTES): Promise<void> {
    const turn = new Turn(this.#clock);
    const end = this.#at + bytes;
    while (this.#index.isBehind && this.#at < end && this.#slice()) {
      if (turn.isOver()) await turn.next();
    }
  }

  /** Ends it where it is; the next start goes on. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  #begin(ms: number): void {
    this.#at = this.#index.position;
    this.#isSure = false;
    this.#wait(ms);
  }

  #wait(ms: number): void {
    this.#cancel?.();
    if (!this.#closed) this.#cancel = this.#clock.after(ms, this.#turn);
  }

  readonly #turn = (): void => {
    this.#cancel = undefined;
    const end = this.#clock.monotonic() + TURN_MS;
    try {
      while (this.#slice()) {
        if (this.#at > this.#failedAt) this.#failedAt = -1;
        if (this.#clock.monotonic() >= end) return this.#wait(PAUSE_MS);
      }
      if (this.#index.isBehind) this.#wait(RETRY_MS);
    } catch (error) {
      this.#fails(error);
      this.#wait(RETRY_MS);
    }
  };

  /** Says so once, however often it comes there again. */
  #fails(error: unknown): void {
    if (this.#failedAt < 0) {
      const reason = reasonOf(error);
      this.#report.error("cannot read keys from the log", { at: this.#at, reason });
    }
    this.#failedAt = Math.max(this.#failedAt, this.#at);
  }

  /** Reads what one read gives; false when the index has all, or takes no more. */
  #slice(): boolean {
    const { minOffset } = this.#log;
    if (this.#at < minOffset) this.#at = minOffset;
    const left = this.#dispatch.position - this.#at;
    if (left <= 0 || !this.#index.isBehind) {
      this.#index.join(this.#dispatch.position);
      this.#cancel?.();
      this.#bytes = new Uint8Array(0);
      return false;
    }
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(SLICE_BYTES);
    const length = this.#log.readAt(this.#at, this.#bytes.subarray(0, left));
    return this.#give(length);
  }

  #give(length: number): boolean {
    const view = viewOf(this.#bytes);
    const scanner = this.#scanner;
    const { fileBytes } = this.#log;
    for (let at = 0; at < length;) {
      const room = fileBytes - this.#at % fileBytes;
      const found = scanner.look(view, at, length, this.#at, room);
      if (found === "more") return at > 0 || this.#makeRoom(scanner.size);
      if (found === "bad" || found === "zero") return this.#leave();
      this.#isSure = true;
      if (found === "record") {
        this.#keys.read(this.#bytes, scanner.record, true);
        if (!this.#index.add(scanner.record, this.#keys)) return false;
      }
      at += scanner.size;
      this.#at += scanner.size;
    }
    return length > 0 || this.#leave();
  }

  #makeRoom(size: number): boolean {
    if (size <= this.#bytes.length) return this.#leave();
    this.#bytes = new Uint8Array(size);
    return true;
  }

  /** Where the index says that a record is, none may be: its file begins with one. */
  #leave(): boolean {
    const { fileBytes } = this.#log;
    const base = this.#at - this.#at % fileBytes;
    if (!this.#isSure && this.#at > base) {
      this.#at = base;
      return true;
    }
    this.#report.error("keys cannot be read from a part of the log; queries will not find them", {
      from: this.#at,
      to: base + fileBytes,
    });
    this.#at = base + fileBytes;
    return true;
  }
}
