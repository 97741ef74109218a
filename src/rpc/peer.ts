import { Outbox } from "../base/bytes.ts";
import { FieldError, WireError } from "../base/errors.ts";
import { type Log, reasonOf } from "../base/log.ts";
import type { Clock } from "../ports/host.ts";
import type { Address, Connection } from "../ports/net.ts";
import { ResponseCode } from "../wire/codes.ts";
import {
  type Command,
  FLAG_ONEWAY,
  FLAG_RESPONSE,
  type HeaderForm,
  type Reply,
  type Request,
} from "../wire/command.ts";
import { decodeFrames } from "../wire/frame.ts";
import { addressText } from "../wire/host_address.ts";
import { decodeCommand, putReply, putRequest } from "../wire/codec.ts";

/** What a handler gives: the answer, the answer later, or nothing: it answers by `peer.reply` itself. */
export type Answer = Reply | Promise<Reply> | undefined;
export type Handler = (command: Command, peer: Peer) => Answer;
export type Handlers = ReadonlyMap<number, Handler>;

/** What a peer needs to answer a request. */
export type ReplyTo = Pick<Command, "form" | "opaque" | "flag">;

/** What a server hands to each of its peers. */
export interface Served {
  readonly handlers: Handlers;
  /**
   * Looks at each frame before it is decoded; true when it took it, as a handler of that request would
   * have. It never throws.
   */
  takesFrame?(frame: Uint8Array, peer: Peer): boolean;
  /** Once after all frames of one read have been handled, before their answers are written. */
  afterBatch?(peer: Peer): void;
  /** Once, when the connection is gone. */
  closed?(peer: Peer): void;
}

export interface PeerContext {
  readonly clock: Clock;
  readonly log: Log;
  /** How our own requests are written. Answers go out the way their request came in. */
  readonly form?: HeaderForm;
}

/** A request of ours that got no answer. */
export class CallError extends Error {
  /** Tells it from other errors. */
  override name = "CallError";
  /** No connection, a connection that ended, or no answer in time. */
  readonly kind: "unreachable" | "closed" | "timeout";
  /** Made where a request fails. */
  constructor(kind: CallError["kind"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** Above this many bytes of unsent answers no further request of the connection is handled. */
const UNSENT_BYTES_HIGH = 4 * 1024 * 1024;
/** Above this the peer reads far slower than it asks, and answers that come late pile up: close. */
const UNSENT_BYTES_MAX = 64 * 1024 * 1024;
const OPAQUE_MAX = 0x7fffffff;

interface Call {
  resolve(answer: Command): void;
  reject(error: CallError): void;
  cancelTimer(): void;
}

/**
 * One connection on which both sides ask. All frames of one read are handled before their answers go out
 * in one write, and at most one write is under way, so answers that come meanwhile share the next one.
 */
export class Peer {
  readonly remote: Address;
  readonly local: Address;
  /** Frames on their way out. A hot path puts them here itself, then calls `flushSoon`. */
  readonly out: Outbox = new Outbox();
  /** Resolves when the connection is gone and `closed` was called; it never rejects. */
  readonly gone: Promise<void>;
  /** When bytes last came or went, on the monotonic clock. */
  lastActive: number;

  readonly #conn: Connection;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #served: Served | undefined;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #form: HeaderForm;
  readonly #calls = new Map<number, Call>();
  #lastOpaque = 0;
  #closed = false;
  #inBatch = false;
  #writing = false;
  #flushQueued = false;
  #whenDrained: (() => void)[] = [];

  constructor(conn: Connection, served: Served | undefined, context: PeerContext) {
    this.#conn = conn;
    this.#served = served;
    this.#clock = context.clock;
    this.#log = context.log;
    this.#form = context.form ?? "json";
    this.remote = conn.remote;
    this.local = conn.local;
    this.lastActive = context.clock.monotonic();
    this.#writer = conn.writable.getWriter();
    this.#writer.closed.catch(() => {}); // a failed write tells the same
    this.gone = this.#readAll();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Asks and waits. @throws {CallError} when the connection ends first or `timeoutMs` pass. */
  call(request: Request, timeoutMs: number): Promise<Command> {
    if (this.#closed) return Promise.reject(this.#closedError());
    const opaque = this.#opaque();
    return new Promise((resolve, reject) => {
      putRequest(this.out, this.#form, opaque, request, false);
      const cancelTimer = this.#clock.after(timeoutMs, () => {
        this.#calls.delete(opaque);
        reject(
          new CallError(
            "timeout",
            `no answer to request ${request.code} from ${
              addressText(this.remote)
            } within ${timeoutMs} ms`,
          ),
        );
      });
      this.#calls.set(opaque, { resolve, reject, cancelTimer });
      this.flushSoon();
    });
  }

  /** Sends a request that nobody answers. */
  tell(request: Request): void {
    if (this.#closed) return;
    putRequest(this.out, this.#form, this.#opaque(), request, true);
    this.flushSoon();
  }

  /** Answers a request later than from its handler; nothing happens for a one-way one or a closed connection. */
  reply(to: ReplyTo, reply: Reply): void {
    if (this.#closed || (to.flag & FLAG_ONEWAY) !== 0) return;
    putReply(this.out, to, reply);
    this.flushSoon();
  }

  /** Answers 1 to a request that failed later than in its handler; what is not its own fault is logged. */
  fail(to: ReplyTo & Pick<Command, "code">, error: unknown): void {
    this.reply(to, this.#failed(to, error));
  }

  /** Has what is in `out` written soon: at the end of the batch, or with all else this turn puts there. */
  flushSoon(): void {
    if (this.#writing) return this.#mustBeRead();
    if (this.#inBatch || this.#flushQueued) return;
    this.#flushQueued = true;
    queueMicrotask(() => {
      this.#flushQueued = false;
      this.#write();
    });
  }

  /** Resolves when all that was put out so far was taken by the socket, or the connection is gone. */
  drained(): Promise<void> {
    if (this.#closed || (!this.#writing && this.out.length === 0)) return Promise.resolve();
    return new Promise((resolve) => this.#whenDrained.push(resolve));
  }

  /** Ends the connection at once; calls under way fail. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#conn.close();
    const error = this.#closedError();
    for (const call of this.#calls.values()) {
      call.cancelTimer();
      call.reject(error);
    }
    this.#calls.clear();
    this.#wakeDrained();
  }

  async #readAll(): Promise<void> {
    try {
      const reader = this.#conn.readable.pipeThrough(decodeFrames()).getReader();
      for (;;) {
        const { value: frames, done } = await reader.read();
        if (done || this.#closed) break;
        this.lastActive = this.#clock.monotonic();
        const more = this.#handleAll(frames);
        if (more) await more;
      }
    } catch (error) {
      if (error instanceof WireError) {
        this.#log.warn("closing a connection that sent no proper frame", {
          remote: addressText(this.remote),
          reason: error.message,
        });
      } else if (!this.#closed) {
        this.#log.debug("connection broke", {
          remote: addressText(this.remote),
          reason: reasonOf(error),
        });
      }
    } finally {
      this.close();
      this.#served?.closed?.(this);
    }
  }

  /** Handles one read's frames; gives a promise only when the peer must first read what it was sent. */
  #handleAll(frames: Uint8Array[], from = 0): Promise<void> | undefined {
    this.#inBatch = true;
    let at = from;
    try {
      while (at < frames.length && this.out.length < UNSENT_BYTES_HIGH && !this.#closed) {
        const frame = frames[at++];
        if (this.#served?.takesFrame?.(frame, this)) continue;
        this.#handle(decodeCommand(frame));
      }
    } finally { // also what came before a bad frame was handled
      this.#endBatch();
      this.#inBatch = false;
    }
    this.#write();
    if (this.out.length < UNSENT_BYTES_HIGH && at === frames.length) return undefined;
    return this.drained().then(() => this.#closed ? undefined : this.#handleAll(frames, at));
  }

  #endBatch(): void {
    try {
      this.#served?.afterBatch?.(this);
    } catch (error) {
      this.#log.error("a read's requests failed, closing their connection", {
        remote: addressText(this.remote),
        error: stackOf(error),
      });
      this.close();
    }
  }

  #handle(command: Command): void {
    if ((command.flag & FLAG_RESPONSE) !== 0) {
      const call = this.#calls.get(command.opaque);
      if (call === undefined) return; // came after its deadline
      this.#calls.delete(command.opaque);
      call.cancelTimer();
      call.resolve(command);
      return;
    }
    const handler = this.#served?.handlers.get(command.code);
    if (handler === undefined) {
      this.reply(command, {
        code: ResponseCode.REQUEST_CODE_NOT_SUPPORTED,
        remark: `request code ${command.code} is not supported here`,
      });
      return;
    }
    try {
      const answer = handler(command, this);
      if (answer === undefined) return;
      if (answer instanceof Promise) this.#replyLater(command, answer);
      else this.reply(command, answer);
    } catch (error) {
      this.fail(command, error);
    }
  }

  #replyLater({ form, opaque, flag, code }: Command, answer: Promise<Reply>): void {
    const to = { form, opaque, flag, code };
    answer.then((reply) => this.reply(to, reply)).catch((error) => this.fail(to, error));
  }

  #failed(command: Pick<Command, "code">, error: unknown): Reply {
    if (!(error instanceof FieldError)) {
      this.#log.error("a request failed", {
        code: command.code,
        remote: addressText(this.remote),
        error: stackOf(error),
      });
    }
    return { code: ResponseCode.SYSTEM_ERROR, remark: reasonOf(error) };
  }

  #write(): void {
    if (this.#writing || this.#closed || this.out.length === 0) return;
    this.#writing = true;
    this.#writer.write(this.out.take()).then(this.#written, this.#writeFailed);
  }

  #written = (): void => {
    this.#writing = false;
    this.lastActive = this.#clock.monotonic();
    if (this.out.length === 0) return this.#wakeDrained();
    this.#write();
  };

  /** Answers pile up behind a write that the peer does not read, and no later one would look at them. */
  #mustBeRead(): void {
    if (this.out.length <= UNSENT_BYTES_MAX || this.#closed) return;
    this.#log.warn("closing a connection that does not read its answers", {
      remote: addressText(this.remote),
      unsentBytes: this.out.length,
    });
    this.close();
  }

  #writeFailed = (error: unknown): void => {
    this.#writing = false;
    if (!this.#closed) {
      this.#log.debug("connection broke", {
        remote: addressText(this.remote),
        reason: reasonOf(error),
      });
    }
    this.close();
  };

  #wakeDrained(): void {
    const waiting = this.#whenDrained;
    if (waiting.length === 0) return;
    this.#whenDrained = [];
    for (const wake of waiting) wake();
  }

  #opaque(): number {
    return this.#lastOpaque = opaqueAfter(this.#lastOpaque);
  }

  #closedError(): CallError {
    return new CallError("closed", `the connection to ${addressText(this.remote)} ended`);
  }
}

/** The number of the request after one with this number. */
export function opaqueAfter(opaque: number): number {
  return opaque === OPAQUE_MAX ? 0 : opaque + 1;
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : String(error);
}
