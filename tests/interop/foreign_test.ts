/**
 * What our master keeps from a Java slave: bytes that continue another history, and what an empty one would take
 * for the beginning of its log. Java's side takes whatever fits in offset.
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { silentLog } from "../../src/base/log.ts";
import { Redial } from "../../src/rpc/redial.ts";
import type { Command } from "../../src/wire/command.ts";
import { parseHaStatus, type RefusedSlave } from "../../src/wire/ha_status.ts";
import { test } from "../harness.ts";
import { LONG } from "../support/seeds.ts";
import { sendRequest } from "../support/cluster.ts";
import { pause, until as untilWithin } from "../support/ha_port.ts";
import { runtime } from "../support/runtime.ts";
import { prepareJava } from "./java.ts";
import { BrokerNode, type By, startNamesrv } from "./matrix/nodes.ts";
import { freePorts } from "../support/free_ports.ts";

const FILE_BYTES = 256 * 1024;
/** An idle master speaks this often. A Java slave first speaks after 5 s, when its broker port is known. */
const HEARTBEAT_MS = 1_000;

/** Java takes its time on a busy machine. */
function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  return untilWithin(what, holds, 150);
}

/** A name server and brokers in one folder, which ends with them. */
class Scene implements AsyncDisposable {
  readonly home: string;
  readonly calls: Redial = new Redial(runtime, silentLog);
  readonly #namesrv: Awaited<ReturnType<typeof startNamesrv>>;
  readonly #nodes: BrokerNode[] = [];

  private constructor(home: string, namesrv: Awaited<ReturnType<typeof startNamesrv>>) {
    this.home = home;
    this.#namesrv = namesrv;
  }

  static async start(): Promise<Scene> {
    await prepareJava();
    const home = mkdtempSync(join(tmpdir(), "pocketmq-foreign-"));
    process.on("exit", () => rmSync(home, { recursive: true, force: true }));
    return new Scene(home, await startNamesrv(home));
  }

  /** Starts a broker on what the folder holds. */
  async broker(
    by: By,
    role: "master" | "slave",
    name: string,
    haPort?: number,
  ): Promise<BrokerNode> {
    const master = {
      brokerId: 0,
      brokerRole: "ASYNC_MASTER",
      haSendHeartbeatInterval: HEARTBEAT_MS,
    };
    const slave = { brokerId: 1, brokerRole: "SLAVE", haMasterAddress: `127.0.0.1:${haPort}` };
    const node = new BrokerNode(
      role,
      by,
      { port: await freePorts(), folder: join(this.home, name) },
      {
        brokerClusterName: "DefaultCluster",
        brokerName: "broker-a",
        brokerIP1: "127.0.0.1",
        brokerIP2: "127.0.0.1",
        namesrvAddr: this.#namesrv.address,
        mappedFileSizeCommitLog: FILE_BYTES,
        maxMessageSize: 64 * 1024,
        mappedFileSizeConsumeQueue: 2_000 * 20,
        maxHashSlotNum: 5_000,
        maxIndexNum: 20_000,
        ...(role === "slave" ? slave : master),
      },
      this.calls,
    );
    this.#nodes.push(node);
    await node.start();
    return node;
  }

  /** A store with messages of that letter and size, of a master that is over. */
  async store(by: By, name: string, letter: string, count: number, size = 1_000): Promise<void> {
    const master = await this.broker(by, "master", name);
    await this.send(master, letter, count, size);
    await master.end("SIGTERM");
  }

  async send(master: BrokerNode, letter: string, count: number, size = 1_000): Promise<void> {
    for (let i = 0; i < count; i++) {
      const { code } = await this.ask(master, sendRequest("Foreign", letter.repeat(size)));
      assertEquals(code, 0, master.said());
    }
  }

  /** The same store for another node. */
  copy(from: string, to: string): void {
    cpSync(join(this.home, from), join(this.home, to), { recursive: true });
  }

  ask(node: BrokerNode, request: Parameters<Redial["call"]>[1]): Promise<Command> {
    return this.calls.call(`127.0.0.1:${node.port}`, request, 10_000);
  }

  /** Whom our master turns away. */
  async refused(master: BrokerNode): Promise<readonly RefusedSlave[]> {
    return parseHaStatus((await this.ask(master, { code: 907 })).body).pocketmq!.refused;
  }

  /** Waits until it came again and was turned away. */
  async refusedAgain(master: BrokerNode): Promise<void> {
    const [{ at }] = await this.refused(master);
    await until("it comes again", async () => (await this.refused(master))[0].at > at);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.#nodes) await node.end("SIGKILL");
    await this.#namesrv.end("SIGKILL");
    this.calls.close();
    rmSync(this.home, { recursive: true, force: true });
  }
}

async function endOf(node: BrokerNode): Promise<number> {
  await until("it says where its log ends", async () => await node.bounds() !== undefined);
  return (await node.bounds())!.max;
}

/** The letters that bodies of its log are made of. */
function letters(node: BrokerNode): string {
  const folder = join(node.folder, "commitlog");
  const text = readdirSync(folder).sort()
    .map((name) => readFileSync(join(folder, name), "latin1")).join("");
  return ["aaaaaaaa", "bbbbbbbb"].filter((run) => text.includes(run)).map((run) => run[0]).join("");
}

test("control: a Java master feeds a slave of another history, and neither says a word", async () => {
  await using scene = await Scene.start();
  await scene.store("java", "a", "a", 100);
  await scene.store("java", "b", "b", 200);
  const master = await scene.broker("java", "master", "b");
  scene.copy("a", "slave");
  const slave = await scene.broker("java", "slave", "slave", master.haPort);
  await until(
    "the slave's log is as long as the master's",
    async () => await endOf(slave) === await endOf(master),
  );
  assertEquals([letters(master), letters(slave)], ["b", "ab"], "two histories in one log");
});

for (
  const { name, size } of [
    { name: "its records lie where ours do", size: 1_000 },
    { name: "its records lie elsewhere", size: 700 },
  ].slice(0, LONG ? 2 : 1)
) {
  test(`a Java slave with another history never gets our bytes: ${name}`, async () => {
    await using scene = await Scene.start();
    await scene.store("java", "a", "a", 100, size);
    await scene.store("ours", "b", "b", 200);
    const master = await scene.broker("ours", "master", "b"); // longer than the slave's log when it was opened
    scene.copy("a", "slave");
    const slave = await scene.broker("java", "slave", "slave", master.haPort);
    const before = await endOf(slave);
    await until("it is refused", async () => (await scene.refused(master)).length > 0);
    await scene.send(master, "b", 50);
    await scene.refusedAgain(master);
    const [{ addr, kind }, ...more] = await scene.refused(master);
    assertEquals([addr, kind, more], ["127.0.0.1", "FOREIGN", []]);
    assertEquals([await endOf(slave), letters(slave)], [before, "a"]);
    assertGreater(await endOf(master), before);
    const { code, remark } = await scene.ask(master, { code: 29_072, ext: { addr: "127.0.0.1" } });
    assertEquals(code, 0, remark);
    await until("an operator had it served all the same", async () => await endOf(slave) > before);
  });
}

test("a Java slave whose master lost its log is ahead, then FOREIGN, and never gets our bytes", async () => {
  await using scene = await Scene.start();
  await scene.store("java", "a", "a", 100);
  const master = await scene.broker("ours", "master", "b");
  await scene.send(master, "b", 20);
  scene.copy("a", "slave");
  const slave = await scene.broker("java", "slave", "slave", master.haPort);
  const before = await endOf(slave);
  const kind = async () => (await scene.refused(master))[0]?.kind;
  await until("it is ahead", async () => await kind() === "AHEAD");
  await scene.send(master, "b", 200);
  await until("it is FOREIGN", async () => await kind() === "FOREIGN");
  await scene.refusedAgain(master);
  assertEquals([await endOf(slave), letters(slave)], [before, "a"]);
});

test("a Java slave of our history is served after our master began anew", async () => {
  await using scene = await Scene.start();
  await scene.store("ours", "b", "b", 100);
  scene.copy("b", "slave");
  const master = await scene.broker("ours", "master", "b");
  const slave = await scene.broker("java", "slave", "slave", master.haPort);
  await scene.send(master, "b", 50);
  await until("it has all", async () => await endOf(slave) === await endOf(master));
  assertEquals(await scene.refused(master), []);
});

test("no heartbeat and no unaligned first packet reaches an empty Java slave", async () => {
  await using scene = await Scene.start();
  const master = await scene.broker("ours", "master", "b");
  const slave = await scene.broker("java", "slave", "slave", master.haPort);
  const files = () => {
    const folder = join(slave.folder, "commitlog");
    return existsSync(folder) ? readdirSync(folder).sort() : [];
  };
  const connected = async () =>
    parseHaStatus((await scene.ask(master, { code: 907 })).body).haConnectionInfo.length === 1;
  await until("it reported", connected);
  await pause(4 * HEARTBEAT_MS); // a heartbeat would be due
  assertEquals(files(), [], "it made files for what it was sent");
  await scene.send(master, "b", 300);
  await until("it has all", async () => await endOf(slave) === await endOf(master));
  assertEquals(files()[0], "00000000000000000000");
  assert((await slave.bounds())!.min === 0);
});
