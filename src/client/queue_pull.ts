import { reasonOf } from "../base/log.ts";
import { sleep } from "../base/together.ts";
import { ResponseCode } from "../wire/codes.ts";
import type { Command, Request } from "../wire/command.ts";
import type { Subscription } from "../wire/heartbeat.ts";
import { decodeRecords } from "../wire/message.ts";
import type { MessageQueue } from "../wire/message_queue.ts";
import { formatPull, parsePullAnswer, PULL_FLAG } from "../wire/pull.ts";
import { BrokerChoice } from "./broker_choice.ts";
import { AnswerError } from "./errors.ts";
import { type Message, messageOf } from "./incoming.ts";
import type { Offsets, StartFrom } from "./offsets.ts";
import type { ClientParts } from "./parts.ts";
import { wants } from "./subscription.ts";
import { Bell, unlessAborted } from "./wait.ts";

/** What is pulled ahead of the reader, for each queue. */
const AHEAD_MESSAGES = 1_000;
const AHEAD_BYTES = 16 * 1024 * 1024;
const BATCH_MESSAGES = 32;
/** How long a broker may park a pull, and how long to wait for its answer. Source: DefaultMQPushConsumer. */
const HOLD_MS = 15_000;
const ANSWER_MS = 30_000;
/** After a failure, and after an answer that neither waited nor brought anything. */
const PAUSE_MS = 1_000;
const QUICK_MS = 100;

/** What the queues of one consumer have in common. */
export interface PullContext {
  readonly parts: ClientParts;
  readonly group: string;
  /** True: the group shares the queues, brokers keep its offsets. */
  readonly clustering: boolean;
  readonly from: StartFrom;
  readonly offsets: Offsets;
  /** Called when the first message waits to be taken. */
  arrived(pull: QueuePull): void;
}

/**
 * Reads one queue ahead of the application, up to a bound. Messages come out in the order of the queue; the
 * position is that of the first one that was not handled.
 */
export class QueuePull {
  readonly queue: MessageQueue;
  readonly #subscription: Subscription;
  readonly #context: PullContext;
  readonly #choice = new BrokerChoice();
  readonly #room = new Bell();
  #ahead: Message[] = [];
  #taken = 0; // of those in `ahead`
  #bytes = 0;
  #given: Message | undefined;
  #next: number | undefined;
  #warned: string | undefined;

  constructor(queue: MessageQueue, subscription: Subscription, context: PullContext) {
    this.queue = queue;
    this.#subscription = subscription;
    this.#context = context;
  }

  /** The queue offset to go on from after a restart; undefined until a broker told where to begin. */
  get position(): number | undefined {
    return (this.#given ?? this.#ahead[this.#taken])?.queueOffset ?? this.#next;
  }

  /** The next message; it counts as not handled until `handled` is called. */
  take(): Message | undefined {
    const message = this.#ahead[this.#taken];
    if (message === undefined) return undefined;
    this.#taken++;
    this.#bytes -= message.body.length;
    this.#given = message;
    if (this.#taken === this.#ahead.length) {
      this.#ahead = [];
      this.#taken = 0;
    }
    this.#room.ring();
    return message;
  }

  /** The message given last, until it is handled. */
  get given(): Message | undefined {
    return this.#given;
  }

  /** True when `take` would give one. */
  get waiting(): boolean {
    return this.#taken < this.#ahead.length;
  }

  /** The message given last was handled. */
  handled(): void {
    this.#given = undefined;
  }

  /** The queue is another member's now: what was not taken is read there. */
  drop(): void {
    this.#ahead = [];
    this.#taken = 0;
  }

  /** Pulls until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { parts, offsets, clustering } = this.#context;
    while (!signal.aborted) {
      try {
        this.#next ??= await unlessAborted(
          offsets.begin(this.queue, this.#from, clustering),
          signal,
        );
        if (signal.aborted) return;
        if (this.#full) await this.#room.wait(signal);
        else await this.#pull(signal);
      } catch (error) {
        this.#warn(reasonOf(error));
        await sleep(parts.runtime.clock, PAUSE_MS, signal);
      }
    }
  }

  /** Nobody may miss a retry: they begin at the first message whatever the group was told. */
  get #from(): StartFrom {
    return this.queue.topic.startsWith("%RETRY%") ? "first" : this.#context.from;
  }

  get #full(): boolean {
    return this.#ahead.length - this.#taken >= AHEAD_MESSAGES || this.#bytes >= AHEAD_BYTES;
  }

  async #pull(signal: AbortSignal): Promise<void> {
    const { routes, redial, runtime: { clock } } = this.#context.parts;
    const { topic, brokerName } = this.queue;
    const route = await unlessAborted(routes.of(topic), signal);
    if (route === undefined) return;
    const addresses = route.brokers.get(brokerName) ?? new Map<number, string>();
    const node = this.#choice.pick(addresses, clock.monotonic());
    if (node === undefined) throw new Error(`${brokerName} has no address`);
    const asked = clock.monotonic();
    let answer: Command | undefined;
    try {
      answer = await unlessAborted(
        redial.call(node.address, this.#request(), ANSWER_MS),
        signal,
      );
    } catch (error) {
      this.#choice.failed(node.id, clock.monotonic());
      this.#context.offsets.forget(this.queue); // it may come back without the last of them
      await unlessAborted(routes.tryRefresh(topic), signal);
      if (this.#choice.anyLeft(addresses, clock.monotonic())) return;
      throw error;
    }
    if (answer === undefined) return;
    this.#choice.served(node.id);
    const moved = this.#take(answer);
    this.#warned = undefined;
    if (!moved && clock.monotonic() - asked < QUICK_MS) await sleep(clock, PAUSE_MS / 2, signal);
  }

  /**
   * It does not tell how far the group is, as Java's may: a broker handles pulls and commits side by side,
   * so what an older pull tells could take back a commit that was answered since.
   */
  #request(): Request {
    const { topic, queueId } = this.queue;
    return formatPull({
      consumerGroup: this.#context.group,
      topic,
      queueId,
      queueOffset: this.#next!,
      maxMessages: BATCH_MESSAGES,
      sysFlag: PULL_FLAG.mayPark | PULL_FLAG.subscription,
      commitOffset: 0,
      holdMs: HOLD_MS,
      subscription: this.#subscription.subString,
      subVersion: this.#subscription.subVersion,
      expressionType: this.#subscription.expressionType,
    });
  }

  /** Says once why the queue cannot be read. */
  #warn(reason: string): void {
    if (reason === this.#warned) return;
    this.#warned = reason;
    this.#context.parts.log.warn("cannot read a queue, trying again", { ...this.queue, reason });
  }

  /** Takes an answer in; false when the next request would be the same again. */
  #take(reply: Command): boolean {
    const { code, remark } = reply;
    const known = code === ResponseCode.SUCCESS || code === ResponseCode.PULL_NOT_FOUND ||
      code === ResponseCode.PULL_RETRY_IMMEDIATELY || code === ResponseCode.PULL_OFFSET_MOVED;
    if (!known) {
      const why = remark === undefined ? "" : ` (${remark})`;
      throw new AnswerError(code, `${this.queue.brokerName} answers ${code}${why}`);
    }
    const { nextBeginOffset, suggestWhichBrokerId, body } = parsePullAnswer(reply);
    if (code === ResponseCode.SUCCESS) this.#keep(body);
    this.#choice.suggest(suggestWhichBrokerId);
    const moved = nextBeginOffset !== this.#next;
    this.#next = nextBeginOffset;
    return moved;
  }

  #keep(body: Uint8Array): void {
    const { parts, arrived } = this.#context;
    const before = this.waiting;
    const records = decodeRecords(body.slice()); // the chunk it came in may be much larger
    for (const record of records) {
      if (record.queueOffset < this.#next!) continue;
      const message = messageOf(record, this.queue.brokerName, parts.runtime.codecs);
      if (!wants(this.#subscription, message.tag)) continue;
      this.#ahead.push(message);
      this.#bytes += message.body.length;
    }
    if (!before && this.waiting) arrived(this);
  }
}
