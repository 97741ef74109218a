import { assert, assertEquals, assertRejects } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import { CorruptLogError } from "../../../src/base/errors.ts";
import { type Broker, startBroker } from "../../../src/broker/broker.ts";
import { configOf } from "../../../src/broker/configure.ts";
import { type Net, NetError } from "../../../src/ports/net.ts";
import type { Runtime } from "../../../src/ports/host.ts";
import { CallError, type Handler } from "../../../src/rpc/peer.ts";
import { Redial } from "../../../src/rpc/redial.ts";
import { serve } from "../../../src/rpc/serve.ts";
import { StoreRefusal } from "../../../src/store/errors.ts";
import { parseSettings } from "../../../src/wire/admin.ts";
import type { Command } from "../../../src/wire/command.ts";
import { decodeRecords } from "../../../src/wire/message.ts";
import { test } from "../../harness.ts";
import { pull, send } from "../../support/broker_rig.ts";
import { VirtualClock } from "../../support/clock.ts";
import { codecs } from "../../support/codecs.ts";
import type { CommandFields } from "../../support/far_end.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { MemNet } from "../../support/mem_net.ts";
import { Lines } from "../../support/store.ts";

const NAMESRV = { host: "10.0.0.5", port: 9876 };
const MASTER = "10.0.0.1";

/** Hosts with brokers, and a name server that only notes what it hears. */
class World {
  readonly clock = new VirtualClock();
  readonly net = new MemNet(this.clock);
  readonly log = new Lines();
  /** Codes and addresses the name server heard, and whether the broker's port was open then. */
  readonly heard: { code: number; addr: string; isOpen: boolean }[] = [];
  readonly #calls = new Redial({ net: this.net.host("10.0.0.99"), clock: this.clock }, this.log);
  readonly #stop = new AbortController();
  #served: Promise<void> = Promise.resolve();

  async openNamesrv(): Promise<void> {
    const listener = await this.net.host(NAMESRV.host).listen(NAMESRV);
    const note: Handler = async ({ code, ext }) => {
      const [host, port] = ext.brokerAddr.split(":");
      const taken = this.net.host(host).listen({ host, port: Number(port) });
      const isOpen = await taken.then((free) => (free.close(), false), () => true);
      this.heard.push({ code, addr: ext.brokerAddr, isOpen });
      return { code: 0 };
    };
    const handlers = new Map<number, Handler>([[103, note], [104, note]]);
    this.#served = serve(listener, { handlers }, this, this.#stop.signal);
  }

  /** Starts a broker on a host; time moves until it serves. */
  async start(
    host = MASTER,
    {
      fs = new MemFs(),
      role = "master" as "master" | "slave",
      flags = {},
      net = this.net.host(host),
    } = {},
  ): Promise<Broker> {
    const { config } = configOf({
      roles: { namesrv: false, broker: role },
      flags: {
        storePathRootDir: "/store",
        mappedFileSizeCommitLog: "65536",
        mappedFileSizeConsumeQueue: "2000",
        maxHashSlotNum: "500",
        maxIndexNum: "400",
        namesrvAddr: `${NAMESRV.host}:${NAMESRV.port}`,
        ...flags,
      },
      addresses: [host],
    });
    const runtime: Runtime = {
      name: "deno",
      version: "0",
      net,
      fs,
      clock: this.clock,
      codecs,
      processId: 1,
      random: (into) => into.fill(1),
      addresses: () => [host],
      memory: () => ({ totalBytes: 2 ** 40, residentBytes: 1 }),
    };
    return await this.until(startBroker(runtime, config, this.log));
  }

  /** Lets a promise come, and time with it. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let done = false;
    const settled = Promise.allSettled([promise]).then((results) => (done = true, results));
    for (let i = 0; !done && i < 1000; i++) await this.clock.advance(10);
    const [result] = await settled;
    if (result.status === "rejected") throw result.reason;
    return result.value;
  }

  /** Asks the broker at that port. */
  ask(port: number, { code = 0, ext, body }: CommandFields, host = MASTER): Promise<Command> {
    return this.until(this.#calls.call(`${host}:${port}`, { code, ext, body }, 20_000));
  }

  /** Says nothing to wait for: the other end may be silent for long. */
  begin(port: number, { code = 0, ext, body }: CommandFields): Promise<Command> {
    return this.#calls.call(`${MASTER}:${port}`, { code, ext, body }, 20_000);
  }

  async end(...brokers: Broker[]): Promise<void> {
    for (const broker of brokers) await this.until(broker.close());
    this.#calls.close();
    this.#stop.abort();
    await this.until(this.#served);
    await this.clock.settle();
    assertEquals(this.clock.waiting, 0, "nothing is left running");
  }
}

test("a broker registers when its ports are open, and unregisters before they close", async () => {
  const world = new World();
  await world.openNamesrv();
  const fs = new MemFs();
  const broker = await world.start(MASTER, { fs });
  assertEquals([broker.role, broker.slaves], ["ASYNC_MASTER", 0]);
  assertEquals([broker.broker, broker.ha], [
    { host: MASTER, port: 10911 },
    { host: MASTER, port: 10912 },
  ]);
  assert(fs.paths("store").includes("store/abort"));
  await world.end(broker);
  const all = world.heard.map(({ code, addr, isOpen }) => ({ code, addr, isOpen }));
  assertEquals(all, [103, 104].map((code) => ({ code, addr: `${MASTER}:10911`, isOpen: true })));
  assert(!fs.paths("store").includes("store/abort"));
  assertEquals([fs.open, fs.locks.size], [0, 0]);
});

test("a broker whose port fails stops serving, says why, and can still be closed", async () => {
  const world = new World();
  const net = world.net.host(MASTER);
  let fail = (_: Error): void => {};
  const failure = new Promise<never>((_, reject) => fail = reject);
  const broken: Net = {
    dial: net.dial,
    async listen(at) {
      const listener = await net.listen(at);
      if (at.port !== 10911) return listener;
      const connections = { [Symbol.asyncIterator]: () => ({ next: () => failure }) };
      return { ...listener, connections };
    },
  };
  const broker = await world.start(MASTER, { net: broken });
  fail(new Error("no more descriptors"));
  await world.until(broker.stopped);
  const [line] = world.log.lines.filter((line) => line.includes("the broker stopped"));
  assert(line.includes("no more descriptors"), line);
  await assertRejects(() => world.ask(10909, { code: 28 }), CallError);
  await world.end(broker);
});

test("a broker without any name server serves", async () => {
  const world = new World();
  const broker = await world.start();
  assertEquals((await world.ask(10911, send())).code, 0);
  const answer = await world.ask(10911, pull());
  assertEquals([answer.code, decodeRecords(answer.body).length], [0, 1]);
  await world.end(broker);
});

test("26 names the ports that were picked", async () => {
  const world = new World();
  const broker = await world.start(MASTER, { flags: { listenPort: "0" } });
  const { port } = broker.broker;
  const settings = parseSettings((await world.ask(port, { code: 26 })).body);
  assertEquals(
    [settings.get("listenPort"), settings.get("haListenPort")],
    [String(port), String(broker.ha.port)],
  );
  await world.end(broker);
});

test("the port 2 below takes sends and refuses pulls", async () => {
  const world = new World();
  const broker = await world.start();
  assertEquals((await world.ask(10909, send())).code, 0);
  assertEquals((await world.ask(10909, pull())).code, 3);
  assertEquals((await world.ask(10911, pull())).code, 0);
  await world.end(broker);
});

test("a message wakes the pulls that wait for it", async () => {
  const world = new World();
  const broker = await world.start();
  await world.ask(10911, send());
  const waiting = world.begin(10911, pull({ queueOffset: "1", sysFlag: "6" }));
  await world.clock.advance(1000);
  const sentAt = world.clock.monotonic();
  await world.ask(10909, send({}, "new"));
  const { body } = await world.until(waiting);
  assertEquals(new TextDecoder().decode(decodeRecords(body)[0].body), "new");
  assert(world.clock.monotonic() - sentAt < 100, "no sweep was needed");
  await world.end(broker);
});

test("a consumer whose connection ends is no member any more", async () => {
  const world = new World();
  const broker = await world.start();
  const client = new Redial({ net: world.net.host("10.0.0.77"), clock: world.clock }, world.log);
  const consumerDataSet = [{ groupName: "g", subscriptionDataSet: [] }];
  const body = utf8(JSON.stringify({ clientID: "c", consumerDataSet }));
  await world.until(client.call(`${MASTER}:10911`, { code: 34, body }, 1000));
  const members = { code: 38, ext: { consumerGroup: "g" } };
  assertEquals((await world.ask(10911, members)).code, 0);
  client.close();
  await world.clock.settle();
  assertEquals((await world.ask(10911, members)).code, 1);
  await world.end(broker);
});

test("a broker stops at once while pulls are parked", async () => {
  const world = new World();
  const broker = await world.start();
  const parked = world.begin(10911, pull({ topic: "BenchmarkTest", sysFlag: "6" }));
  const failed = assertRejects(() => parked, CallError);
  await world.clock.advance(10);
  const from = world.clock.monotonic();
  await world.end(broker);
  assert(world.clock.monotonic() - from < 1000);
  assertEquals((await failed).kind, "closed");
});

test("a SYNC_MASTER that stops answers whoever waits for a slave, and refuses the rest", async () => {
  const world = new World();
  world.net.onLink = ({ dialer, toAcceptor, toDialer }) => {
    if (dialer.remote.port !== 10912) return;
    for (const { manner } of [toAcceptor, toDialer]) manner.delayMs = 200;
  };
  const master = await world.start(MASTER, { flags: { brokerRole: "SYNC_MASTER" } });
  await world.ask(10911, send());
  const flags = { haMasterAddress: `${MASTER}:10912` };
  const slave = await world.start("10.0.0.2", { role: "slave", flags });
  await world.clock.advance(10_000);
  const waiting = world.begin(10911, send());
  await world.clock.advance(50);
  const closing = master.close();
  await world.clock.advance(50);
  const late = world.begin(10911, send());
  await Promise.all([world.until(closing), assertCode(waiting, 0), assertCode(late, 14)]);
  await world.end(slave);
});

async function assertCode(answer: Promise<Command>, code: number): Promise<void> {
  assertEquals((await answer).code, code);
}

test("a SYNC_MASTER that stops waits for a dead slave no longer than its senders do", async () => {
  const world = new World();
  const flags = { brokerRole: "SYNC_MASTER", slaveTimeout: "900" };
  const master = await world.start(MASTER, { flags });
  await world.ask(10911, send());
  const slave = await world.start("10.0.0.2", {
    role: "slave",
    flags: { haMasterAddress: `${MASTER}:10912` },
  });
  await world.clock.advance(10_000);
  for (const link of world.net.links) if (link.dialer.remote.port === 10912) link.stall(true);
  const waiting = world.begin(10911, send());
  await world.clock.advance(50);
  const from = world.clock.monotonic();
  await Promise.all([world.until(master.close()), assertCode(waiting, 12)]);
  assert(world.clock.monotonic() - from < 3000);
  await world.end(slave);
});

test("messages and tables are there again after a restart", async () => {
  const world = new World();
  const fs = new MemFs();
  const before = await world.start(MASTER, { fs });
  const { ext: { msgId } } = await world.ask(10911, send({ topic: "Kept" }));
  await world.until(before.close());
  const after = await world.start(MASTER, { fs });
  const answer = await world.ask(10911, pull({ topic: "Kept" }));
  assertEquals(decodeRecords(answer.body).length, 1);
  const next = await world.ask(10911, send({ topic: "Kept" }));
  assert(next.ext.msgId > msgId && next.ext.queueOffset === "1");
  await world.end(after);
});

for (const port of [10911, 10909, 10912]) {
  test(`a broker whose port ${port} is taken lets go of everything`, async () => {
    const world = new World();
    const fs = new MemFs();
    const taken = await world.net.host(MASTER).listen({ host: MASTER, port });
    const error = await assertRejects(() => world.start(MASTER, { fs }), NetError, String(port));
    assertEquals([error.code, fs.locks.size, fs.open], ["in-use", 0, 0]);
    taken.close();
    await world.end(await world.start(MASTER, { fs }));
  });
}

test("a broker with a table that cannot be read opens no port and lets go of its store", async () => {
  const world = new World();
  await world.openNamesrv();
  const fs = new MemFs();
  fs.put("store/config/topics.json", utf8('{"dataVersion":'));
  await assertRejects(() => world.start(MASTER, { fs }), CorruptLogError, "topics.json");
  assertEquals([fs.locks.size, fs.open, world.heard], [0, 0, []]);
  for (const port of [10909, 10911, 10912]) {
    (await world.net.host(MASTER).listen({ host: MASTER, port })).close();
  }
  await world.end();
});

test("a second broker on the same store is refused, and the first goes on", async () => {
  const world = new World();
  const fs = new MemFs();
  const first = await world.start(MASTER, { fs });
  const second = world.start(MASTER, { fs, flags: { listenPort: "20911" } });
  await assertRejects(() => second, StoreRefusal);
  assertEquals((await world.ask(10911, send())).code, 0);
  await world.end(first);
});

test("a SYNC_MASTER answers 0 when its slave has the message, and the slave gives it out", async () => {
  const world = new World();
  const master = await world.start(MASTER, { flags: { brokerRole: "SYNC_MASTER" } });
  assertEquals((await world.ask(10911, send())).code, 11);
  const slave = await world.start("10.0.0.2", {
    role: "slave",
    flags: { haMasterAddress: `${MASTER}:10912` },
  });
  await world.clock.advance(10_000);
  assertEquals([slave.role, master.slaves], ["SLAVE", 1]);
  assertEquals((await world.ask(10911, send())).code, 0);
  const copy = await world.ask(10911, pull(), "10.0.0.2");
  assertEquals([copy.code, decodeRecords(copy.body).length], [0, 2]);
  assertEquals((await world.ask(10911, send(), "10.0.0.2")).code, 14);
  await world.end(slave, master);
});
