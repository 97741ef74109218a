import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { startPocketmq } from "../support/binary.ts";
import { freePorts } from "../support/free_ports.ts";
import { startPeer } from "./java.ts";
import { within } from "./processes.ts";

/** Who runs a node: our source under Deno, our compiled binary, or the Java peer. */
export type By = "deno" | "compiled" | "java";

/** The three of them. */
export type Role = "namesrv" | "master" | "slave";

/** A node that serves. */
export interface Node {
  readonly address: string;
  /** Its store, or the folder of its logs. */
  readonly folder: string;
  /** The end of what it printed. */
  said(): string;
  /** Ends it and gives its exit code; a second call gives the same. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number>;
}

/** Of the key indexes of all nodes. */
export const INDEX_SHAPE = { slots: 5_000, items: 20_000 };

/**
 * Small files, so that a run rolls them many times, and the same on both sides, as replication needs.
 * A 4.9 slave of a master with other sizes loses what it acknowledged.
 */
const STORE = {
  mappedFileSizeCommitLog: 16 * 1024 * 1024,
  mappedFileSizeConsumeQueue: 10_000 * 20,
  maxHashSlotNum: INDEX_SHAPE.slots,
  maxIndexNum: INDEX_SHAPE.items,
  slaveReadEnable: "true",
};

/** A name server, a SYNC_MASTER and a slave, each a process, in one folder. */
export class Trio {
  readonly home = mkdtempSync(join(tmpdir(), "pocketmq-interop-"));
  readonly #nodes = new Map<Role, Node>();
  readonly #config: Config;

  /** `config` is for both brokers, beside what they need. */
  constructor(config: Config = {}) {
    this.#config = config;
    process.on("exit", () => rmSync(this.home, { recursive: true, force: true }));
  }

  /** The running node of that role. */
  node(role: Role): Node {
    const node = this.#nodes.get(role);
    if (!node) throw new Error(`no ${role} was started`);
    return node;
  }

  /** Starts the three roles in the order they need each other. */
  static async start(by: Record<Role, By>, config?: Config): Promise<Trio> {
    const trio = new Trio(config);
    await trio.start("namesrv", by.namesrv);
    await trio.start("master", by.master);
    await trio.start("slave", by.slave);
    return trio;
  }

  /** Starts a node, or starts it again on the store it left. */
  async start(role: Role, by: By): Promise<void> {
    const folder = join(this.home, role);
    const config = role === "namesrv" ? {} : this.#brokerConfig(role, folder);
    const node = by === "java"
      ? await startJava(role, folder, config)
      : await startOurs(role, by, folder, config);
    this.#nodes.set(role, node);
  }

  #brokerConfig(role: Role, folder: string): Record<string, string | number> {
    return {
      brokerClusterName: "DefaultCluster",
      brokerName: "broker-a",
      brokerId: role === "master" ? 0 : 1,
      brokerRole: role === "master" ? "SYNC_MASTER" : "SLAVE",
      brokerIP1: "127.0.0.1",
      brokerIP2: "127.0.0.1",
      namesrvAddr: this.node("namesrv").address,
      storePathRootDir: folder,
      storePathCommitLog: join(folder, "commitlog"),
      ...STORE,
      ...this.#config,
    };
  }

  /** What the nodes printed last: the other half of a failed scenario's story. */
  said(): string {
    return [...this.#nodes].map(([role, node]) => `--- ${role}\n${node.said().slice(-1_500)}`).join(
      "\n",
    );
  }

  /** Ends what still runs and forgets the stores. */
  async close(): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => node.end("SIGKILL")));
    rmSync(this.home, { recursive: true, force: true });
  }
}

type Config = Readonly<Record<string, string | number>>;

async function startJava(role: Role, folder: string, config: Config): Promise<Node> {
  const listenPort = await freePorts();
  const kind = role === "namesrv" ? "namesrv" : "broker";
  // On a busy machine a Java broker turns sends away after 200 ms; that is not what is tested here.
  const patient = { brokerFastFailureEnable: "false", osPageCacheBusyTimeOutMills: 10_000 };
  const peer = await startPeer(kind, folder, { ...config, ...patient, listenPort });
  return {
    address: `127.0.0.1:${listenPort}`,
    folder,
    said: peer.said,
    end: (signal) => within(30, `end of the Java ${role}`, peer.end(signal)),
  };
}

async function startOurs(
  role: Role,
  via: "deno" | "compiled",
  folder: string,
  config: Config,
): Promise<Node> {
  const port = role === "namesrv" ? ["--namesrvPort", "0"] : ["--listenPort", "0"];
  const keys = Object.entries(config).flatMap(([key, value]) => [`--${key}`, String(value)]);
  mkdirSync(folder, { recursive: true });
  const node = await startPocketmq([`--${role}`, ...port, ...keys], { via, workDir: folder });
  process.on("exit", () => node.kill("SIGKILL")); // a run that was broken off leaves nothing behind
  const address = role === "namesrv" ? node.ready.namesrv : node.ready.broker;
  return {
    address: String(address),
    folder,
    said: () => node.stderr,
    end: async (signal) => {
      node.kill(signal);
      return (await within(15, `end of our ${role}`, node.exited)).code ?? 128;
    },
  };
}
