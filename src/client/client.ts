import { hexOf } from "../base/bytes.ts";
import { type Log, silentLog } from "../base/log.ts";
import { together } from "../base/together.ts";
import type { Handler } from "../rpc/peer.ts";
import { Redial } from "../rpc/redial.ts";
import { RequestCode } from "../wire/codes.ts";
import { parseGroupChanged } from "../wire/heartbeat.ts";
import { type Ahead, aheadOf } from "./ahead.ts";
import { Consumer, type ConsumerOptions } from "./consumer.ts";
import { Heartbeats } from "./heartbeats.ts";
import { NameServers, nameServersIn } from "./name_servers.ts";
import type { ClientParts, ClientRuntime } from "./parts.ts";
import { Producer, type ProducerOptions } from "./producer.ts";
import { Requests } from "./requests.ts";
import { Routes } from "./routes.ts";
import {
  groupAsked,
  type TransactionProducer,
  type TransactionProducerOptions,
  TransactionSender,
} from "./transaction_producer.ts";
import { UniqueIds } from "./unique_id.ts";
import { onAbort } from "./wait.ts";

/** Which cluster a client belongs to. */
export interface ConnectOptions {
  /** Name servers, `10.0.0.1:9876;10.0.0.2:9876`. */
  readonly namesrvAddr: string;
  /** Tells clients of one machine apart and stays the same after a restart; by default it is random. */
  readonly clientName?: string;
  /** Where the client says what goes wrong; nowhere by default. */
  readonly log?: Log;
  /** Closes the client when it aborts. */
  readonly signal?: AbortSignal;
}

/**
 * A client of a RocketMQ 4.x cluster, whoever runs it. Nothing is dialled before the first message is sent
 * or a consumer is made.
 *
 * @throws {Error} when `namesrvAddr` names no address.
 */
export function connect(runtime: ClientRuntime, options: ConnectOptions): Client {
  return new Client(runtime, options);
}

/** Producers and consumers that share connections and routes. */
export class Client implements AsyncDisposable {
  /** What brokers know it by. */
  readonly id: string;
  readonly #parts: ClientParts;
  readonly #consumers = new Set<Consumer>();
  /** By group. */
  readonly #transactions = new Map<string, TransactionSender>();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #deaf: () => void;
  #closing: Promise<void> | undefined;

  /** See `connect`. */
  constructor(runtime: ClientRuntime, options: ConnectOptions) {
    const { namesrvAddr, clientName, log = silentLog, signal } = options;
    const servers = nameServersIn(namesrvAddr);
    const { clock } = runtime;
    this.id = `${runtime.addresses()[0] ?? "127.0.0.1"}@${clientName ?? randomName(runtime)}`;
    const requests = new Requests(runtime, this.id);
    const redial = new Redial(runtime, log, { handlers: this.#handlers(requests) });
    const routes = new Routes(new NameServers(servers, { redial, clock }), { clock, log });
    const heartbeats = new Heartbeats(this.id, { redial, routes, clock, log });
    const ids = new UniqueIds(runtime);
    this.#parts = {
      runtime,
      id: this.id,
      ids,
      redial,
      routes,
      heartbeats,
      requests,
      log,
      signal: this.#stop.signal,
    };
    this.#running = together(this.#stop.signal, (until) => [
      routes.keepFresh(until),
      heartbeats.run(until),
    ]);
    this.#deaf = onAbort(signal, () => this.close());
  }

  /** Something to send with; it needs no closing. */
  producer(options: ProducerOptions = {}): Producer {
    const producer = new Producer(this.#parts, options);
    this.#parts.heartbeats.addProducer(producer.group);
    return producer;
  }

  /**
   * Something to send messages with that are delivered when local work succeeds; it needs no closing.
   *
   * ```ts
   * const orders = client.transactionProducer({
   *   group: "orders",
   *   check: async ({ keys }) => await db.has(keys[0]) ? "commit" : "rollback",
   * });
   * await orders.send({ topic: "paid", body, keys: [id] }, async () => {
   *   await db.pay(id);
   *   return "commit";
   * });
   * ```
   */
  transactionProducer(options: TransactionProducerOptions): TransactionProducer {
    if (this.#transactions.has(options.group)) {
      throw new Error(
        `group "${options.group}" has a producer here; a second needs a client of its own`,
      );
    }
    this.#parts.heartbeats.addProducer(options.group);
    const producer = new TransactionSender(this.#parts, options);
    this.#transactions.set(options.group, producer);
    return producer;
  }

  /** Something to read with; it begins at once. */
  consumer(options: ConsumerOptions): Consumer {
    if (this.#stop.signal.aborted) throw new Error("the client is closed");
    if ([...this.#consumers].some(({ group }) => group === options.group)) {
      throw new Error(
        `group "${options.group}" has a consumer here; a second needs a client of its own`,
      );
    }
    const consumer = new Consumer(this.#parts, options, () => this.#consumers.delete(consumer));
    this.#consumers.add(consumer);
    return consumer;
  }

  /** What a consumer with these options would find now. @throws {AnswerError} {CallError} */
  ahead(options: ConsumerOptions): Promise<Ahead[]> {
    return aheadOf(this.#parts, options);
  }

  /** Closes its consumers, leaves all groups and ends all connections. It never rejects. */
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
    this.#parts.requests.close();
    await Promise.all([...this.#consumers].map((consumer) => consumer.close()));
    await this.#parts.heartbeats.removeProducers();
    this.#parts.redial.close();
    await this.#running;
  }

  #handlers(requests: Requests): ReadonlyMap<number, Handler> {
    return new Map<number, Handler>([
      [RequestCode.NOTIFY_CONSUMER_IDS_CHANGED, ({ ext }) => {
        const group = parseGroupChanged(ext);
        for (const consumer of this.#consumers) {
          if (consumer.group === group) consumer.groupChanged();
        }
        return { code: 0 };
      }],
      [RequestCode.CHECK_TRANSACTION_STATE, (command, peer) => {
        const group = groupAsked(command.body);
        return this.#transactions.get(group ?? "")?.check(command, peer);
      }],
      [RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT, requests.pushed],
    ]);
  }
}

function randomName(runtime: ClientRuntime): string {
  const random = new Uint8Array(4);
  runtime.random(random);
  return `${runtime.processId}#${hexOf(random)}`;
}
