import { viewOf } from "../base/bytes.ts";
import { invariant } from "../base/errors.ts";
import { signalled, whenAborted } from "../base/together.ts";
import type { Clock } from "../ports/host.ts";
import type { Follower } from "./acks.ts";
import { TRANSFER_HEADER_BYTES, writeTransferHeader } from "./frames.ts";
import type { Pace } from "./pace.ts";
import type { Rate } from "./rate.ts";
import type { Turns } from "./turns.ts";

/** One write carries up to this many bytes of frames: fewer writes for a slave that catches up. */
const ROUND_BYTES = 256 * 1024;

/** A slave further behind has a log to fetch; one that is not gets whatever producers wait for at once. */
const FAR_BYTES = 16 * 1024 * 1024;

/** What a master asks of its commit log; `store/commit_log.ts` is one. */
export interface SourceLog {
  readonly fileBytes: number;
  readonly minOffset: number;
  readonly tail: number;
  /** Bytes from there to the tail or the end of that file; -1 outside the log. */
  available(logOffset: number): number;
  readAt(logOffset: number, into: Uint8Array): number;
  onMoved(fn: (tail: number) => void): () => void;
}

/** What `sendFrom` needs besides the log. */
export interface SendContext {
  readonly commitLog: SourceLog;
  readonly clock: Clock;
  /** Bytes of a frame's body, at most. Source: MessageStoreConfig.haTransferBatchSize. */
  readonly transferBytes: number;
  /** A slave that has all gets an empty frame this often. Source: haSendHeartbeatInterval. */
  readonly heartbeatMs: number;
  /** Whether it may have an empty frame now. */
  readonly mayBeat: () => boolean;
  /** Shared by all senders of a log. */
  readonly turns: Turns;
  /** Shared as well. */
  readonly pace: Pace;
  readonly rate: Rate;
}

/** Sends the log from where the follower is, and all that is appended to it, until `until` aborts. */
export async function sendFrom(
  follower: Follower,
  context: SendContext,
  writable: WritableStream<Uint8Array>,
  until: AbortSignal,
): Promise<void> {
  using sender = new Sender(follower, context, writable.getWriter());
  const stop = context.commitLog.onMoved(() => sender.pump());
  const forget = whenAborted(until, () => sender.end());
  try {
    sender.pump();
    await sender.ended;
  } finally {
    forget();
    stop();
  }
}

/**
 * One write is under way at a time; while it is, appends collect and the next write takes them all. So an
 * idle sender writes in the very turn of an append, and a busy one batches without any timer.
 */
class Sender implements Disposable {
  readonly #follower: Follower;
  readonly #log: SourceLog;
  readonly #clock: Clock;
  readonly #transferBytes: number;
  readonly #heartbeatMs: number;
  readonly #mayBeat: () => boolean;
  readonly #turns: Turns;
  readonly #pace: Pace;
  readonly #rate: Rate;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #buffer: Uint8Array; // free again once its write resolved
  readonly #view: DataView;
  readonly #end = signalled<void>();
  #open = true;
  #writing = false;
  #yielding = false;
  #more = false; // the last round left bytes behind
  #length = 0; // of the last round
  #lastWrite: number;
  #cancelBeat: () => void = () => {};
  #cancelWait: () => void = () => {};

  constructor(
    follower: Follower,
    { commitLog, clock, transferBytes, heartbeatMs, mayBeat, turns, pace, rate }: SendContext,
    writer: WritableStreamDefaultWriter<Uint8Array>,
  ) {
    this.#follower = follower;
    this.#log = commitLog;
    this.#clock = clock;
    this.#transferBytes = transferBytes;
    this.#heartbeatMs = heartbeatMs;
    this.#mayBeat = mayBeat;
    this.#turns = turns;
    this.#pace = pace;
    this.#rate = rate;
    this.#writer = writer;
    const frames = Math.max(1, Math.floor(ROUND_BYTES / transferBytes));
    this.#buffer = new Uint8Array(frames * (TRANSFER_HEADER_BYTES + transferBytes));
    this.#view = viewOf(this.#buffer);
    this.#lastWrite = clock.monotonic();
    this.#watchIdle();
  }

  /** Resolves after `end`; rejects when the connection or the log failed. */
  get ended(): Promise<void> {
    return this.#end.promise;
  }

  end(): void {
    this.#open = false;
    this.#end.resolve();
  }

  [Symbol.dispose](): void {
    this.#open = false;
    this.#cancelBeat();
    this.#cancelWait();
  }

  /** Writes what there is to send, unless a write is under way. Never throws: an append calls it. */
  pump(): void {
    if (this.#writing || this.#yielding || !this.#open) return;
    try {
      const length = this.#fill();
      if (length > 0) this.#write(length);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Puts frames into the buffer, each within one file of the log; gives their length. */
  #fill(): number {
    let at = 0;
    let logOffset = this.#follower.sent;
    let available = this.#log.available(logOffset);
    if (available < 0) throw new Error(`the log no longer holds ${logOffset}, the slave needs it`);
    while (available > 0) {
      const room = this.#buffer.length - at - TRANSFER_HEADER_BYTES;
      if (room < Math.min(available, this.#transferBytes)) break;
      const size = Math.min(available, this.#transferBytes);
      const body = at + TRANSFER_HEADER_BYTES;
      const read = this.#log.readAt(logOffset, this.#buffer.subarray(body, body + size));
      invariant(read === size, `the log gives the ${size} bytes it has at ${logOffset}`);
      writeTransferHeader(this.#view, at, logOffset, size);
      at = body + size;
      logOffset += size;
      available = this.#log.available(logOffset);
    }
    this.#more = available > 0;
    this.#follower.send(logOffset);
    return at;
  }

  #write(length: number): void {
    this.#writing = true;
    this.#length = length;
    this.#rate.add(length);
    this.#lastWrite = this.#clock.monotonic();
    this.#writer.write(this.#buffer.subarray(0, length)).then(this.#written, this.#fail);
  }

  readonly #written = (): void => {
    this.#writing = false;
    if (!this.#more) return this.pump();
    this.#yielding = true; // producers are served between two rounds
    const far = this.#log.tail - this.#follower.sent > FAR_BYTES;
    const waitMs = far ? this.#pace.sent(this.#length) : 0;
    if (waitMs >= 1) this.#cancelWait = this.#clock.after(waitMs, this.#goOn);
    else this.#turns.next(this.#goOn);
  };

  readonly #goOn = (): void => {
    this.#yielding = false;
    this.pump();
  };

  readonly #fail = (error: unknown): void => {
    this.#open = false;
    this.#end.reject(error);
  };

  #watchIdle(): void {
    const left = this.#lastWrite + this.#heartbeatMs - this.#clock.monotonic();
    this.#cancelBeat = this.#clock.after(Math.max(1, Math.ceil(left)), () => {
      const idle = this.#clock.monotonic() - this.#lastWrite >= this.#heartbeatMs;
      if (idle && (this.#writing || !this.#mayBeat())) this.#lastWrite = this.#clock.monotonic();
      else if (idle && this.#open && !this.#yielding) {
        writeTransferHeader(this.#view, 0, this.#follower.sent, 0);
        this.#write(TRANSFER_HEADER_BYTES);
      }
      this.#watchIdle();
    });
  }
}
