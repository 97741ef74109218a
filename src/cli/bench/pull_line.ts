import { Outbox } from "../../base/bytes.ts";
import { reasonOf } from "../../base/log.ts";
import { AnswerError } from "../../client/errors.ts";
import type { Clock } from "../../ports/host.ts";
import type { Address, Connection } from "../../ports/net.ts";
import { CallError } from "../../rpc/peer.ts";
import { decodeCommand, putRequest } from "../../wire/codec.ts";
import { ResponseCode } from "../../wire/codes.ts";
import type { Command } from "../../wire/command.ts";
import { FrameReader } from "../../wire/frame.ts";
import { addressText } from "../../wire/host_address.ts";
import { formatPull, parsePullAnswer, PULL_FLAG } from "../../wire/pull.ts";
import type { Course } from "./course.ts";
import type { PullTally } from "./pull_tally.ts";

/** Every broker knows the group of admin tools, also one that creates no groups by itself. */
const GROUP = "TOOLS_CONSUMER";
/** How long a broker may keep a pull that finds nothing. */
const HOLD_MS = 15_000;

/** A queue to read. */
export interface PullQueue {
  readonly queueId: number;
  /** First entry wanted. */
  readonly from: number;
  /** Behind the last entry wanted; Infinity: whatever comes. */
  readonly end: number;
}

/** What a connection reads, and who is told. */
export interface PullLineOptions {
  readonly conn: Connection;
  readonly topic: string;
  readonly queues: readonly PullQueue[];
  /** Messages asked for at a time. */
  readonly batch: number;
  /** A queue that was read to its end is read again. */
  readonly again: boolean;
  readonly course: Course;
  readonly tally: PullTally;
  readonly clock: Clock;
}

/** One connection that keeps a pull under way for each of its queues. What one read answers is asked on with one write. */
export class PullLine {
  readonly #options: PullLineOptions;
  readonly #next: number[];
  readonly #askedAt: number[];
  readonly #frames = new FrameReader();
  readonly #out = new Outbox();
  #underWay = 0;
  #heardAt: number;
  #closed = false;
  #failure: Error | undefined;

  constructor(options: PullLineOptions) {
    this.#options = options;
    this.#next = options.queues.map(({ from }) => from);
    this.#askedAt = options.queues.map(() => 0);
    this.#heardAt = options.clock.monotonic();
  }

  /** The broker. */
  get remote(): Address {
    return this.#options.conn.remote;
  }

  /** When it last heard of the broker; monotonic. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Reads until all queues were read or the course is over. @throws {CallError} {AnswerError} */
  async run(): Promise<void> {
    const { conn, clock, queues } = this.#options;
    const reader = conn.readable.getReader();
    const writer = conn.writable.getWriter();
    const write = () => {
      if (this.#out.length === 0) return;
      writer.write(this.#out.take()).catch((error) =>
        this.#closed || this.fail(this.#lost(reasonOf(error)))
      );
    };
    try {
      queues.forEach((_, i) => this.#ask(i, clock.monotonic()));
      write();
      while (this.#underWay > 0 && !this.#closed) {
        const { value, done } = await reader.read();
        if (done) break;
        this.#frames.push(value);
        const now = this.#heardAt = clock.monotonic();
        for (const frame of this.#frames.take()) this.#answered(decodeCommand(frame), now);
        conn.recycle?.(value);
        write();
      }
    } catch (error) {
      const known = error instanceof AnswerError || error instanceof CallError;
      if (!this.#closed) this.#failure ??= known ? error : this.#lost(reasonOf(error));
    } finally {
      conn.close();
    }
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#underWay > 0 && !this.#closed) throw this.#lost("closed by the broker");
  }

  /** Ends it, with whatever is under way. */
  close(): void {
    this.#closed = true;
    this.#options.conn.close();
  }

  /** Gives up. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#options.conn.close();
  }

  #ask(index: number, now: number): void {
    const { topic, queues, batch, again, course } = this.#options;
    const { queueId, from, end } = queues[index];
    if (this.#next[index] >= end && again) this.#next[index] = from;
    if (this.#next[index] >= end || course.over(now)) return;
    this.#underWay++;
    this.#askedAt[index] = now;
    const request = formatPull({
      consumerGroup: GROUP,
      topic,
      queueId,
      queueOffset: this.#next[index],
      maxMessages: batch,
      sysFlag: PULL_FLAG.subscription | (end === Infinity ? PULL_FLAG.mayPark : 0),
      commitOffset: 0,
      holdMs: HOLD_MS,
      subscription: "*",
      subVersion: 0,
      expressionType: "TAG",
    });
    putRequest(this.#out, "json", index, request, false); // a queue has one pull under way
  }

  #answered(answer: Command, now: number): void {
    const { queues, tally } = this.#options;
    const index = answer.opaque;
    this.#underWay--;
    if (!PULLED.has(answer.code)) throw this.#refused(answer, queues[index].queueId);
    const { nextBeginOffset, body } = parsePullAnswer(answer);
    const { end } = queues[index];
    const found = answer.code === ResponseCode.SUCCESS;
    if (found) tally.pulled(body, this.#askedAt[index], now);
    const isEnd = answer.code === ResponseCode.PULL_NOT_FOUND && end < Infinity;
    this.#next[index] = isEnd ? end : nextBeginOffset;
    this.#ask(index, now);
  }

  #refused({ code, remark }: Command, queueId: number): AnswerError {
    const { conn, topic } = this.#options;
    const why = remark === undefined ? "" : ` (${remark.split("\n")[0].trim()})`;
    return new AnswerError(
      code,
      `Cannot read queue ${queueId} of "${topic}": ${
        addressText(conn.remote)
      } answers ${code}${why}`,
    );
  }

  #lost(reason: string): CallError {
    return new CallError("closed", `lost the connection to ${addressText(this.remote)}: ${reason}`);
  }
}

/** Answers that say where to go on. */
const PULLED: ReadonlySet<number> = new Set([
  ResponseCode.SUCCESS,
  ResponseCode.PULL_NOT_FOUND,
  ResponseCode.PULL_RETRY_IMMEDIATELY,
  ResponseCode.PULL_OFFSET_MOVED,
]);
