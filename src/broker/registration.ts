import { type Log, reasonOf } from "../base/log.ts";
import { deadline, signalled, sleep } from "../base/together.ts";
import type { Clock, Codecs } from "../ports/host.ts";
import { CallError, type Peer } from "../rpc/peer.ts";
import { ResponseCode } from "../wire/codes.ts";
import {
  type BrokerNode,
  formatRegistration,
  formatUnregistration,
  parseRegistered,
  type Registered,
} from "../wire/registration.ts";
import type { TopicConfig } from "../wire/topic.ts";
import { PERM_READ, PERM_WRITE } from "./topic_rules.ts";
import type { Topics } from "./topics.ts";

/** The second registration comes this soon after the first, as in Java. */
const SECOND_AFTER_MS = 10_000;
/** Topic changes that follow one within this time share one registration. */
const COLLECT_MS = 50;
/** How often an unreachable name server is tried: one that restarted has an empty table. */
const RETRY_MS = 1_000;
/** A name server that hangs up at once is not called in a loop. */
const HUNG_UP_MS = 200;
/**
 * A slave that no name server has a master for asks again this soon, doubling up to the second: both may just
 * have started.
 */
const MASTERLESS_MS_MIN = 1_000;
const MASTERLESS_MS_MAX = 5_000;
/** When one name server has answered, neither start nor end wait longer for the others. */
const OTHERS_MS = 200;
/** Whoever asked for a topic waits no longer than this until name servers know it: clients wait 3 s for the answer. */
const KNOWN_MS = 2_000;
/** Source: BrokerOuterAPI.unregisterBroker. */
const UNREGISTER_MS = 3_000;

/** What is asked of the connection to a name server. */
export type NameServer = Pick<Peer, "call" | "gone" | "close">;

/** What a broker's registration needs to know. */
export interface RegistrarContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly codecs: Pick<Codecs, "crc32">;
  /** Dials name servers; see `Redial`. */
  readonly peers: { peer(address: string): Promise<NameServer> };
  readonly namesrvAddr: readonly string[];
  readonly node: BrokerNode & { readonly haServerAddr: string };
  readonly topics: Topics;
  readonly brokerPermission: number;
  readonly registerNameServerPeriod: number;
  readonly registerBrokerTimeoutMills: number;
  /** What the name servers know of our master, after each registration that knows one; only slaves are told. */
  readonly onMaster: (master: MasterAddresses) => void;
}

/** A slave's master. */
export type MasterAddresses = Pick<Registered, "masterAddr" | "haServerAddr">;

/** One name server. */
interface Line {
  readonly address: string;
  /** The connection to it, while it lives. */
  peer: NameServer | undefined;
  /** What it said last; undefined while it does not know us. */
  answer: Registered | undefined;
  /** The failure that was logged last. */
  failure: string | undefined;
  /** The version of the topics it was told last, perhaps without an answer yet. */
  said: number | undefined;
  /** The version of the topics that it has. */
  has: number | undefined;
  /** Ends the pause between two registrations; undefined while there is none. */
  wake: (() => void) | undefined;
}

/**
 * Tells every name server who we are, each on its own: one that is slow or dead holds up nobody. A name
 * server that comes back is told within two seconds, a topic change at once.
 */
export class Registrar {
  readonly #context: RegistrarContext;
  readonly #lines: readonly Line[];
  readonly #stop = new AbortController();
  readonly #stopListening: () => void;
  #loops: Promise<unknown> = Promise.resolve();
  #cancelCollect: (() => void) | undefined;
  /** Called after each registration, and at the end. */
  readonly #watchers = new Set<() => void>();

  constructor(context: RegistrarContext) {
    this.#context = context;
    this.#lines = Array.from(new Set(context.namesrvAddr), (address) => ({
      address,
      peer: undefined,
      answer: undefined,
      failure: undefined,
      said: undefined,
      has: undefined,
      wake: undefined,
    }));
    this.#stopListening = context.topics.onChanged(() => this.#collect());
  }

  /** Begins; resolves when the name servers have us that can, and says so when none can. */
  async start(): Promise<void> {
    const { clock, log, registerBrokerTimeoutMills } = this.#context;
    const one = signalled<void>();
    const firsts: Promise<void>[] = [];
    this.#loops = Promise.all(this.#lines.map((line) => {
      const first = signalled<void>();
      firsts.push(first.promise);
      return this.#keepTold(line, () => {
        first.resolve();
        if (line.answer !== undefined) one.resolve();
      });
    }));
    const enough = new AbortController();
    const { signal } = enough;
    await Promise.race([
      Promise.all(firsts),
      one.promise.then(() => sleep(clock, OTHERS_MS, signal)),
      sleep(clock, registerBrokerTimeoutMills, signal),
    ]);
    enough.abort();
    if (this.#lines.some((line) => line.answer !== undefined)) return;
    log.warn("no name server has us yet: clients cannot find this broker; trying on", {
      namesrvAddr: this.#lines.map(({ address }) => address).join(";"),
    });
  }

  /**
   * Resolves when the name servers that can be reached have the topics as they are now: who had one made may ask for
   * its route at once.
   */
  async known(): Promise<void> {
    const { clock, topics } = this.#context;
    const wanted = topics.dataVersion.counter;
    const lacks = ({ failure, has = -1 }: Line) =>
      failure === undefined && has < wanted && !this.#stop.signal.aborted;
    for (const line of this.#lines) if (lacks(line)) line.wake?.();
    const all = signalled<void>();
    const look = () => this.#lines.some(lacks) || all.resolve();
    this.#watchers.add(look);
    look();
    const enough = new AbortController();
    await Promise.race([all.promise, sleep(clock, KNOWN_MS, enough.signal)]);
    enough.abort();
    this.#watchers.delete(look);
  }

  /** Stops, and takes us off every name server's table. */
  async close(): Promise<void> {
    this.#stopListening();
    this.#cancelCollect?.();
    this.#stop.abort();
    for (const look of this.#watchers) look();
    for (const line of this.#lines) line.wake?.();
    const one = signalled<void>();
    const goodbyes = this.#lines.map((line) =>
      this.#unregister(line).then((done) => done && one.resolve())
    );
    const enough = new AbortController();
    await Promise.race([
      Promise.all(goodbyes),
      one.promise.then(() => sleep(this.#context.clock, OTHERS_MS, enough.signal)),
    ]);
    enough.abort();
    await this.#loops;
  }

  /** Registers with one name server, now and again, until the end. */
  async #keepTold(line: Line, afterEach: () => void): Promise<void> {
    let periodMs = SECOND_AFTER_MS;
    let masterlessMs = MASTERLESS_MS_MIN;
    while (!this.#stop.signal.aborted) {
      const done = await this.#register(line);
      afterEach();
      for (const look of this.#watchers) look();
      if (!done) {
        await this.#pause(line, RETRY_MS);
        continue;
      }
      // While changes are collected, the end of that ends the pause.
      const owed = this.#isBehind(line) && this.#cancelCollect === undefined;
      if (!owed && line.peer !== undefined) {
        await this.#pause(line, this.#lacksMaster() ? masterlessMs : periodMs);
      }
      masterlessMs = this.#lacksMaster()
        ? Math.min(2 * masterlessMs, MASTERLESS_MS_MAX)
        : MASTERLESS_MS_MIN;
      if (line.peer === undefined) await this.#pause(line, HUNG_UP_MS);
      periodMs = this.#context.registerNameServerPeriod;
    }
  }

  /** Remembers the connection, and that it ended: its name server may have lost its table. */
  #watch(line: Line, peer: NameServer): void {
    if (line.peer === peer) return;
    line.peer = peer;
    peer.gone.then(() => {
      if (line.peer !== peer) return;
      line.peer = undefined;
      line.wake?.();
    });
  }

  /** One registration; false when it failed. */
  async #register(line: Line): Promise<boolean> {
    const { peers, codecs, topics, registerBrokerTimeoutMills } = this.#context;
    try {
      const peer = await this.#untilStopped(peers.peer(line.address));
      this.#watch(line, peer);
      const version = topics.dataVersion.counter;
      line.said = version;
      const request = formatRegistration(this.#said(), codecs);
      const reply = await this.#untilStopped(
        peer.call(request, registerBrokerTimeoutMills),
      );
      if (reply.code !== ResponseCode.SUCCESS) {
        throw new Error(`it answered ${reply.code}: ${reply.remark ?? "no reason given"}`);
      }
      line.answer = parseRegistered(reply);
      line.has = version;
      this.#noteSuccess(line);
      return true;
    } catch (error) {
      line.answer = line.has = undefined;
      // A machine that vanished ends no connection: the next try must dial.
      if (error instanceof CallError && error.kind === "timeout") line.peer?.close();
      this.#noteFailure(line, reasonOf(error));
      return false;
    }
  }

  /** What the promise gives, or a failure when all ends first. */
  #untilStopped<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.#stop;
    return new Promise((resolve, reject) => {
      const stop = () => reject(new Error("this broker stops"));
      signal.addEventListener("abort", stop, { once: true });
      promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
      if (signal.aborted) stop();
    });
  }

  #said(): Parameters<typeof formatRegistration>[0] {
    const { node, topics, brokerPermission } = this.#context;
    const open = PERM_READ | PERM_WRITE;
    let said: ReadonlyMap<string, TopicConfig> = topics.all();
    if ((brokerPermission & open) !== open) {
      said = new Map(
        Array.from(said, ([name, topic]) => [name, { ...topic, perm: brokerPermission }]),
      );
    }
    return { ...node, dataVersion: topics.dataVersion, topics: said };
  }

  #noteSuccess(line: Line): void {
    const { log, node, topics, onMaster } = this.#context;
    if (line.failure !== undefined) {
      log.info("a name server has us again", { namesrv: line.address });
      line.failure = undefined;
    }
    // Name servers may differ for a while. The first that says something counts, or two would take turns.
    const answers = this.#lines.flatMap(({ answer }) => answer ?? []);
    const order = answers.find(({ orderTopics }) => orderTopics !== undefined)?.orderTopics;
    if (order !== undefined) topics.setOrdered(new Set(order.keys()));
    // Where none has a master, the last one that was told stays: it comes back, or cannot be reached.
    const master = this.#master();
    if (node.brokerId !== 0 && master !== undefined) onMaster(master);
  }

  /** What the first name server that has our master says of it. */
  #master(): MasterAddresses | undefined {
    for (const { answer } of this.#lines) {
      const { masterAddr, haServerAddr } = answer ?? {};
      if (masterAddr !== undefined) return { masterAddr, haServerAddr };
    }
  }

  #lacksMaster(): boolean {
    return this.#context.node.brokerId !== 0 && this.#master() === undefined;
  }

  #noteFailure(line: Line, reason: string): void {
    if (this.#stop.signal.aborted || line.failure === reason) return;
    this.#context.log.warn("cannot register with a name server, trying on", {
      namesrv: line.address,
      reason,
    });
    line.failure = reason;
  }

  /** Asks one name server to forget us; false when it did not hear. */
  async #unregister(line: Line): Promise<boolean> {
    const { clock, log, peers, node } = this.#context;
    try {
      const call = peers.peer(line.address).then((peer) =>
        peer.call(formatUnregistration(node), UNREGISTER_MS)
      );
      await deadline(clock, UNREGISTER_MS, call, () => new Error(`${UNREGISTER_MS} ms are over`));
      return true;
    } catch (error) {
      log.info("could not unregister from a name server", {
        namesrv: line.address,
        reason: reasonOf(error),
      });
      return false;
    }
  }

  /** Waits, at most until topics change, the connection ends, or all does. */
  async #pause(line: Line, ms: number): Promise<void> {
    const woken = new AbortController();
    line.wake = () => woken.abort();
    if (this.#stop.signal.aborted) return;
    await sleep(this.#context.clock, ms, woken.signal);
    line.wake = undefined;
  }

  /** Topics changed after it was told of them last. */
  #isBehind(line: Line): boolean {
    return line.said !== this.#context.topics.dataVersion.counter;
  }

  /**
   * Topics changed: the name servers are told at once, because a consumer that starts right after the first
   * send and finds no route looks again only after 20 s; of more changes all together, a little later.
   */
  #collect(lines: readonly Line[] = this.#lines): void {
    if (this.#cancelCollect !== undefined || lines.length === 0) return;
    for (const line of lines) line.wake?.();
    this.#cancelCollect = this.#context.clock.after(COLLECT_MS, () => {
      this.#cancelCollect = undefined;
      // One that is away is told all of it when it is back, one that is being told goes on by itself.
      const waits = (line: Line) => line.wake !== undefined && line.failure === undefined;
      this.#collect(this.#lines.filter((line) => waits(line) && this.#isBehind(line)));
    });
  }
}
