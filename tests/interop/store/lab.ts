import { assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { silentLog } from "../../../src/base/log.ts";
import { Redial } from "../../../src/rpc/redial.ts";
import { runPocketmq } from "../../support/binary.ts";
import { runtime } from "../../support/runtime.ts";
import { prepareJava } from "../java.ts";
import { BrokerNode, type By, type Config, startNamesrv } from "../matrix/nodes.ts";
import { freePorts } from "../../support/free_ports.ts";

type Role = "master" | "slave";
type Namesrv = Awaited<ReturnType<typeof startNamesrv>>;

/** Small files: a few messages fill many, of every kind. */
const CONFIG: Config = {
  brokerClusterName: "DefaultCluster",
  brokerName: "broker-a",
  brokerIP1: "127.0.0.1",
  brokerIP2: "127.0.0.1",
  slaveReadEnable: "true",
  mappedFileSizeCommitLog: 256 * 1024,
  maxMessageSize: 64 * 1024,
  mappedFileSizeConsumeQueue: 30 * 20,
  maxHashSlotNum: 100,
  maxIndexNum: 400,
  flushConsumerOffsetInterval: 500,
};

/** Stores in one folder, and the brokers that start on them one after another. */
export class StoreLab implements AsyncDisposable {
  readonly home: string;
  readonly #namesrv: Namesrv;
  readonly #ports: Record<Role, number>;
  readonly #calls = new Redial(runtime, silentLog);
  readonly #nodes: BrokerNode[] = [];

  private constructor(home: string, namesrv: Namesrv, ports: Record<Role, number>) {
    this.home = home;
    this.#namesrv = namesrv;
    this.#ports = ports;
  }

  static async start(): Promise<StoreLab> {
    await prepareJava();
    const home = mkdtempSync(join(tmpdir(), "pocketmq-stores-"));
    process.on("exit", () => rmSync(home, { recursive: true, force: true }));
    const ports = { master: await freePorts(), slave: await freePorts() };
    return new StoreLab(home, await startNamesrv(home), ports);
  }

  /** The name server's address. */
  get namesrv(): string {
    return this.#namesrv.address;
  }

  /** The folder of the store of that name. */
  folder(store: string): string {
    return join(this.home, store);
  }

  /** A broker on that store, not started yet; all of a role have the same ports. */
  broker(by: By, role: Role, store: string, more: Config = {}): BrokerNode {
    const own: Config = role === "master" ? { brokerId: 0, brokerRole: "ASYNC_MASTER" } : {
      brokerId: 1,
      brokerRole: "SLAVE",
      haMasterAddress: `127.0.0.1:${this.#ports.master + 1}`,
    };
    const at = { port: this.#ports[role], folder: this.folder(store) };
    const config = { ...CONFIG, ...own, ...more, namesrvAddr: this.#namesrv.address };
    const node = new BrokerNode(role, by, at, config, this.#calls);
    this.#nodes.push(node);
    return node;
  }

  /** Wants our own checker to find nothing wrong in a store whose broker ended; `closed`: nor anything to mend. */
  verify(store: string, closed: boolean): Promise<void> {
    return this.#log("verify", this.folder(store), ...(closed ? ["--strict"] : []));
  }

  /** Makes the queues and the index of a stopped store anew. */
  rebuild(store: string): Promise<void> {
    return this.#log("rebuild", this.folder(store));
  }

  async #log(...args: string[]): Promise<void> {
    const { code, stdout, stderr } = await runPocketmq(["log", ...args]);
    assertEquals(code, 0, stdout + stderr);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.#nodes) await node.end("SIGKILL");
    await this.#namesrv.end("SIGKILL");
    this.#calls.close();
    rmSync(this.home, { recursive: true, force: true });
  }
}
