import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { startNamesrv } from "../../mod.ts";
import { textOf } from "../../src/base/bytes.ts";
import { silentLog } from "../../src/base/log.ts";
import { type Broker, startBroker } from "../../src/broker/broker.ts";
import { configOf } from "../../src/broker/configure.ts";
import { connect } from "../../src/client/client.ts";
import type { Address } from "../../src/ports/net.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { RequestCode } from "../../src/wire/codes.ts";
import { addressText } from "../../src/wire/host_address.ts";
import { test } from "../harness.ts";
import { sendRequest, startBrokerNode, startCluster } from "../support/cluster.ts";
import { runtime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const TOPIC = "Read";
const GROUP = "Readers";
/** Handled in 50 ms while the master is on its way back, so that something is left then. */
const SLOWLY = 4;

/** Our consumer of the topic, from the first message on, that handles only what it is allowed to. */
function ledReader(namesrvAddr: string) {
  const client = connect(runtime, { namesrvAddr });
  const consumer = client.consumer({ group: GROUP, topics: [{ topic: TOPIC }], from: "first" });
  const got: string[] = [];
  let [allowed, wake] = [0, () => {}];
  const reading = (async () => {
    for await (const { body } of consumer.messages) {
      while (got.length >= allowed) await new Promise<void>((resolve) => wake = resolve);
      got.push(textOf(body).trimEnd());
    }
  })();
  const allow = (count: number) => {
    allowed += count;
    wake();
  };
  return {
    got,
    allow,
    async [Symbol.asyncDispose]() {
      await client.close();
      allow(Infinity);
      await reading;
    },
  };
}

/** Asks brokers what tests want to know of them. */
class Asker implements Disposable {
  readonly #calls = new Redial(runtime, silentLog);

  /** Sends numbered messages to queue 0, each of so many bytes at least. */
  async stock(master: Address, count: number, bytes = 0): Promise<void> {
    for (let n = 0; n < count; n += 50) {
      await Promise.all(Array.from({ length: 50 }, async (_, i) => {
        const request = sendRequest(TOPIC, `${n + i}`.padEnd(bytes));
        assertEquals((await this.#calls.call(addressText(master), request, 5_000)).code, 0);
      }));
    }
  }

  /** Messages that a node gave to pulls since it started. */
  async served(node: Address): Promise<number> {
    const request = { code: RequestCode.GET_BROKER_RUNTIME_INFO };
    const { body } = await this.#calls.call(addressText(node), request, 5_000);
    return Number(JSON.parse(textOf(body)).table.msgGetTotalTodayNow);
  }

  /** Where the group is in queue 0. */
  async offset(node: Address): Promise<number> {
    const ext = { consumerGroup: GROUP, topic: TOPIC, queueId: "0" };
    const request = { code: RequestCode.QUERY_CONSUMER_OFFSET, ext };
    return Number((await this.#calls.call(addressText(node), request, 5_000)).ext.offset);
  }

  /** The end of queue 0. */
  async end(node: Address): Promise<number> {
    const request = { code: RequestCode.GET_MAX_OFFSET, ext: { topic: TOPIC, queueId: "0" } };
    return Number((await this.#calls.call(addressText(node), request, 5_000)).ext.offset);
  }

  [Symbol.dispose](): void {
    this.#calls.close();
  }
}

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + 60_000;
  while (!await holds()) {
    if (Date.now() > end) throw new Error(`not within 60 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("our consumer goes on at the slave when the master is killed, and returns when it is back", async () => {
  await using cluster = await startCluster({ slaves: 1, role: "ASYNC_MASTER" });
  using ask = new Asker();
  const { master, slaves: [slave] } = cluster;
  await ask.stock(master.broker, 4_000);
  await until("the messages on the slave", async () => await ask.end(slave.broker) === 4_000);
  await using reader = ledReader(addressText(cluster.namesrv));
  reader.allow(50);
  await until("the first messages", () => reader.got.length === 50);
  assertGreater(await ask.served(master.broker), 0, "the master served");
  assertEquals(await ask.served(slave.broker), 0, "and the slave did not");

  await master.process.kill("SIGKILL");
  reader.allow(1_500); // more than it reads ahead
  await until("messages without a master", () => reader.got.length === 1_550);
  assertGreater(await ask.served(slave.broker), 0, "the slave served");
  await until("the offset at the slave", async () => await ask.offset(slave.broker) === 1_550);

  const again = await startBrokerNode(master.name, master.flags, master.dir);
  cluster.nodes.push(again); // ends with the others
  await until("a pull at the master that is back", async () => {
    reader.allow(SLOWLY);
    return await ask.served(again.broker) > 0;
  });
  assertLess(reader.got.length, 4_000, "it had something to read then");
  const bySlave = await ask.served(slave.broker);
  reader.allow(4_000);
  await until("everything", () => new Set(reader.got).size === 4_000);
  assertEquals(await ask.served(slave.broker), bySlave, "the slave served no more");
  assertEquals(reader.got, Array.from({ length: 4_000 }, (_, n) => `${n}`), "each once, in order");
  await until("the offset at the master", async () => await ask.offset(again.broker) === 4_000);
});

/** A broker in this process, on a machine whose memory is small. */
function smallBroker(role: "master" | "slave", dir: string, namesrvAddr: string): Promise<Broker> {
  const { config } = configOf({
    roles: { namesrv: false, broker: role },
    flags: {
      storePathRootDir: dir,
      namesrvAddr,
      bindAddress: "127.0.0.1",
      brokerIP1: "127.0.0.1",
      listenPort: "0",
      accessMessageInMemoryMaxRatio: "10",
    },
    addresses: ["127.0.0.1"],
  });
  const memory = () => ({ totalBytes: 10 * 1024 * 1024, residentBytes: 1 });
  return startBroker({ ...runtime, memory }, config, silentLog);
}

test("a reader further behind than the master's memory reads from the slave, and from the master near the end", async () => {
  using dir = tempDir();
  await using namesrv = await startNamesrv({ host: "127.0.0.1", port: 0 });
  const namesrvAddr = addressText(namesrv.address);
  await using master = await smallBroker("master", `${dir.path}/master`, namesrvAddr);
  await using slave = await smallBroker("slave", `${dir.path}/slave`, namesrvAddr);
  using ask = new Asker();
  await ask.stock(master.broker, 3_000, 1024); // 3 MB, and 1 MiB of them in memory
  await until("the messages on the slave", async () => await ask.end(slave.broker) === 3_000);
  await using reader = ledReader(namesrvAddr);
  reader.allow(3_000);
  await until("everything", () => new Set(reader.got).size === 3_000);
  const [byMaster, bySlave] = [await ask.served(master.broker), await ask.served(slave.broker)];
  assertEquals(byMaster + bySlave, 3_000);
  assertGreater(bySlave, 1_500);
  assertGreater(byMaster, 500);
});
