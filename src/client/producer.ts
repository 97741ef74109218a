import { CallError } from "../rpc/peer.ts";
import { reasonOf } from "../base/log.ts";
import { encodeBatch } from "../wire/batch.ts";
import { ResponseCode } from "../wire/codes.ts";
import type { Command, Request } from "../wire/command.ts";
import type { MessageQueue } from "../wire/message_queue.ts";
import { formatProperties, Property } from "../wire/properties.ts";
import { formatReply } from "../wire/reply.ts";
import { formatSend, type SendRequest } from "../wire/send.ts";
import { parseSendReply } from "../wire/send_reply.ts";
import { AnswerError } from "./errors.ts";
import type { Message } from "./incoming.ts";
import { encode, type Encoded, type OutgoingMessage } from "./outgoing.ts";
import type { ClientParts } from "./parts.ts";
import { Room } from "./room.ts";
import { masterOf, NEW_TOPIC_QUEUES, type Route } from "./routes.ts";

/** How a producer behaves. */
export interface ProducerOptions {
  /** Name of the producer group, shown by admin tools. */
  readonly group?: string;
  /** How long one broker may take to answer one try. */
  readonly timeoutMs?: number;
  /** Tries for one message, the first included; each on another broker where there is one. */
  readonly tries?: number;
}

/** How one message is sent. */
export interface SendOptions {
  /** This queue and no other, tried once: for messages whose order matters. */
  readonly queue?: MessageQueue;
}

/**
 * What a broker says it did. SEND_OK is all that was configured; with the others the message is stored and
 * will be delivered, but the named guarantee was not reached in time.
 */
export type SendStatus =
  | "SEND_OK"
  | "FLUSH_DISK_TIMEOUT"
  | "SLAVE_NOT_AVAILABLE"
  | "FLUSH_SLAVE_TIMEOUT";

/** Where a message went. */
export interface Sent {
  /** SEND_OK, or stored with less than was configured. */
  readonly status: SendStatus;
  /** The id the message was given here; the same for every try. */
  readonly messageId: string;
  /** The broker's id: address and log offset. */
  readonly offsetMessageId: string;
  /** The queue it lies in. */
  readonly queue: MessageQueue;
  /** Its place in that queue. */
  readonly queueOffset: number;
}

const STATUS: ReadonlyMap<number, SendStatus> = new Map([
  [ResponseCode.SUCCESS, "SEND_OK"],
  [ResponseCode.FLUSH_DISK_TIMEOUT, "FLUSH_DISK_TIMEOUT"],
  [ResponseCode.SLAVE_NOT_AVAILABLE, "SLAVE_NOT_AVAILABLE"],
  [ResponseCode.FLUSH_SLAVE_TIMEOUT, "FLUSH_SLAVE_TIMEOUT"],
]);
/** Another broker may take the message after these. Source: DefaultMQProducer. */
const TRY_ELSEWHERE: ReadonlySet<number> = new Set([
  ResponseCode.SYSTEM_ERROR,
  ResponseCode.SERVICE_NOT_AVAILABLE,
  ResponseCode.NO_PERMISSION,
  ResponseCode.TOPIC_NOT_EXIST,
]);
/** The topic whose settings a topic gets that a send creates. */
const TEMPLATE_TOPIC = "TBW102";
const DEFAULT_GROUP = "pocketmq";
const TIMEOUT_MS = 3_000;
const TRIES = 3;
/** The broker waits 10 s for whoever asked. */
const REPLY_MS = 12_000;
/** Message bytes on their way to brokers; further sends wait. */
const UNDER_WAY_BYTES = 16 * 1024 * 1024;

/** What is sent: one message, or several in one body. */
interface Parcel {
  readonly batch: boolean;
  readonly topic: string;
  readonly message: Pick<Encoded, "body" | "properties" | "sysFlag" | "flag">;
  readonly bornTimestamp: number;
}

/**
 * Sends messages to the queues of a topic in turn. A send that fails is tried on another broker, so a message
 * whose answer got lost can be stored twice, with one and the same message id.
 */
export class Producer {
  /** The group it belongs to. */
  readonly group: string;
  readonly #client: ClientParts;
  readonly #timeoutMs: number;
  readonly #tries: number;
  readonly #room = new Room(UNDER_WAY_BYTES);
  /** Anywhere to begin with, or producers that send one message each would all fill one queue. */
  #turn = Math.floor(Math.random() * 0x7fffffff);

  /** Made by `Client.producer`. */
  constructor(client: ClientParts, options: ProducerOptions = {}) {
    this.#client = client;
    this.group = options.group ?? DEFAULT_GROUP;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#tries = options.tries ?? TRIES;
  }

  /**
   * Sends a message and waits until a broker says that it is stored.
   *
   * @throws {AnswerError} when a broker refused it.
   * @throws {CallError} when none could be asked, or none answered in time.
   */
  async send(message: OutgoingMessage, options: SendOptions = {}): Promise<Sent> {
    const { ids, runtime } = this.#client;
    const encoded = encode(message, ids, runtime.codecs, true);
    const { answer, queue } = await this.#deliver(this.#parcel(encoded), options.queue);
    return this.#sent(answer, queue, [encoded])[0];
  }

  /**
   * Sends messages of one topic in one request; they come to lie one behind the other in one queue. All are
   * stored or none. @throws as `send`.
   */
  async sendBatch(
    messages: readonly OutgoingMessage[],
    options: SendOptions = {},
  ): Promise<Sent[]> {
    const { ids, runtime } = this.#client;
    if (messages.length === 0) return [];
    const { topic } = messages[0];
    if (messages.some((message) => message.topic !== topic || message.delayLevel)) {
      throw new Error("messages of a batch must have one topic and no delay");
    }
    const encoded = messages.map((message) => encode(message, ids, runtime.codecs, false));
    // What stands here brokers add to every message of the batch, over what the message has itself.
    const properties = formatProperties([[Property.WAIT, String(messages[0].waitStored ?? true)]]);
    const whole = { ...encoded[0], body: encodeBatch(encoded), flag: 0, properties };
    const parcel = { ...this.#parcel(whole), batch: true };
    const { answer, queue } = await this.#deliver(parcel, options.queue);
    return this.#sent(answer, queue, encoded);
  }

  /** Sends a message that nobody answers; resolves when it is on its way. @throws {CallError} */
  async sendOneway(message: OutgoingMessage, options: SendOptions = {}): Promise<void> {
    const { ids, runtime, routes, redial } = this.#client;
    const parcel = this.#parcel(encode(message, ids, runtime.codecs, true));
    const route = await routes.toSend(message.topic);
    const queue = options.queue ?? this.#pick(route, undefined);
    const peer = await redial.peer(masterOf(route, queue));
    await peer.drained(); // a broker that reads slowly makes its producers wait
    peer.tell(this.#request(parcel, queue));
  }

  /**
   * Sends a message that some consumer answers, see `reply`, and gives the answer. All of it takes at most
   * `timeoutMs`.
   *
   * @throws {CallError} kind "timeout" when no answer came in time.
   * @throws {AnswerError} when a broker refused the request.
   */
  async request(
    message: OutgoingMessage,
    timeoutMs: number = this.#timeoutMs,
    options: SendOptions = {},
  ): Promise<Message> {
    const { routes, heartbeats, requests } = this.#client;
    return await requests.ask(timeoutMs, async (own) => {
      const { brokers } = await routes.toSend(message.topic);
      const masters = [...brokers.values()].map((addresses) => addresses.get(0));
      // they push the answer to a producer they know, by a connection they know
      await Promise.allSettled(masters.map((address) => address && heartbeats.heardBy(address)));
      return await this.send(
        { ...message, properties: { ...message.properties, ...own } },
        options,
      );
    });
  }

  /**
   * Answers a request that a consumer read; resolves when whoever asked has the answer.
   *
   * @throws {AnswerError} when the message is no request, or who asked cannot be reached.
   */
  async reply(
    to: Message,
    answer: Omit<OutgoingMessage, "topic" | "delayLevel">,
  ): Promise<void> {
    const { ids, runtime, routes, redial } = this.#client;
    const topic = replyTopicOf(to);
    const properties = { ...answer.properties, ...answerProperties(to) };
    const parcel = this.#parcel(
      encode({ ...answer, topic, properties }, ids, runtime.codecs, true),
    );
    const route = await routes.toSend(topic);
    // where the request lies its sender is known
    const queue = route.writable.find(({ brokerName }) => brokerName === to.brokerName) ??
      this.#pick(route, undefined);
    const request = formatReply(this.#fields(parcel, queue), parcel.message.body);
    const { code, remark } = await redial.call(masterOf(route, queue), request, REPLY_MS);
    if (code === ResponseCode.SUCCESS) return;
    throw new AnswerError(
      code,
      `cannot answer request "${to.messageId}": ${queue.brokerName} answers ${code}` +
        (remark === undefined ? "" : ` (${remark})`),
    );
  }

  #parcel(message: Encoded): Parcel {
    const bornTimestamp = this.#client.runtime.clock.now();
    return { batch: false, topic: message.topic, message, bornTimestamp };
  }

  async #deliver(
    parcel: Parcel,
    only: MessageQueue | undefined,
  ): Promise<{ answer: Command; queue: MessageQueue }> {
    const leave = await this.#room.take(parcel.message.body.length);
    try {
      return await this.#tryAll(parcel, only);
    } finally {
      leave();
    }
  }

  async #tryAll(
    parcel: Parcel,
    only: MessageQueue | undefined,
  ): Promise<{ answer: Command; queue: MessageQueue }> {
    const { routes, redial, log } = this.#client;
    for (let tries = 1, failed: string | undefined;; tries++) {
      const last = only !== undefined || tries >= this.#tries;
      const route = await routes.toSend(parcel.topic);
      const queue = only ?? this.#pick(route, failed);
      try {
        const request = this.#request(parcel, queue);
        const answer = await redial.call(masterOf(route, queue), request, this.#timeoutMs);
        if (STATUS.has(answer.code)) return { answer, queue };
        const refused = new AnswerError(
          answer.code,
          `cannot send to "${parcel.topic}": ${queue.brokerName} answers ${answer.code}` +
            (answer.remark === undefined ? "" : ` (${answer.remark})`),
        );
        if (last || !TRY_ELSEWHERE.has(answer.code)) throw refused;
        log.debug("send refused, trying elsewhere", { reason: refused.message });
      } catch (error) {
        if (
          last || !(error instanceof CallError) ||
          error.kind === "closed" && this.#client.signal.aborted
        ) {
          throw error;
        }
        log.debug("send failed, trying elsewhere", { reason: reasonOf(error) });
      }
      failed = queue.brokerName;
      await routes.tryRefresh(parcel.topic);
    }
  }

  /** The next queue in turn, on another broker than the one that failed if there is one. */
  #pick(route: Route, failed: string | undefined): MessageQueue {
    const { writable, topic } = route;
    if (writable.length === 0) {
      throw new AnswerError(
        ResponseCode.NO_PERMISSION,
        `cannot send to "${topic}": no broker has a queue of it that can be written`,
      );
    }
    const others = writable.filter((queue) => queue.brokerName !== failed);
    const queues = others.length > 0 ? others : writable;
    this.#turn = (this.#turn + 1) % Number.MAX_SAFE_INTEGER;
    return queues[this.#turn % queues.length];
  }

  #request(parcel: Parcel, queue: MessageQueue): Request {
    return formatSend(this.#fields(parcel, queue), parcel.message.body);
  }

  #fields(parcel: Parcel, queue: MessageQueue): SendRequest {
    const { properties, sysFlag, flag } = parcel.message;
    return {
      producerGroup: this.group,
      topic: parcel.topic,
      defaultTopic: TEMPLATE_TOPIC,
      defaultTopicQueueNums: NEW_TOPIC_QUEUES,
      queueId: queue.queueId,
      sysFlag,
      bornTimestamp: parcel.bornTimestamp,
      flag,
      properties,
      reconsumeTimes: 0,
      unitMode: false,
      batch: parcel.batch,
    };
  }

  #sent(answer: Command, asked: MessageQueue, messages: readonly Encoded[]): Sent[] {
    const { msgId, queueId, queueOffset } = parseSendReply(answer);
    const offsetIds = msgId.split(",");
    return messages.map(({ messageId }, i) => ({
      status: STATUS.get(answer.code)!,
      messageId,
      offsetMessageId: offsetIds[i] ?? msgId,
      queue: { ...asked, queueId },
      queueOffset: queueOffset + i,
    }));
  }
}

function replyTopicOf({ properties, messageId }: Message): string {
  const cluster = properties.get(Property.CLUSTER);
  if (cluster !== undefined && properties.has(Property.REPLY_TO_CLIENT)) {
    return `${cluster}_REPLY_TOPIC`;
  }
  throw new AnswerError(
    ResponseCode.MESSAGE_ILLEGAL,
    `cannot answer message "${messageId}": it is no request`,
  );
}

/** What the broker and whoever asked know the answer by. */
function answerProperties({ properties }: Message): Record<string, string> {
  const { CORRELATION_ID, REPLY_TO_CLIENT, TTL, MSG_TYPE } = Property;
  const kept = [CORRELATION_ID, REPLY_TO_CLIENT, TTL].map((
    name,
  ) => [name, properties.get(name) ?? ""]);
  return Object.fromEntries([[MSG_TYPE, "reply"], ...kept]);
}
