import { type Log, reasonOf } from "../base/log.ts";
import { sleep } from "../base/together.ts";
import type { Clock } from "../ports/host.ts";
import { CallError } from "../rpc/peer.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import type { Command } from "../wire/command.ts";
import type { MessageQueue } from "../wire/message_queue.ts";
import { parseRoute, type TopicRoute } from "../wire/route.ts";
import { AnswerError } from "./errors.ts";
import type { NameServers } from "./name_servers.ts";

const REFRESH_MS = 30_000;
/** The same for a topic whose master is gone: whoever reads from its slave goes back soon. */
const MASTERLESS_MS = 5_000;
/**
 * A topic that was known is forgotten when no name server has known it for this long: one that restarted
 * has an empty table until the brokers have told it again.
 */
const MISSING_MS = 30_000;
/** Its route says which brokers create topics by themselves. */
const TEMPLATE_TOPIC = "TBW102";
/** Queues asked for when a send creates its topic. Source: DefaultMQProducer. */
export const NEW_TOPIC_QUEUES = 4;
const READ = 4;
const WRITE = 2;

/** A topic as clients use it. */
export interface Route {
  readonly topic: string;
  /** The topic does not exist yet: these are the queues it gets when a broker creates it. */
  readonly created: boolean;
  /** Address of each broker id, by broker name; 0 is the master. */
  readonly brokers: ReadonlyMap<string, ReadonlyMap<number, string>>;
  readonly readable: readonly MessageQueue[];
  /** Only those whose master has an address. */
  readonly writable: readonly MessageQueue[];
}

/** What the queues of a topic are to a client. With `template`, the route of the template topic stands in. */
export function routeOf(topic: string, told: TopicRoute, template = false): Route {
  const brokers = new Map(told.brokers.map((broker) => [broker.brokerName, broker.brokerAddrs]));
  const readable: MessageQueue[] = [];
  const writable: MessageQueue[] = [];
  const most = template ? NEW_TOPIC_QUEUES : Infinity;
  for (const { brokerName, perm, readQueueNums, writeQueueNums } of told.queues) {
    const addresses = brokers.get(brokerName);
    if (addresses === undefined) continue;
    const queues = (count: number) =>
      Array.from(
        { length: Math.min(count, most) },
        (_, queueId) => ({ topic, brokerName, queueId }),
      );
    if ((perm & READ) !== 0) readable.push(...queues(readQueueNums));
    if ((perm & WRITE) !== 0 && addresses.has(0)) writable.push(...queues(writeQueueNums));
  }
  return { topic, created: !template, brokers, readable, writable };
}

/** Routes of the topics in use: asked for once, kept, asked for again every 30 s and when something failed. */
export class Routes {
  readonly #servers: Pick<NameServers, "ask" | "current">;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #known = new Map<string, Route>();
  readonly #asking = new Map<string, Promise<Route>>();
  /** Since when no name server knows a topic that was known; monotonic. */
  readonly #missing = new Map<string, number>();

  constructor(
    servers: Pick<NameServers, "ask" | "current">,
    { clock, log }: { clock: Clock; log: Log },
  ) {
    this.#servers = servers;
    this.#clock = clock;
    this.#log = log;
  }

  /** What was last heard of a topic, without asking. */
  known(topic: string): Route | undefined {
    return this.#known.get(topic);
  }

  /**
   * The route of a topic that exists.
   *
   * @throws {AnswerError} code 17 when the name server knows no such topic.
   * @throws {CallError} when no name server answers.
   */
  async of(topic: string): Promise<Route> {
    const known = this.#known.get(topic);
    return known?.created ? known : await this.refresh(topic);
  }

  /** The route of a topic, or the one it will get when the first message creates it. @throws as `of`. */
  async toSend(topic: string): Promise<Route> {
    try {
      return await this.of(topic);
    } catch (error) {
      if (!(error instanceof AnswerError) || error.code !== ResponseCode.TOPIC_NOT_EXIST) {
        throw error;
      }
      const answer = await this.#servers.ask(routeRequest(TEMPLATE_TOPIC), hasRoute);
      if (answer.code !== ResponseCode.SUCCESS) throw error;
      const route = routeOf(topic, parseRoute(answer.body), true);
      if (route.writable.length === 0) throw error;
      this.#known.set(topic, route);
      return route;
    }
  }

  /** Asks again; several callers at once share one request. @throws as `of`. */
  refresh(topic: string): Promise<Route> {
    const asked = this.#asking.get(topic) ??
      this.#ask(topic).finally(() => this.#asking.delete(topic));
    this.#asking.set(topic, asked);
    return asked;
  }

  /** Asks again and says nothing when it fails: what is known stays. */
  async tryRefresh(topic: string): Promise<void> {
    await this.refresh(topic).catch((error) => {
      this.#log.debug("route not refreshed", { topic, reason: reasonOf(error) });
    });
  }

  /** Addresses of all brokers that the known routes name: masters, and slaves too when wanted. */
  addresses(slavesToo: boolean): Set<string> {
    const found = new Set<string>();
    for (const { brokers } of this.#known.values()) {
      for (const addresses of brokers.values()) {
        for (const [id, address] of addresses) if (id === 0 || slavesToo) found.add(address);
      }
    }
    return found;
  }

  /** Refreshes every known route each 30 s, those without a master each 5 s, until `signal` aborts. */
  async keepFresh(signal: AbortSignal): Promise<void> {
    for (let passedMs = MASTERLESS_MS; !signal.aborted; passedMs += MASTERLESS_MS) {
      await sleep(this.#clock, MASTERLESS_MS, signal);
      for (const [topic, route] of [...this.#known]) {
        if (signal.aborted) return;
        if (passedMs % REFRESH_MS === 0 || lacksMaster(route)) await this.tryRefresh(topic);
      }
    }
  }

  async #ask(topic: string): Promise<Route> {
    const answer = await this.#servers.ask(routeRequest(topic), hasRoute);
    if (answer.code === ResponseCode.SUCCESS) {
      const route = routeOf(topic, parseRoute(answer.body));
      this.#missing.delete(topic);
      this.#known.set(topic, route);
      return route;
    }
    const known = answer.code === ResponseCode.TOPIC_NOT_EXIST && this.#kept(topic);
    if (known) return known;
    throw new AnswerError(
      answer.code,
      `no route of topic "${topic}": name server ${this.#servers.current} answers ${answer.code}` +
        (answer.remark === undefined ? "" : ` (${answer.remark})`),
    );
  }

  /** No name server knows the topic: what was known of it, for a while. */
  #kept(topic: string): Route | undefined {
    const known = this.#known.get(topic);
    const now = this.#clock.monotonic();
    const since = this.#missing.get(topic) ?? now;
    if (known?.created && now - since < MISSING_MS) {
      this.#missing.set(topic, since);
      return known;
    }
    this.#missing.delete(topic);
    this.#known.delete(topic);
  }
}

/** Where messages for a queue are taken. @throws {CallError} kind "unreachable". */
export function masterOf(
  { brokers }: Pick<Route, "brokers">,
  { brokerName }: Pick<MessageQueue, "brokerName">,
): string {
  const address = brokers.get(brokerName)?.get(0);
  if (address !== undefined) return address;
  throw new CallError("unreachable", `${brokerName} has no master that takes messages`);
}

function lacksMaster({ brokers }: Route): boolean {
  return [...brokers.values()].some((addresses) => !addresses.has(0));
}

/** One name server that knows no such topic may have an empty table; another may know it. */
function hasRoute({ code }: Command): boolean {
  return code !== ResponseCode.TOPIC_NOT_EXIST;
}

/** Name servers from 4.9.4 on then quote numeric keys; the reader takes both. */
function routeRequest(topic: string) {
  return {
    code: RequestCode.GET_ROUTEINFO_BY_TOPIC,
    ext: { topic, acceptStandardJsonOnly: "true" },
  };
}
