import { join } from "node:path";
import { parseAddress } from "../../src/wire/host_address.ts";
import { BadLink } from "./bad_link.ts";
import { type Pocketmq, type StartOptions, startPocketmq } from "./binary.ts";
import { type BrokerNode, startBrokerNode } from "./cluster.ts";
import { differences } from "./load.ts";
import { tempDir } from "./temp.ts";

/** A node of the cluster, which lives or not. */
export interface Member {
  /** 0 is the master. */
  readonly who: number;
  node: BrokerNode;
  alive: boolean;
  /** SIGSTOPped. */
  stopped: boolean;
  /** A slave's way to the master's HA port. */
  readonly line: BadLink | undefined;
}

export interface LinedOptions {
  readonly slaves: number;
  /** For all brokers. */
  readonly flags: readonly string[];
  /** For one of them; 0 is the master. */
  readonly own?: (who: number) => readonly string[];
  /** How its process is started. */
  readonly how?: (who: number) => StartOptions;
  /** Where its store lies; default: in a folder of the cluster. */
  readonly dir?: (who: number) => string | undefined;
  readonly brokerName?: string;
}

/** A SYNC_MASTER and slaves of the real binary, each slave behind a line that can be made bad. */
export class LinedCluster implements AsyncDisposable {
  readonly members: Member[] = [];
  /** What processes wrote that are no more. */
  readonly told: string[] = [];
  readonly #options: LinedOptions;
  readonly #folder = tempDir();
  #namesrv: Pocketmq | undefined;

  private constructor(options: LinedOptions) {
    this.#options = options;
  }

  /** Starts all of it; slaves may still be on their way to the master then. */
  static async start(options: LinedOptions): Promise<LinedCluster> {
    const cluster = new LinedCluster(options);
    try {
      await cluster.#start();
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  get master(): BrokerNode {
    return this.members[0].node;
  }

  get slaves(): Member[] {
    return this.members.slice(1);
  }

  async kill(member: Member): Promise<void> {
    member.alive = member.stopped = false;
    await member.node.process.kill("SIGKILL");
  }

  /** SIGSTOP and SIGCONT. */
  stop(member: Member, stopped: boolean): void {
    if (!member.alive) return;
    member.stopped = stopped;
    void member.node.process.kill(stopped ? "SIGSTOP" : "SIGCONT");
  }

  /** Starts a dead one again, on its ports and its store. */
  async restart(member: Member): Promise<void> {
    const { name, flags, dir } = member.node;
    this.told.push(said(member.node));
    const how = this.#options.how?.(member.who);
    // while it was dead, somebody's outgoing connection may have got its port for a moment
    for (let tries = 1; !member.alive; tries++) {
      try {
        member.node = await startBrokerNode(name, flags, dir, how);
        member.alive = true;
      } catch (error) {
        if (tries === 10 || !/the port is taken/.test((error as Error).message)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    }
  }

  /** Where a folder of the stores is not the master's on some slave. */
  differences(
    part: "commitlog" | "consumequeue",
    slaves: readonly Member[] = this.slaves,
  ): string[] {
    const master = join(this.master.dir, part);
    return slaves.flatMap(({ node }) =>
      differences(master, join(node.dir, part)).map((what) => `${node.name}: ${what}`)
    );
  }

  /** All that its processes wrote to stderr. */
  story(): string {
    return [...this.told, ...this.members.map(({ node }) => said(node))].join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { node, line } of this.members) {
      await node.process.kill("SIGKILL");
      await line?.[Symbol.asyncDispose]();
    }
    await this.#namesrv?.[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }

  async #start(): Promise<void> {
    this.#namesrv = await startPocketmq(["--namesrv", "--listenPort", "0"]);
    await this.#add(["--master", "--brokerRole", "SYNC_MASTER"], undefined);
    for (let who = 1; who <= this.#options.slaves; who++) {
      const line = await BadLink.open(this.master.ha, `127.0.0.${10 + who}`);
      const role = ["--slave", "--brokerId", String(who)];
      await this.#add([...role, "--haMasterAddress", `127.0.0.1:${line.address.port}`], line);
    }
  }

  async #add(role: readonly string[], line: BadLink | undefined): Promise<void> {
    const { flags, own, how, dir: place, brokerName = "broker-a" } = this.#options;
    const who = this.members.length;
    const dir = place?.(who) ?? join(this.#folder.path, String(who));
    const { port } = parseAddress(this.#namesrv!.ready.namesrv!)!;
    const all = [
      ...role,
      ...["--listenPort", "0", "--brokerIP1", "127.0.0.1", "--storePathRootDir", dir],
      ...["--namesrvAddr", `127.0.0.1:${port}`, "--brokerName", brokerName],
      ...flags,
      ...own?.(who) ?? [],
    ];
    try {
      const name = who === 0 ? "master" : `slave ${who}`;
      const node = await startBrokerNode(name, all, dir, how?.(who));
      this.members.push({ who, node, alive: true, stopped: false, line });
    } catch (error) {
      await line?.[Symbol.asyncDispose]();
      throw error;
    }
  }
}

function said({ name, process }: BrokerNode): string {
  return `--- ${name}, ${process.pid}:\n${process.stderr}`;
}
