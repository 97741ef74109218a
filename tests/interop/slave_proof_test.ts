/** Our slave under a real Java SYNC_MASTER, which takes a first report as an acknowledgement unchecked. */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { silentLog } from "../../src/base/log.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { RequestCode } from "../../src/wire/codes.ts";
import { type OwnHaStatus, parseHaStatus } from "../../src/wire/ha_status.ts";
import { test } from "../harness.ts";
import { sendRequest } from "../support/cluster.ts";
import { CuttingProxy } from "../support/cutting_proxy.ts";
import { runtime } from "../support/runtime.ts";
import { prepareJava } from "./java.ts";
import { BrokerNode, type By, type Config, startNamesrv } from "./matrix/nodes.ts";
import { compareFolders } from "./stores.ts";
import { freePorts } from "../support/free_ports.ts";

const MIB = 1024 * 1024;
const BODY = "x".repeat(4_000);
const SEND_OK = 0;
const SLAVE_NOT_AVAILABLE = 11;
/** A 4.9 slave speaks 5 s after it connected, and registers its master's address 10 s apart. */
const JAVA_SLAVE_SPEAKS_S = 60;

/** A name server of ours, and brokers of one name on it. */
class Lab implements AsyncDisposable {
  readonly home = mkdtempSync(join(tmpdir(), "pocketmq-proof-"));
  readonly calls = new Redial(runtime, silentLog);
  readonly #nodes: BrokerNode[] = [];
  #namesrv: Awaited<ReturnType<typeof startNamesrv>> | undefined;
  #masterPort = 0;

  static async start(): Promise<Lab> {
    await prepareJava();
    const lab = new Lab();
    process.on("exit", () => rmSync(lab.home, { recursive: true, force: true }));
    lab.#namesrv = await startNamesrv(lab.home);
    lab.#masterPort = await freePorts();
    return lab;
  }

  get master(): string {
    return `127.0.0.1:${this.#masterPort}`;
  }

  get masterHa(): { host: string; port: number } {
    return { host: "127.0.0.1", port: this.#masterPort + 1 };
  }

  folder(name: string): string {
    return join(this.home, name);
  }

  /** A broker on its store; masters share one port. */
  async broker(
    role: "master" | "slave",
    by: By,
    name: string,
    config: Config = {},
  ): Promise<BrokerNode> {
    const isMaster = role === "master";
    const node = new BrokerNode(
      role,
      by,
      { port: isMaster ? this.#masterPort : await freePorts(), folder: this.folder(name) },
      {
        brokerClusterName: "DefaultCluster",
        brokerName: "broker-a",
        brokerId: isMaster ? 0 : 1,
        brokerRole: isMaster ? "SYNC_MASTER" : "SLAVE",
        brokerIP1: "127.0.0.1",
        brokerIP2: "127.0.0.1",
        namesrvAddr: this.#namesrv!.address,
        mappedFileSizeCommitLog: MIB,
        mappedFileSizeConsumeQueue: 20_000,
        maxHashSlotNum: 5_000,
        maxIndexNum: 20_000,
        ...config,
      },
      this.calls,
    );
    this.#nodes.push(node);
    await node.start();
    return node;
  }

  /** Sends messages of about 4 KiB to the master; gives how many got each answer. */
  async send(count: number, body = BODY): Promise<Map<number, number>> {
    const codes = new Map<number, number>();
    for (let i = 0; i < count; i++) {
      const { code } = await this.calls.call(this.master, sendRequest("Proof", body), 10_000);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    return codes;
  }

  /** What a slave of ours says of itself, once it is in one of the states. */
  async state(slave: BrokerNode, ...wanted: string[]): Promise<OwnHaStatus> {
    let own: OwnHaStatus | undefined;
    for (let tries = 0; tries < 600; tries++) {
      const request = { code: RequestCode.GET_BROKER_HA_STATUS };
      const { body } = await this.calls.call(`127.0.0.1:${slave.port}`, request, 5_000);
      own = parseHaStatus(body).pocketmq!;
      if (wanted.includes(own.state)) return own;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`it is ${own?.state}, not ${wanted}: ${own?.reason}\n${slave.said()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.#nodes.reverse()) await node.end("SIGKILL");
    await this.#namesrv?.end("SIGKILL");
    this.calls.close();
    rmSync(this.home, { recursive: true, force: true });
  }
}

test("a slave that is ahead of a Java SYNC_MASTER, or has another history, makes it answer SEND_OK for nobody; ours does not", async () => {
  await using lab = await Lab.start();
  // Two histories with one beginning: a master that lost its last messages, and a slave that has them.
  const first = await lab.broker("master", "ours", "slave");
  await lab.send(100);
  await first.end("SIGTERM");
  cpSync(lab.folder("slave"), lab.folder("master"), { recursive: true });
  await first.start();
  await lab.send(200, BODY.toUpperCase());
  await first.end("SIGTERM");
  for (const copy of ["before", "java"]) {
    cpSync(lab.folder("slave"), lab.folder(copy), { recursive: true });
  }
  cpSync(lab.folder("master"), lab.folder("control"), { recursive: true });
  const sameLog = () =>
    assertEquals(
      compareFolders(
        join(lab.folder("before"), "commitlog"),
        join(lab.folder("slave"), "commitlog"),
      )
        .difference,
      undefined,
      "a byte of the slave's log moved",
    );

  const master = await lab.broker("master", "java", "master");
  const slave = await lab.broker("slave", "ours", "slave");
  const ahead = await lab.state(slave, "AHEAD");
  assertGreater(ahead.maxOffset, ahead.masterMaxOffset);
  assertEquals(await lab.send(20), new Map([[SLAVE_NOT_AVAILABLE, 20]]));
  assertEquals((await lab.state(slave, "AHEAD")).maxOffset, ahead.maxOffset);
  assertEquals(await lab.send(300), new Map([[SLAVE_NOT_AVAILABLE, 300]]));
  const diverged = await lab.state(slave, "DIVERGED");
  assertGreater(diverged.masterMaxOffset, diverged.maxOffset);
  assertEquals(await lab.send(20), new Map([[SLAVE_NOT_AVAILABLE, 20]]));
  await slave.end("SIGTERM");
  sameLog();
  await master.end("SIGTERM");

  // The control: the same logs, with a Java slave in place of ours.
  const again = await lab.broker("master", "java", "control");
  await lab.broker("slave", "java", "java");
  const before = (await again.bounds())!;
  let codes = new Map<number, number>();
  for (let s = 0; s < JAVA_SLAVE_SPEAKS_S && !codes.has(SEND_OK); s++) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    codes = await lab.send(1, "nobody copies this");
  }
  assert(codes.has(SEND_OK), "a Java slave that is ahead makes a Java master answer SEND_OK");
  const written = await again.bounds();
  assertLess(written!.max, diverged.maxOffset, "below the slave's end: it took none of that");
  assertGreater(written!.max, before.max);
});

test("an empty slave of ours takes the whole log of a Java master, byte for byte, and half-size files are seen before anything is acknowledged", async () => {
  await using lab = await Lab.start();
  const master = await lab.broker("master", "java", "master");
  assertEquals(await lab.send(900), new Map([[SLAVE_NOT_AVAILABLE, 900]]));
  const { max } = (await master.bounds())!;
  assertGreater(max, 3.5 * MIB, "several files, and the last one is more than half full");

  // Files of half the size: by the master's answer, and by its bytes alone.
  await using proxy = await CuttingProxy.start(lab.masterHa, MIB);
  const haMasterAddress = `127.0.0.1:${proxy.address.port}`;
  for (const haProof of ["requests", "stream"]) {
    const half = { mappedFileSizeCommitLog: MIB / 2, haProof, haMasterAddress };
    const slave = await lab.broker("slave", "ours", `half-${haProof}`, half);
    const { reason } = await lab.state(slave, "WRONG_FILE_SIZE");
    assert(/\d{6}/.test(reason), reason);
    assert(!(await lab.send(1)).has(SEND_OK), "nobody copied that"); // 12 until Java sees the close, then 11
    await slave.end("SIGTERM");
    const reported = proxy.links.map(({ lastReport = 0 }) => lastReport);
    const lastFile = max - max % MIB;
    if (haProof === "requests") assertEquals(reported, []);
    else assert(reported.every((end) => end <= lastFile + MIB / 2), `${reported}`);
  }

  // And the right size: Java would give its last file only to whoever reports 0.
  const slave = await lab.broker("slave", "ours", "slave");
  const { masterMinOffset } = await lab.state(slave, "IN_SYNC");
  assertEquals(masterMinOffset, 0);
  assertEquals(await lab.send(50), new Map([[SEND_OK, 50]]));
  await lab.state(slave, "IN_SYNC");
  await slave.end("SIGKILL"); // and again on what it has
  await slave.start();
  await lab.state(slave, "IN_SYNC");
  assertEquals(await lab.send(50), new Map([[SEND_OK, 50]]));
  await slave.end("SIGTERM");
  await master.end("SIGTERM");
  const { difference, chunks } = compareFolders(
    join(lab.folder("master"), "commitlog"),
    join(lab.folder("slave"), "commitlog"),
  );
  assertEquals(difference, undefined);
  assertGreater(chunks, 3);
});
