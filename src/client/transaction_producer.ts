import { reasonOf } from "../base/log.ts";
import type { Handler } from "../rpc/peer.ts";
import { ResponseCode } from "../wire/codes.ts";
import { addressText } from "../wire/host_address.ts";
import { decodeRecord } from "../wire/message.ts";
import { parseMessageId } from "../wire/message_id.ts";
import { Property, property } from "../wire/properties.ts";
import {
  type Decision,
  type EndTransaction,
  formatEndTransaction,
  parseTransactionCheck,
} from "../wire/transaction.ts";
import { AnswerError } from "./errors.ts";
import { type Message, messageOf } from "./incoming.ts";
import type { OutgoingMessage } from "./outgoing.ts";
import type { ClientParts } from "./parts.ts";
import { Producer, type ProducerOptions, type Sent } from "./producer.ts";
import { masterOf } from "./routes.ts";

export type { Decision } from "../wire/transaction.ts";

/** How a transactional producer behaves. */
export interface TransactionProducerOptions extends ProducerOptions {
  /** Its producers answer for each other: a broker may ask any of them. */
  readonly group: string;
  /**
   * Says what became of the work a message stands for, when a broker asks because nobody told it: after a crash,
   * or when `unknown` was said. The message is as it was sent. It is asked again later after `unknown` and
   * after a failure.
   */
  readonly check: (message: Message) => Decision | Promise<Decision>;
  /**
   * Topics whose brokers may ask this producer from its beginning on; without them only brokers it sends to
   * do. For a producer that takes the place of one that died.
   */
  readonly topics?: readonly string[];
}

/** A message that is stored and not delivered yet. */
export interface Prepared {
  /** Where it lies; `queue` is where it will go. */
  readonly sent: Sent;
  /**
   * Has it delivered; resolves when the broker has done so.
   * @throws {AnswerError} {CallError} and the broker will ask, or was told before.
   */
  commit(): Promise<void>;
  /** Has it forgotten. @throws as `commit`. */
  rollback(): Promise<void>;
}

/** Questions under way; of more the broker asks again. */
const CHECKS_MAX = 1_000;
const TIMEOUT_MS = 3_000;

/**
 * Sends messages that are delivered only when local work succeeds: the message is stored first, then the work is
 * done, then the broker is told. When nobody tells it, it asks.
 */
export interface TransactionProducer {
  /** The group it belongs to. */
  readonly group: string;
  /**
   * Stores a message, does the work, and tells the broker what the work gave. When the work throws nobody tells
   * it, and it will ask `check`: a failure does not always mean that nothing was done.
   *
   * @throws what `work` throws; {AnswerError} {CallError} when the message was not stored or the broker did not
   * hear what the work gave. It asks then.
   */
  send(
    message: OutgoingMessage,
    work: (sent: Sent) => Decision | Promise<Decision>,
  ): Promise<Sent & { readonly decision: Decision }>;
  /** Stores a message that waits for `commit` or `rollback`. @throws as `Producer.send`. */
  prepare(message: OutgoingMessage): Promise<Prepared>;
}

/** The one there is. */
export class TransactionSender implements TransactionProducer {
  readonly group: string;
  readonly #client: ClientParts;
  readonly #producer: Producer;
  readonly #timeoutMs: number;
  readonly #decide: TransactionProducerOptions["check"];
  #checks = 0;

  /** Made by `Client.transactionProducer`. */
  constructor(client: ClientParts, options: TransactionProducerOptions) {
    this.group = options.group;
    this.#client = client;
    this.#producer = new Producer(client, options);
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#decide = options.check;
    for (const topic of options.topics ?? []) {
      this.#introduce(topic).catch((error) =>
        client.log.warn("no broker will ask about transactions yet", {
          topic,
          reason: reasonOf(error),
        })
      );
    }
  }

  async send(
    message: OutgoingMessage,
    work: (sent: Sent) => Decision | Promise<Decision>,
  ): Promise<Sent & { readonly decision: Decision }> {
    const prepared = await this.prepare(message);
    const decision = await work(prepared.sent);
    if (decision === "commit") await prepared.commit();
    else if (decision === "rollback") await prepared.rollback();
    return { ...prepared.sent, decision };
  }

  async prepare(message: OutgoingMessage): Promise<Prepared> {
    if (message.delayLevel) throw new Error("a message of a transaction cannot have a delay");
    await this.#introduce(message.topic);
    const properties = {
      ...message.properties,
      [Property.TRAN_MSG]: "true",
      [Property.PGROUP]: this.group,
    };
    const sent = await this.#producer.send({ ...message, properties });
    return {
      sent,
      commit: () => this.#end(sent, "commit"),
      rollback: () => this.#end(sent, "rollback"),
    };
  }

  /** Handles 39: what its record is about is decided here and told to the broker that asks. */
  readonly check: Handler = ({ ext, body }, peer) => {
    const { halfQueueOffset, halfLogOffset, messageId, transactionId } = parseTransactionCheck(ext);
    const record = decodeRecord(body.slice());
    if (this.#checks >= CHECKS_MAX) return undefined;
    this.#checks++;
    const brokers = this.#client.routes.known(record.topic)?.brokers ?? [];
    const [brokerName = ""] =
      [...brokers].find(([, addresses]) => addresses.get(0) === addressText(peer.remote)) ?? [];
    const message = messageOf(record, brokerName, this.#client.runtime.codecs);
    const told = (decision: Decision) => {
      const end: EndTransaction = {
        producerGroup: this.group,
        halfQueueOffset,
        halfLogOffset,
        decision,
        isChecked: true,
        messageId,
        transactionId,
      };
      if (decision !== "unknown") peer.tell(formatEndTransaction(end));
    };
    const decided = async () => told(await this.#decide(message));
    decided().catch((error) =>
      this.#client.log.warn("cannot say what became of a transaction", {
        messageId,
        reason: reasonOf(error),
      })
    ).finally(() => this.#checks--);
    return undefined;
  };

  /** Has the masters of a topic know this producer, on the connections that are open. */
  async #introduce(topic: string): Promise<void> {
    const { routes, heartbeats } = this.#client;
    const { brokers } = await routes.toSend(topic);
    const masters = [...brokers.values()].map((addresses) => addresses.get(0));
    const heard = masters.map((address) => address && heartbeats.heardBy(address));
    await Promise.allSettled(heard); // the send finds out who cannot be reached
  }

  async #end({ queue, offsetMessageId, queueOffset, messageId }: Sent, decision: Decision) {
    const { routes, redial } = this.#client;
    const place = parseMessageId(offsetMessageId);
    if (place === undefined) throw new Error(`"${offsetMessageId}" is no place in a log`);
    const address = masterOf(await routes.toSend(queue.topic), queue);
    const request = formatEndTransaction({
      producerGroup: this.group,
      halfQueueOffset: queueOffset,
      halfLogOffset: place.logOffset,
      decision,
      isChecked: false,
      messageId,
      transactionId: messageId,
    });
    const { code, remark } = await redial.call(address, request, this.#timeoutMs);
    if (code === ResponseCode.SUCCESS) return;
    throw new AnswerError(
      code,
      `cannot ${
        decision === "commit" ? "commit" : "roll back"
      } a message of "${queue.topic}": ${queue.brokerName} answers ${code}` +
        (remark === undefined ? "" : ` (${remark})`),
    );
  }
}

/** The group whose producers the question (39) is for. */
export function groupAsked(body: Uint8Array): string | undefined {
  return property(decodeRecord(body).properties, Property.PGROUP);
}
