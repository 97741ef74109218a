/** Two name servers of which one is always in trouble, under a broker and clients that must not notice. */
import { assert, assertEquals } from "@std/assert";
import { silentLog } from "../../../src/base/log.ts";
import { Registrar } from "../../../src/broker/registration.ts";
import { plainTopic } from "../../../src/broker/topic_rules.ts";
import { Topics } from "../../../src/broker/topics.ts";
import { NameServers } from "../../../src/client/name_servers.ts";
import { Routes } from "../../../src/client/routes.ts";
import { type Namesrv, startNamesrv } from "../../../src/namesrv/namesrv.ts";
import { Redial } from "../../../src/rpc/redial.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { type Link, MemNet } from "../../support/mem_net.ts";
import { runtime } from "../../support/runtime.ts";
import { everySeed, type Random } from "../../support/seeds.ts";
import { TOPIC_OPTIONS } from "../../support/table_broker.ts";

const HOSTS = ["one", "two"] as const;
type Host = typeof HOSTS[number];
const PORT = 9876;
const TOPIC = "T";
/** A name server that is back has its broker after this, at most. */
const BACK_MS = 3_000;
/** No question takes longer, whoever is silent: well below the time-out of 3 s. */
const ANSWER_MS = 1_000;
const STEP_MS = 20;

class World {
  readonly clock = new VirtualClock();
  readonly net = new MemNet(this.clock);
  readonly #servers = new Map<Host, Namesrv>();
  readonly #vanished = new Set<string>();
  readonly #topics: Topics;
  readonly #peers: Redial;
  readonly #registrar: Registrar;
  #clients = 0;

  constructor() {
    const { clock, net } = this;
    net.onLink = (link) => link.stall(this.#vanished.has(hostOf(link)));
    this.#topics = new Topics(TOPIC_OPTIONS, {
      dir: new MemFs().dir("/config"),
      clock,
      log: silentLog,
      follows: false,
    });
    this.#topics.load();
    this.#topics.update(plainTopic(TOPIC, 4));
    this.#peers = new Redial({ net: net.host("broker"), clock }, silentLog);
    this.#registrar = new Registrar({
      clock,
      log: silentLog,
      codecs: runtime.codecs,
      peers: this.#peers,
      namesrvAddr: HOSTS.map(addressOf),
      node: {
        brokerAddr: "10.0.0.9:10911",
        brokerId: 0,
        brokerName: "broker-a",
        clusterName: "DefaultCluster",
        haServerAddr: "10.0.0.9:10912",
      },
      topics: this.#topics,
      brokerPermission: 6,
      registerNameServerPeriod: 30_000,
      registerBrokerTimeoutMills: 6_000,
      onMaster: () => {},
    });
  }

  async start(): Promise<void> {
    for (const host of HOSTS) await this.open(host);
    await this.take(this.#registrar.start(), ANSWER_MS, "the broker's start");
  }

  /** A name server with an empty table, on a machine that can be reached. */
  async open(host: Host): Promise<void> {
    this.#vanished.delete(host);
    const parts = {
      net: this.net.host(host),
      fs: new MemFs(),
      clock: this.clock,
      codecs: runtime.codecs,
    };
    this.#servers.set(host, await startNamesrv(parts, { host, port: PORT }, silentLog));
  }

  /** The process is killed: all its connections break. */
  async kill(host: Host): Promise<void> {
    for (const link of this.#links(host)) link.cut();
    await this.take(this.#servers.get(host)!.close(), 60_000, "the end of a name server");
  }

  /** The machine is gone: nothing comes from it, not even a reset. */
  vanish(host: Host): void {
    this.#vanished.add(host);
    for (const link of this.#links(host)) link.stall(true);
  }

  /** Routes as a client sees them that starts with that order of name servers. */
  client(order: readonly Host[]): { routes: Routes; close: () => void } {
    const { clock } = this;
    const net = this.net.host(`client${++this.#clients}`);
    const redial = new Redial({ net, clock }, silentLog);
    const servers = new NameServers(order.map(addressOf), { redial, clock });
    return {
      routes: new Routes(servers, { clock, log: silentLog }),
      close: () => redial.close(),
    };
  }

  /** What the promise gives, in that much virtual time. */
  async take<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
    let ended = false;
    promise.then(() => ended = true, () => ended = true);
    const since = this.clock.monotonic();
    await this.clock.settle();
    while (!ended) {
      assert(this.clock.monotonic() - since < ms, `${what} takes more than ${ms} ms`);
      await this.clock.advance(STEP_MS);
    }
    return await promise;
  }

  /** Waits until that name server by itself knows the topic. */
  async hasBroker(host: Host): Promise<void> {
    const since = this.clock.monotonic();
    for (;;) {
      const { routes, close } = this.client([host]);
      const found = await this.take(
        routes.of(TOPIC).catch(() => undefined),
        ANSWER_MS,
        "an answer",
      );
      close();
      if (found !== undefined) return;
      const waited = this.clock.monotonic() - since;
      assert(waited < BACK_MS, `name server ${host} has no broker after ${waited} ms`);
      await this.clock.advance(100);
    }
  }

  async close(): Promise<void> {
    await this.take(this.#registrar.close(), 10_000, "the broker's end");
    this.#peers.close();
    await this.#topics.close();
    for (const host of HOSTS) await this.kill(host);
    await this.clock.advance(10_000);
    assertEquals(this.clock.waiting, 0, "timers were left");
  }

  #links(host: Host): Link[] {
    return this.net.links.filter((link) => hostOf(link) === host);
  }
}

function addressOf(host: Host): string {
  return `${host}:${PORT}`;
}

/** The end that was dialled: every link here leads to a name server. */
function hostOf(link: Link): string {
  return link.dialer.remote.host;
}

/** Old and new clients ask, for that long; none of them may notice. */
async function ask(world: World, old: Routes, random: Random, ms: number): Promise<void> {
  const until = world.clock.monotonic() + ms;
  do {
    const known = await world.take(old.refresh(TOPIC), ANSWER_MS, "a refresh");
    assertEquals(known.readable.length, 4);
    const { routes, close } = world.client(random.below(2) ? HOSTS : [...HOSTS].reverse());
    const fresh = await world.take(routes.of(TOPIC), ANSWER_MS, "a new client's question");
    assertEquals(fresh.writable.length, 4);
    close();
    await world.clock.advance(random.between(50, 3_000));
  } while (world.clock.monotonic() < until);
}

test("one of two name servers is killed, vanishes and comes back empty, again and again", () =>
  everySeed(6, async (random) => {
    const world = new World();
    await world.start();
    const { routes, close } = world.client(HOSTS);
    for (let round = 0; round < 8; round++) {
      const host = random.pick(HOSTS);
      const downMs = random.pick([0, 500, 5_000, 40_000]);
      if (random.below(2)) await world.kill(host);
      else world.vanish(host);
      await ask(world, routes, random, downMs);
      if (!await isClosed(world, host)) await world.kill(host); // its machine starts again
      await world.open(host);
      await ask(world, routes, random, random.pick([0, 1_000]));
      await world.hasBroker(host);
    }
    close();
    await world.close();
  }));

/** True when nobody listens there any more. */
async function isClosed({ net }: World, host: Host): Promise<boolean> {
  const dial = net.host("probe").dial({ host, port: PORT }, { timeoutMs: 1 });
  return await dial.then((conn) => (conn.close(), false), () => true);
}
