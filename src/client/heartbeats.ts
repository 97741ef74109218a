import { type Log, reasonOf } from "../base/log.ts";
import { sleep } from "../base/together.ts";
import type { Clock } from "../ports/host.ts";
import type { Peer } from "../rpc/peer.ts";
import type { Redial } from "../rpc/redial.ts";
import type { Request } from "../wire/command.ts";
import { type ConsumerData, formatHeartbeat, formatLeave } from "../wire/heartbeat.ts";
import type { Routes } from "./routes.ts";

const BEAT_MS = 30_000;
const ANSWER_MS = 3_000;
/** How long leaving may take: a broker that does not hear of it finds out when the connection closes. */
const LEAVE_MS = 1_000;

/** Tells brokers each 30 s which groups this client belongs to. */
export class Heartbeats {
  readonly #id: string;
  readonly #redial: Redial;
  readonly #routes: Routes;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #producers = new Set<string>();
  readonly #consumers = new Set<ConsumerData>();
  /** Brokers that heard of us. */
  readonly #told = new Set<string>();
  /** The connection on which each heard of all our groups. */
  readonly #heardOn = new Map<string, Peer>();

  constructor(
    id: string,
    { redial, routes, clock, log }: { redial: Redial; routes: Routes; clock: Clock; log: Log },
  ) {
    this.#id = id;
    this.#redial = redial;
    this.#routes = routes;
    this.#clock = clock;
    this.#log = log;
  }

  /** Brokers hear of it at the next beat. */
  addProducer(group: string): void {
    if (!this.#producers.has(group)) this.#heardOn.clear();
    this.#producers.add(group);
  }

  /** Brokers hear of it at the next beat. */
  addConsumer(consumer: ConsumerData): void {
    this.#consumers.add(consumer);
  }

  /** Takes a consumer out of its group at every broker that heard of it. */
  async removeConsumer(consumer: ConsumerData): Promise<void> {
    this.#consumers.delete(consumer);
    await this.#leave(formatLeave(this.#id, { consumerGroup: consumer.groupName }));
  }

  /** Takes the producers out of their groups. */
  async removeProducers(): Promise<void> {
    for (const producerGroup of this.#producers) {
      await this.#leave(formatLeave(this.#id, { producerGroup }));
    }
    this.#producers.clear();
  }

  /** Resolves when the broker heard of all producers here, on the connection we have to it. @throws {CallError} */
  async heardBy(address: string): Promise<void> {
    const peer = await this.#redial.peer(address);
    if (this.#heardOn.get(address) === peer) return;
    await this.#beatTo(address, this.#request());
  }

  /** Beats once: to masters, and to slaves too when somebody here consumes. Who does not answer is left. */
  async beat(): Promise<void> {
    if (this.#producers.size === 0 && this.#consumers.size === 0) return;
    const request = this.#request();
    const addresses = this.#routes.addresses(this.#consumers.size > 0);
    await Promise.all([...addresses].map(async (address) => {
      try {
        await this.#beatTo(address, request);
      } catch (error) {
        this.#log.debug("heartbeat not answered", { broker: address, reason: reasonOf(error) });
      }
    }));
    for (const address of this.#told) if (!addresses.has(address)) this.#told.delete(address);
  }

  /** Beats each 30 s until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#clock, BEAT_MS, signal);
      if (!signal.aborted) await this.beat();
    }
  }

  #request(): Request {
    return formatHeartbeat({
      clientId: this.#id,
      producerGroups: [...this.#producers],
      consumers: [...this.#consumers],
    });
  }

  async #beatTo(address: string, request: Request): Promise<void> {
    const peer = await this.#redial.peer(address);
    const { code, remark } = await peer.call(request, ANSWER_MS);
    if (code !== 0) this.#log.warn("heartbeat refused", { broker: address, code, remark });
    else this.#heardOn.set(address, peer);
    this.#told.add(address);
  }

  async #leave(request: Request): Promise<void> {
    const enough = new AbortController();
    const told = [...this.#told].map((address) =>
      this.#redial.call(address, request, LEAVE_MS).then(() => {}, () => {})
    );
    await Promise.race([
      Promise.all(told),
      sleep(this.#clock, LEAVE_MS, enough.signal),
    ]);
    enough.abort();
  }
}
