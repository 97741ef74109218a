import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Address } from "../../src/ports/net.ts";
import { silentLog } from "../../src/base/log.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { RequestCode } from "../../src/wire/codes.ts";
import type { Command } from "../../src/wire/command.ts";
import { parseAddress } from "../../src/wire/host_address.ts";
import { type Pocketmq, type StartOptions, startPocketmq, type Via } from "./binary.ts";
import { runtime } from "./runtime.ts";
import { type TempDir, tempDir } from "./temp.ts";

/** One process of a cluster. */
export interface Node {
  readonly name: string;
  readonly process: Pocketmq;
  /** What it holds of the machine's memory now. */
  residentBytes(): number;
}

/** A process that is a broker. */
export interface BrokerNode extends Node {
  readonly broker: Address;
  readonly ha: Address;
  /** Its store, as given to storePathRootDir. */
  readonly dir: string;
  /** The flags it was started with, to start it again on the same ports. */
  readonly flags: readonly string[];
}

export interface ClusterOptions {
  readonly slaves: number;
  readonly role?: "SYNC_MASTER" | "ASYNC_MASTER";
  readonly via?: Via;
  /** For every broker, as `--key value` pairs. */
  readonly flags?: readonly string[];
}

/** A name server, a master and slaves of the real binary, each a process on free ports of loopback. */
export class Cluster {
  readonly namesrv: Address;
  readonly nodes: Node[];
  readonly master: BrokerNode;
  readonly slaves: BrokerNode[];
  readonly calls: Redial = new Redial(runtime, silentLog);
  readonly #folder: TempDir;

  constructor(
    nodes: Node[],
    master: BrokerNode,
    slaves: BrokerNode[],
    namesrv: Address,
    folder: TempDir,
  ) {
    this.nodes = nodes;
    this.master = master;
    this.slaves = slaves;
    this.namesrv = namesrv;
    this.#folder = folder;
  }

  /** Sends one message to queue 0 of a topic on the master; gives the answer's code. */
  async send(topic: string, body: string, properties = ""): Promise<number> {
    const answer = await this.ask(this.master.broker, sendRequest(topic, body, properties));
    return answer.code;
  }

  ask(
    address: Address,
    request: { code: number; ext?: Record<string, string>; body?: Uint8Array },
  ): Promise<Command> {
    return this.calls.call(`${address.host}:${address.port}`, request, 5000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.calls.close();
    for (const { process } of [...this.nodes].reverse()) await process[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

/** A send of 310 as clients make it. */
export function sendRequest(
  topic: string,
  body: string,
  properties = "",
  queueId = 0,
): { code: number; ext: Record<string, string>; body: Uint8Array } {
  return {
    code: RequestCode.SEND_MESSAGE_V2,
    ext: {
      a: "test",
      b: topic,
      c: "TBW102",
      d: "4",
      e: String(queueId),
      f: "0",
      g: String(Date.now()),
      h: "0",
      i: properties,
      j: "0",
      k: "false",
      m: "false",
    },
    body: new TextEncoder().encode(body),
  };
}

/** Starts a cluster and waits until its slaves confirm. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { slaves, role = "SYNC_MASTER", via, flags = [] } = options;
  const folder = tempDir();
  const nodes: Node[] = [];
  try {
    const ns = await startPocketmq(["--namesrv", "--listenPort", "0"], { via });
    nodes.push(nodeOf("name server", ns));
    const namesrv = parseAddress(ns.ready.namesrv!)!;
    const common = [
      "--namesrvAddr",
      `127.0.0.1:${namesrv.port}`,
      "--brokerIP1",
      "127.0.0.1",
      "--listenPort",
      "0",
      ...flags,
    ];
    const brokers: BrokerNode[] = [];
    for (let i = 0; i <= slaves; i++) {
      const dir = join(folder.path, `broker-${i}`);
      const own = i === 0
        ? ["--master", "--brokerRole", role]
        : ["--slave", "--brokerId", String(i)];
      const broker = await startBrokerNode(
        i === 0 ? "master" : `slave ${i}`,
        [...own, ...common, "--storePathRootDir", dir],
        dir,
        via,
      );
      brokers.push(broker);
      nodes.push(broker);
    }
    const [master, ...others] = brokers;
    const cluster = new Cluster(nodes, master, others, loopback(namesrv), folder);
    if (slaves > 0 && role === "SYNC_MASTER") await confirmed(cluster);
    return cluster;
  } catch (error) {
    for (const { process } of nodes) await process[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
    throw error;
  }
}

/** Starts one broker process with exactly these flags. */
export async function startBrokerNode(
  name: string,
  flags: readonly string[],
  dir: string,
  how: Via | StartOptions = {},
): Promise<BrokerNode> {
  const options = typeof how === "string" ? { via: how } : how;
  const process = await startPocketmq([...flags], options);
  const broker = loopback(parseAddress(process.ready.broker!)!);
  return {
    ...nodeOf(name, process),
    broker,
    ha: loopback(parseAddress(process.ready.ha!)!),
    dir,
    flags: flags.map((flag, i) => flags[i - 1] === "--listenPort" ? String(broker.port) : flag),
  };
}

/** Sends until the answer is SEND_OK: until then the slave may still be on its way to the master. */
async function confirmed(cluster: Cluster): Promise<void> {
  const until = Date.now() + 15_000;
  let code = -1;
  while (Date.now() < until) {
    code = await cluster.send("ClusterIsUp", "hello");
    if (code === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the slaves did not confirm within 15 s: a send is answered ${code}`);
}

function nodeOf(name: string, process: Pocketmq): Node {
  return {
    name,
    process,
    residentBytes() {
      const status = readFileSync(`/proc/${process.pid}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
    },
  };
}

function loopback({ port }: Address): Address {
  return { host: "127.0.0.1", port };
}
