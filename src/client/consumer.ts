import { reasonOf } from "../base/log.ts";
import { sleep, together } from "../base/together.ts";
import type { ConsumerData } from "../wire/heartbeat.ts";
import type { MessageQueue } from "../wire/message_queue.ts";
import { Assignment } from "./assignment.ts";
import { checkExpressions } from "./check.ts";
import type { Message } from "./incoming.ts";
import { Offsets, type StartFrom } from "./offsets.ts";
import type { ClientParts } from "./parts.ts";
import type { QueuePull } from "./queue_pull.ts";
import { sendBack } from "./send_back.ts";
import { subscriptionOf, type Wanted } from "./subscription.ts";
import { Bell, onAbort } from "./wait.ts";

/** What a consumer reads, and how. */
export interface ConsumerOptions {
  /** Members of a group must want the same of the same topics. */
  readonly group: string;
  /** What it reads, at least one topic. */
  readonly topics: readonly Wanted[];
  /** Where a group begins that brokers do not know, "last" by default. */
  readonly from?: StartFrom;
  /**
   * "clustering" (the default): the members of the group share the queues, brokers keep how far it is.
   * "broadcast": this consumer reads all queues, from where `from` says, and nothing is kept.
   */
  readonly mode?: "clustering" | "broadcast";
  /** A message that failed more often than this is a dead letter of its group; 16 unless brokers say otherwise. */
  readonly maxRetries?: number;
  /** Closes the consumer when it aborts. */
  readonly signal?: AbortSignal;
}

/** When a message comes again. */
export interface RetryOptions {
  /**
   * The broker's delay level, which is counted from 1. 0, the default: the longer, the more often the message
   * failed, from 10 s on. Below 0: never, it becomes a dead letter.
   */
  readonly delayLevel?: number;
}

/** How far the group is goes to its brokers this often. Source: ClientConfig.persistConsumerOffsetInterval. */
const COMMIT_MS = 5_000;
const RETRY_PREFIX = "%RETRY%";

/**
 * Reads topics for a group. Messages come as a stream, those of one queue in its order, pulled ahead up to
 * 1000 messages or 16 MiB a queue.
 *
 * A condition of type SQL92 is looked at by a broker first; one that it refuses ends the stream with an
 * `AnswerError`.
 *
 * Delivery is at least once: a message counts as handled when the stream's reader takes the next one, or when
 * `ack` says so. What was taken and not handled when the consumer ended comes again, to any member.
 */
export class Consumer implements AsyncDisposable {
  /** The group it reads for. */
  readonly group: string;
  /** The messages; cancelling it, as leaving a `for await` does, closes the consumer. */
  readonly messages: ReadableStream<Message>;

  readonly #parts: ClientParts;
  readonly #clustering: boolean;
  readonly #maxRetries: number | undefined;
  readonly #data: ConsumerData;
  readonly #offsets: Offsets;
  readonly #assignment: Assignment;
  readonly #ready: QueuePull[] = []; // pulls with something to take, each once
  readonly #arrived = new Bell();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #last: QueuePull | undefined; // whose message the reader has
  #cancelled = false;
  #refused: unknown; // what the stream ends with
  #closing: Promise<void> | undefined;
  readonly #ended: () => void;
  readonly #deaf: () => void;

  /** Made by `Client.consumer`; `ended` is called when it closed. */
  constructor(parts: ClientParts, options: ConsumerOptions, ended: () => void) {
    const { group, topics, from = "last", mode = "clustering", signal } = options;
    this.group = group;
    this.#parts = parts;
    this.#ended = ended;
    this.#clustering = mode === "clustering";
    this.#maxRetries = options.maxRetries;
    this.#data = consumerData(options, parts.runtime.clock.now());
    this.#offsets = new Offsets(parts, group);
    this.#assignment = new Assignment(this.#data.subscriptions, {
      parts,
      group,
      clustering: this.#clustering,
      from,
      offsets: this.#offsets,
      arrived: (pull) => {
        this.#ready.push(pull);
        this.#arrived.ring();
      },
    });
    if (topics.length === 0) throw new Error("a consumer needs a topic to read");
    parts.heartbeats.addConsumer(this.#data);
    this.messages = new ReadableStream<Message>({
      pull: (out) => this.#give(out),
      cancel: () => {
        this.#cancelled = true;
        return this.close();
      },
    }, { highWaterMark: 0 }); // nothing leaves its queue before the reader wants it
    this.#running = together(this.#stop.signal, (until) => [
      this.#read(until),
      this.#commitOften(until),
    ]);
    this.#deaf = onAbort(signal, () => this.close());
  }

  /** Counts the message that was read last as handled, without reading another. */
  ack(): void {
    this.#last?.handled();
    this.#last = undefined;
  }

  /** How far it is in each of its queues: the entry to go on with, once that is known. */
  *positions(): Generator<{ queue: MessageQueue; position: number | undefined }> {
    for (const { queue, position } of this.#assignment.pulls) yield { queue, position };
  }

  /**
   * Has the message that was read last delivered again later, to any member of the group, with its
   * `reconsumeTimes` one higher; after too many of them it lies in `%DLQ%` and the group's name. Then it counts
   * as handled here. Call it before the next message is read.
   *
   * @throws {AnswerError} {CallError} when no broker takes it; then it does not count as handled.
   */
  async retryLater({ delayLevel = 0 }: RetryOptions = {}): Promise<void> {
    const last = this.#last;
    const message = last?.given;
    if (last === undefined || message === undefined) {
      throw new Error("no message was read that is not handled");
    }
    if (!this.#clustering) throw new Error("what a broadcast consumer read does not come again");
    const { group } = this;
    await sendBack(this.#parts, message, { group, delayLevel, maxRetries: this.#maxRetries });
    if (this.#last === last && last.given === message) this.ack();
  }

  /** A broker says that members came or went. */
  groupChanged(): void {
    this.#assignment.groupChanged();
  }

  /** Ends the stream, tells brokers how far the group is, and leaves the group. It never rejects. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  /** Same as `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#deaf();
    this.#stop.abort();
    this.#arrived.ring();
    await this.#running;
    await this.#commit();
    await this.#parts.heartbeats.removeConsumer(this.#data);
    this.#ended();
  }

  /** Shares in the queues once brokers took its expressions; one that was refused ends the consumer. */
  async #read(signal: AbortSignal): Promise<void> {
    try {
      const context = { parts: this.#parts, group: this.group };
      await checkExpressions(this.#data.subscriptions, context, signal);
    } catch (error) {
      this.#refused = error;
      this.#parts.log.warn("the consumer ends", { group: this.group, reason: reasonOf(error) });
      return void this.close();
    }
    await this.#assignment.run(signal);
  }

  async #give(out: ReadableStreamDefaultController<Message>): Promise<void> {
    this.ack();
    for (;;) {
      if (this.#cancelled) return;
      if (this.#refused !== undefined) return out.error(this.#refused);
      if (this.#stop.signal.aborted) return out.close();
      const message = this.#take();
      if (message !== undefined) return out.enqueue(message);
      await this.#arrived.wait(this.#stop.signal);
    }
  }

  /** The next message of the queue whose turn it is. */
  #take(): Message | undefined {
    for (let pull = this.#ready.shift(); pull; pull = this.#ready.shift()) {
      const message = pull.take();
      if (message === undefined) continue; // the queue went to another member
      if (pull.waiting) this.#ready.push(pull);
      this.#last = pull;
      return message;
    }
    return undefined;
  }

  async #commitOften(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#parts.runtime.clock, COMMIT_MS, signal);
      if (!signal.aborted) await this.#commit();
    }
  }

  async #commit(): Promise<void> {
    if (!this.#clustering) return;
    await Promise.all(this.#assignment.pulls.map(async ({ queue, position }) => {
      if (position === undefined) return;
      try {
        await this.#offsets.commit(queue, position);
      } catch (error) {
        this.#parts.log.warn("offset not kept yet", { ...queue, reason: reasonOf(error) });
      }
    }));
  }
}

/** What brokers hear of a consumer. A group that shares its queues has one for retries, too. */
function consumerData(options: ConsumerOptions, version: number): ConsumerData {
  const { group, topics, from = "last", mode = "clustering" } = options;
  const retries = mode === "clustering" ? [{ topic: RETRY_PREFIX + group }] : [];
  return {
    groupName: group,
    consumeType: "CONSUME_PASSIVELY",
    messageModel: mode === "clustering" ? "CLUSTERING" : "BROADCASTING",
    consumeFromWhere: typeof from === "number"
      ? "CONSUME_FROM_TIMESTAMP"
      : from === "first"
      ? "CONSUME_FROM_FIRST_OFFSET"
      : "CONSUME_FROM_LAST_OFFSET",
    unitMode: false,
    subscriptions: [...topics, ...retries].map((wanted) => subscriptionOf(wanted, version)),
  };
}
