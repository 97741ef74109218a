/** Two name servers: one is dead, vanished, or back with an empty table, and nobody notices. */
import { assert, assertEquals } from "@std/assert";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { connect } from "../../src/client/client.ts";
import { test } from "../harness.ts";
import { type Pocketmq, startPocketmq } from "../support/binary.ts";
import { runtime } from "../support/runtime.ts";
import { type TempDir, tempDir } from "../support/temp.ts";
import { hasBroker, newClientServes, type Traffic, trafficOf } from "../support/traffic.ts";

/** A name server that can be killed and started again on its port. */
class NameServer implements AsyncDisposable {
  #process: Pocketmq;
  readonly #folder: string;
  readonly address: string;

  private constructor(process: Pocketmq, folder: string) {
    this.#process = process;
    this.#folder = folder;
    this.address = process.ready.namesrv!;
  }

  static async start(folder: string): Promise<NameServer> {
    return new NameServer(await run(folder, "0"), folder);
  }

  async kill(): Promise<void> {
    await this.#process.kill("SIGKILL");
  }

  async again(): Promise<void> {
    this.#process = await run(this.#folder, this.address.split(":")[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

function run(folder: string, port: string): Promise<Pocketmq> {
  const kv = join(folder, "kvConfig.json");
  return startPocketmq(["--namesrv", "--namesrvPort", port, "--kvConfigPath", kv]);
}

function startMaster(folder: TempDir, namesrvAddr: string): Promise<Pocketmq> {
  return startPocketmq([
    ...["--master", "--listenPort", "0", "--brokerIP1", "127.0.0.1"],
    ...["--namesrvAddr", namesrvAddr, "--storePathRootDir", join(folder.path, "store")],
  ]);
}

/** Two name servers, a master that both know, and a client that sends and reads all the while. */
async function underTraffic(
  body: (one: NameServer, two: NameServer, traffic: Traffic, both: string) => Promise<void>,
): Promise<void> {
  using folder = tempDir();
  await using one = await NameServer.start(join(folder.path, "one"));
  await using two = await NameServer.start(join(folder.path, "two"));
  const namesrvAddr = `${one.address};${two.address}`;
  await using _master = await startMaster(folder, namesrvAddr);
  await using client = connect(runtime, { namesrvAddr });
  await newClientServes(namesrvAddr, "at first");
  const traffic = trafficOf(client);
  await body(one, two, traffic, namesrvAddr);
}

test("either of two name servers is killed and comes back empty: nobody notices", () =>
  underTraffic(async (one, two, traffic, namesrvAddr) => {
    for (
      const { server, other, name } of [
        { server: one, other: two, name: "the first" },
        { server: two, other: one, name: "the second" },
      ]
    ) {
      await after(500);
      await server.kill();
      await newClientServes(namesrvAddr, `${name} dead`);
      await after(1_500);
      await server.again();
      const back = hasBroker(server.address);
      await newClientServes(namesrvAddr, `${name} empty`);
      await newClientServes(`${other.address};${server.address}`, `${name} empty, asked last`);
      const ms = await back;
      assert(ms < 10_000, `${name} got its broker back after ${ms} ms`);
      await newClientServes(server.address, `${name} alone`);
    }
    const { sent, missing } = await traffic.end();
    assert(sent > 100, `${sent} were sent`);
    assertEquals(missing, []);
  }));

test("a broker serves on when both name servers are gone, and is in both when they are back", () =>
  underTraffic(async (one, two, traffic) => {
    await after(300);
    await Promise.all([one.kill(), two.kill()]);
    await after(1_000);
    await Promise.all([one.again(), two.again()]);
    await hasBroker(one.address);
    await hasBroker(two.address);
    assertEquals((await traffic.end()).missing, []);
  }));

test("a name server that takes connections and never answers delays neither start nor send", async () => {
  using folder = tempDir();
  const sockets = new Set<Socket>();
  const mute = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
  try {
    await using alive = await NameServer.start(folder.path);
    const { port } = mute.address() as { port: number };
    const namesrvAddr = `127.0.0.1:${port};${alive.address}`;
    const master = await timed(() => startMaster(folder, namesrvAddr));
    await using running = master.value;
    assert(master.ms < 5_000, `the master was ready after ${master.ms} ms`); // its time-out is 6 s
    const client = await timed(() => newClientServes(namesrvAddr, "beside a mute one"));
    assert(client.ms < 2_900, `a client took ${client.ms} ms`); // its time-out is 3 s, for each question
    const stop = await timed(() => running.stop());
    assertEquals(stop.value, 0);
    assert(stop.ms < 2_900, `the master stopped after ${stop.ms} ms`); // its time-out is 3 s
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => mute.close(resolve));
  }
});

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const began = performance.now();
  const value = await work();
  return { value, ms: Math.round(performance.now() - began) };
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
