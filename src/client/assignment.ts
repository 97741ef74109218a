import { reasonOf } from "../base/log.ts";
import { sleep } from "../base/together.ts";
import { ResponseCode } from "../wire/codes.ts";
import { formatConsumerListQuery, parseConsumerIds, type Subscription } from "../wire/heartbeat.ts";
import type { MessageQueue } from "../wire/message_queue.ts";
import { keyOf } from "./offsets.ts";
import { type PullContext, QueuePull } from "./queue_pull.ts";
import { queuesOf } from "./rebalance.ts";
import type { Route } from "./routes.ts";
import { Bell, unlessAborted } from "./wait.ts";

/** Queues are shared out again this often, and when a broker says that the group changed. */
const REBALANCE_MS = 20_000;
/** After a round that could not ask everybody, doubling up to the time above. */
const AGAIN_MS = 1_000;
const ANSWER_MS = 3_000;
/** What members need to hear of a new one and to say how far they are in the queues that it gets. */
const HAND_OVER_MS = 200;

interface Held {
  readonly pull: QueuePull;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** Which queues this member reads: starts and ends their pulls as the group and the routes change. */
export class Assignment {
  readonly #subscriptions: readonly Subscription[];
  readonly #context: PullContext;
  readonly #held = new Map<string, Held>();
  readonly #changed = new Bell();
  readonly #warned = new Map<string, string>();

  constructor(subscriptions: readonly Subscription[], context: PullContext) {
    this.#subscriptions = subscriptions;
    this.#context = context;
  }

  /** The pulls of the queues it has now. */
  get pulls(): QueuePull[] {
    return [...this.#held.values()].map(({ pull }) => pull);
  }

  /** The group changed: share out again soon. */
  groupChanged(): void {
    this.#changed.ring();
  }

  /** Shares out until `signal` aborts; then all pulls have ended. Their positions can still be asked. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context.parts.runtime;
    for (let againMs = AGAIN_MS; !signal.aborted;) {
      const whole = await this.#round(signal);
      await this.#changed.wait(signal, clock, whole ? REBALANCE_MS : againMs);
      againMs = whole ? AGAIN_MS : Math.min(2 * againMs, REBALANCE_MS);
    }
    await Promise.all([...this.#held.values()].map(({ ended }) => ended));
  }

  /** Shares out the queues of each topic; false when some topic must wait for another round. */
  async #round(signal: AbortSignal): Promise<boolean> {
    let whole = true;
    for (const subscription of this.#subscriptions) {
      const { topic } = subscription;
      try {
        await this.#share(subscription, signal);
        if (this.#warned.delete(topic)) this.#log.info("reading a topic again", { topic });
      } catch (error) {
        whole = false;
        this.#warn(topic, reasonOf(error));
      }
      if (signal.aborted) break;
    }
    return whole;
  }

  async #share(subscription: Subscription, signal: AbortSignal): Promise<void> {
    const { parts, clustering } = this.#context;
    const route = await unlessAborted(parts.routes.of(subscription.topic), signal);
    if (route === undefined) return;
    let mine = route.readable;
    if (clustering) {
      const members = await unlessAborted(this.#members(route, signal), signal);
      if (members === undefined) return;
      mine = queuesOf(parts.id, members, route.readable);
    }
    if (!signal.aborted) await this.#apply(subscription, mine, signal);
  }

  /** The ids of the group as a broker of the topic knows them, ours among them. */
  async #members(route: Route, signal: AbortSignal): Promise<string[]> {
    const { heartbeats, id, runtime: { clock } } = this.#context.parts;
    const known = await this.#askMembers(route);
    if (known.includes(id)) return known;
    await heartbeats.beat(); // that broker has not heard of us yet, or not since it started
    if (known.length > 0) await sleep(clock, HAND_OVER_MS, signal);
    return await this.#askMembers(route);
  }

  async #askMembers({ topic, brokers }: Route): Promise<string[]> {
    const { parts: { redial }, group } = this.#context;
    const masters = [...brokers.values()].map((addresses) => addresses.get(0));
    const slaves = [...brokers.values()].flatMap((addresses) => [...addresses.values()]);
    const reasons: string[] = [];
    for (const address of new Set([...masters, ...slaves])) {
      if (address === undefined) continue;
      try {
        const { code, body } = await redial.call(
          address,
          formatConsumerListQuery(group),
          ANSWER_MS,
        );
        return code === ResponseCode.SUCCESS ? parseConsumerIds(body) : [];
      } catch (error) {
        reasons.push(reasonOf(error));
      }
    }
    throw new Error(
      `no broker of "${topic}" names the members of the group: ${reasons.join("; ")}`,
    );
  }

  /** Ends the pulls of queues that are another's now and starts those that are new. */
  async #apply(
    subscription: Subscription,
    mine: readonly MessageQueue[],
    signal: AbortSignal,
  ): Promise<void> {
    const keys = new Set(mine.map(keyOf));
    const lost = [...this.#held].filter(([key, { pull: { queue } }]) =>
      queue.topic === subscription.topic && !keys.has(key)
    );
    await Promise.all(lost.map(([key, held]) => this.#release(key, held)));
    for (const queue of mine) {
      if (!this.#held.has(keyOf(queue))) {
        this.#start(new QueuePull(queue, subscription, this.#context), signal);
      }
    }
  }

  #start(pull: QueuePull, signal: AbortSignal): void {
    const stop = new AbortController();
    const end = () => stop.abort();
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
    const ended = pull.run(stop.signal).finally(() => signal.removeEventListener("abort", end));
    this.#held.set(keyOf(pull.queue), { pull, stop, ended });
  }

  async #release(key: string, { pull, stop, ended }: Held): Promise<void> {
    const { offsets, clustering } = this.#context;
    this.#held.delete(key);
    stop.abort();
    await ended;
    const { position, queue } = pull;
    pull.drop();
    if (clustering && position !== undefined) {
      await offsets.commit(queue, position).catch((error) => {
        this.#log.warn("offset not kept", { ...queue, reason: reasonOf(error) });
      });
    }
    offsets.forget(queue);
  }

  get #log() {
    return this.#context.parts.log;
  }

  /** Says once why a topic cannot be read; a retry topic is made when it is needed. */
  #warn(topic: string, reason: string): void {
    if (this.#warned.get(topic) === reason) return;
    this.#warned.set(topic, reason);
    const line = topic.startsWith("%RETRY%") ? "debug" : "warn";
    this.#log[line]("cannot read a topic yet", { topic, reason });
  }
}
