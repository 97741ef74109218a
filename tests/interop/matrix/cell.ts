import { assert, assertEquals, assertGreater, assertGreaterOrEqual } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { silentLog } from "../../../src/base/log.ts";
import { Redial } from "../../../src/rpc/redial.ts";
import { sendRequest } from "../../support/cluster.ts";
import { CuttingProxy } from "../../support/cutting_proxy.ts";
import { keysInLog } from "../../support/load.ts";
import { runtime } from "../../support/runtime.ts";
import { prepareJava } from "../java.ts";
import { within } from "../processes.ts";
import { compareFolders } from "../stores.ts";
import { freePorts } from "../../support/free_ports.ts";
import { type Bounds, BrokerNode, type By, type Config, startNamesrv } from "./nodes.ts";
import { SteadyLoad } from "./steady_load.ts";

/** Small, so that a cell crosses many file ends; the same on both sides, as replication needs. */
export const FILE_BYTES = 256 * 1024;
/** What Java sends at most in one transfer. */
const TRANSFER_BYTES_MAX = 32 * 1024;
/** A few hundred messages a second: 400 KiB/s of log. */
const MESSAGES_A_SECOND = 300;
/** For a slave to be where the master was: two rounds of a Java slave that is silent for 5 s, and a busy machine. */
const CATCH_UP_SECONDS = 45;
/** No word of these in the output of ours: the logs have one history in every cell. */
const TROUBLE = /AHEAD|PURGED|DIVERGED|FOREIGN|WRONG_FILE_SIZE/;

/** What a run that was broken off would leave behind. */
const homes = new Set<string>();
process.on("exit", () => homes.forEach(forget));

const COMMON: Config = {
  brokerClusterName: "DefaultCluster",
  brokerName: "broker-a",
  brokerIP1: "127.0.0.1",
  brokerIP2: "127.0.0.1",
  mappedFileSizeCommitLog: FILE_BYTES,
  maxMessageSize: 64 * 1024,
  mappedFileSizeConsumeQueue: 2_000 * 20,
  maxHashSlotNum: 5_000,
  maxIndexNum: 20_000,
};

/** A name server and a SYNC_MASTER, which cells may use one after another. */
export class MasterSide implements AsyncDisposable {
  readonly home: string;
  readonly master: BrokerNode;
  readonly calls: Redial;
  readonly config: Config;
  readonly #endNamesrv: () => Promise<unknown>;
  #slaves = 0;

  private constructor(
    home: string,
    calls: Redial,
    master: BrokerNode,
    config: Config,
    endNamesrv: () => Promise<unknown>,
  ) {
    this.home = home;
    this.calls = calls;
    this.master = master;
    this.config = config;
    this.#endNamesrv = endNamesrv;
  }

  /** Starts both; `timers` are for master and slaves. */
  static async start(by: By, timers: Config): Promise<MasterSide> {
    await prepareJava();
    const home = mkdtempSync(join(tmpdir(), "pocketmq-matrix-"));
    homes.add(home);
    const namesrv = await startNamesrv(home);
    const config = { ...COMMON, ...timers, namesrvAddr: namesrv.address };
    const calls = new Redial(runtime, silentLog);
    const at = { port: await freePorts(), folder: join(home, "master") };
    const own = { ...config, brokerId: 0, brokerRole: "SYNC_MASTER" };
    const master = new BrokerNode("master", by, at, own, calls);
    await master.start();
    return new MasterSide(home, calls, master, config, () => namesrv.end("SIGKILL"));
  }

  /** A slave that was not started yet, with an empty store, told that the HA port is the proxy's. */
  async slave(by: By, proxy: CuttingProxy): Promise<BrokerNode> {
    const { host, port } = proxy.address;
    const at = { port: await freePorts(), folder: join(this.home, `slave-${++this.#slaves}`) };
    const own = { brokerId: 1, brokerRole: "SLAVE", haMasterAddress: `${host}:${port}` };
    return new BrokerNode("slave", by, at, { ...this.config, ...own }, this.calls);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.master.end("SIGKILL");
    await this.#endNamesrv();
    this.calls.close();
    forget(this.home);
  }
}

function forget(home: string): void {
  rmSync(home, { recursive: true, force: true });
  homes.delete(home);
}

/** A slave behind a proxy, a master under load: what one fault happens to. */
export class Cell implements AsyncDisposable {
  readonly side: MasterSide;
  readonly master: BrokerNode;
  readonly slave: BrokerNode;
  readonly proxy: CuttingProxy;
  readonly load: SteadyLoad;

  private constructor(side: MasterSide, slave: BrokerNode, proxy: CuttingProxy) {
    this.side = side;
    this.master = side.master;
    this.slave = slave;
    this.proxy = proxy;
    this.load = new SteadyLoad(side.master.port, MESSAGES_A_SECOND);
  }

  /** Begins the load; the slave is started by the fault. */
  static async begin(side: MasterSide, slaveBy: By): Promise<Cell> {
    const master = { host: "127.0.0.1", port: side.master.haPort };
    const proxy = await CuttingProxy.start(master, FILE_BYTES);
    return new Cell(side, await side.slave(slaveBy, proxy), proxy);
  }

  /** An empty Java slave of a Java master begins with the master's last file; all others get all. */
  get fullSync(): boolean {
    return this.master.by === "ours" || this.slave.by === "ours";
  }

  /** Waits until the master's log has that many files, the last perhaps in part; gives its end. */
  async filled(files: number): Promise<number> {
    const enough = async () => {
      const max = (await this.master.bounds())?.max ?? 0;
      return max > files * FILE_BYTES ? max : undefined;
    };
    return await this.until(`${files} files in the master's log`, enough);
  }

  /** Waits until the slave's log is as long as the master's was at the call; gives that length. */
  async caughtUp(): Promise<number> {
    const goal = await this.until(
      "the master's end",
      async () => (await this.master.bounds())?.max,
    );
    return await this.until(`the slave at ${goal}`, async () => {
      const max = (await this.slave.bounds())?.max ?? 0;
      return max >= goal ? goal : undefined;
    });
  }

  /** What the broker says of its log, as soon as it says anything. */
  boundsOf(node: BrokerNode): Promise<Bounds> {
    return this.until("an answer to a request for the log's end", () => node.bounds());
  }

  /** Waits until the slave has so many files more than the master had at the call. */
  async grown(files: number): Promise<void> {
    const { max } = await this.boundsOf(this.master);
    await this.filled(max / FILE_BYTES + files);
    await this.caughtUp();
  }

  /** The promise, or a failure that has what both nodes printed. */
  async within<T>(seconds: number, what: string, promise: Promise<T>): Promise<T> {
    try {
      return await within(seconds, what, promise);
    } catch (error) {
      throw new Error(await this.story(), { cause: error });
    }
  }

  /** Asks ten times a second until there is an answer; a failure has what both nodes printed. */
  async until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
    const deadline = performance.now() + CATCH_UP_SECONDS * 1_000;
    for (;;) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      if (performance.now() > deadline) {
        throw new Error(`not within ${CATCH_UP_SECONDS} s: ${what}\n${await this.story()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Sends one message more; gives the code of the answer. */
  async send(): Promise<number> {
    const address = `127.0.0.1:${this.master.port}`;
    const request = sendRequest("MatrixA", "one more");
    return (await this.side.calls.call(address, request, 6_000)).code;
  }

  /** Ends the load and waits until nothing moves any more; gives the end of both logs. */
  async quiet(): Promise<number> {
    await this.load.stop();
    return await this.until("both logs of one length, all dispatched", async () => {
      const [master, slave] = await Promise.all([this.master.bounds(), this.slave.bounds()]);
      if (!master || !slave || master.max !== slave.max) return undefined;
      return master.behind === 0 && slave.behind === 0 ? master.max : undefined;
    });
  }

  /**
   * Asserts that both sides hold the same bytes over at least three files, that the slave has every message
   * that was answered SEND_OK, and that no transfer was out of form. Ends the slave and a master of ours.
   */
  async assertEqual(): Promise<string> {
    await this.grown(1); // in step with the load: a SYNC_MASTER confirms
    const end = await this.quiet();
    const { min } = await this.boundsOf(this.slave);
    const begin = (await this.boundsOf(this.master)).min;
    if (this.fullSync) assertEquals(min, begin, `an empty slave gets all\n${await this.story()}`);
    assertGreaterOrEqual(end - min, 3 * FILE_BYTES, "over at least three files");
    await this.slave.end(this.slave.by === "ours" ? "SIGTERM" : "SIGKILL");
    if (this.master.by === "ours") await this.master.end("SIGTERM");
    this.#assertFolders("commitlog", (name) => Number(name) >= min);
    if (min === 0) this.#assertFolders("consumequeue"); // else the master's have entries of lost records
    this.#assertConfirmed();
    this.#assertTransfers();
    for (const node of [this.master, this.slave]) {
      if (node.by === "ours") assert(!TROUBLE.test(node.said()), node.said());
    }
    return `${((end - min) / FILE_BYTES).toFixed(1)} files of ${FILE_BYTES / 1024} KiB equal, ` +
      `${this.proxy.links.length} connections, ${this.load.confirmed.length} SEND_OK`;
  }

  #assertFolders(part: string, wanted?: (name: string) => boolean): void {
    const [one, other] = [this.master, this.slave].map(({ folder }) => join(folder, part));
    const { difference, chunks } = compareFolders(one, other, wanted);
    assertEquals(difference, undefined, `${part}: the slave's differs`);
    assert(chunks > 0, `${part}: nothing in it`);
  }

  #assertConfirmed(): void {
    const keys = keysInLog(this.slave.folder);
    const { confirmed } = this.load;
    assertGreater(confirmed.length, 0, "the slave confirmed");
    if (!this.fullSync) return; // Java takes a first report for an acknowledgement
    const lost = confirmed.filter((key) => !keys.has(key));
    assertEquals(lost, [], "SEND_OK, but not in the slave's log");
  }

  #assertTransfers(): void {
    for (const { seen } of this.proxy.links) {
      assertEquals(seen.acrossFiles, 0, "a body ends in the file it began in");
      assert(seen.longestBody <= TRANSFER_BYTES_MAX, `a body of ${seen.longestBody} bytes`);
    }
  }

  /** What the proxy saw, what the brokers say and what they printed. */
  async story(): Promise<string> {
    const links = this.proxy.links.map(({ firstReport, lastReport, open, seen }) => {
      const { first, heartbeats, bodies, end } = seen;
      return JSON.stringify({ firstReport, lastReport, open, first, heartbeats, bodies, end });
    });
    const nodes = await Promise.all([this.master, this.slave].map(async (node, i) => {
      const bounds = JSON.stringify(await node.bounds());
      return `--- ${node.by} ${i === 0 ? "master" : "slave"} ${bounds}\n${node.said()}`;
    }));
    const codes = JSON.stringify([...this.load.other]);
    return [...links, `${this.load.confirmed.length} SEND_OK, others ${codes}`, ...nodes].join(
      "\n",
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.load.stop();
    await this.slave.end("SIGKILL");
    await this.proxy[Symbol.asyncDispose]();
  }
}
