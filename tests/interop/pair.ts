import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { silentLog } from "../../src/base/log.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { RequestCode, ResponseCode } from "../../src/wire/codes.ts";
import type { Command, ExtFields, Request } from "../../src/wire/command.ts";
import { type GroupConfig, parseGroupTable } from "../../src/wire/group.ts";
import { parseTopicTable, type TopicConfig } from "../../src/wire/topic.ts";
import { sendRequest } from "../support/cluster.ts";
import { Gate } from "../support/gate.ts";
import { runtime } from "../support/runtime.ts";
import { prepareJava } from "./java.ts";
import { BrokerNode, type By, type Config, startNamesrv } from "./matrix/nodes.ts";
import { freePorts } from "../support/free_ports.ts";

/** Who is who in a pair. */
export interface PairOptions {
  readonly master: By;
  readonly slave: By;
  /** For both brokers. */
  readonly config?: Config;
}

const COMMON: Config = {
  brokerClusterName: "DefaultCluster",
  brokerName: "broker-a",
  brokerIP1: "127.0.0.1",
  brokerIP2: "127.0.0.1",
  mappedFileSizeCommitLog: 4 * 1024 * 1024,
  mappedFileSizeConsumeQueue: 2_000 * 20,
  maxHashSlotNum: 5_000,
  maxIndexNum: 20_000,
  slaveReadEnable: "true",
};
const CALL_MS = 5_000;

/** A name server of ours, an ASYNC_MASTER and a slave, whose HA stream passes a gate. Both are not started yet. */
export class Pair implements AsyncDisposable {
  readonly home: string;
  readonly namesrv: string;
  readonly master: BrokerNode;
  readonly slave: BrokerNode;
  /** In front of the master's HA port. */
  readonly gate: Gate;
  readonly calls: Redial = new Redial(runtime, silentLog);
  readonly #ends: (() => Promise<unknown>)[];

  private constructor(
    home: string,
    namesrv: string,
    gate: Gate,
    make: (role: "master" | "slave", calls: Redial) => BrokerNode,
    ends: (() => Promise<unknown>)[],
  ) {
    this.home = home;
    this.namesrv = namesrv;
    this.gate = gate;
    this.master = make("master", this.calls);
    this.slave = make("slave", this.calls);
    this.#ends = ends;
  }

  /** Makes ready what both need. */
  static async make({ master, slave, config = {} }: PairOptions): Promise<Pair> {
    await prepareJava();
    const home = mkdtempSync(join(tmpdir(), "pocketmq-pair-"));
    process.on("exit", () => rmSync(home, { recursive: true, force: true }));
    const namesrv = await startNamesrv(home);
    const ports = { master: await freePorts(), slave: await freePorts() };
    const gate = await Gate.start({ host: "127.0.0.1", port: ports.master + 1 });
    const own = {
      master: { brokerId: 0, brokerRole: "ASYNC_MASTER" },
      slave: {
        brokerId: 1,
        brokerRole: "SLAVE",
        haMasterAddress: `127.0.0.1:${gate.address.port}`,
      },
    };
    const by = { master, slave };
    const make = (role: "master" | "slave", calls: Redial) => {
      const at = { port: ports[role], folder: join(home, role) };
      const all = { ...COMMON, ...config, namesrvAddr: namesrv.address, ...own[role] };
      return new BrokerNode(role, by[role], at, all, calls);
    };
    const ends = [() => gate[Symbol.asyncDispose](), () => namesrv.end("SIGKILL")];
    return new Pair(home, namesrv.address, gate, make, ends);
  }

  /** Makes and starts a pair. */
  static async start(options: PairOptions): Promise<Pair> {
    const pair = await Pair.make(options);
    await pair.master.start();
    await pair.slave.start();
    return pair;
  }

  ask(node: BrokerNode, request: Request): Promise<Command> {
    return this.calls.call(`127.0.0.1:${node.port}`, request, CALL_MS);
  }

  /** Sends to queue 0 of a topic; stored is enough. */
  async send(topic: string, body: string, properties = ""): Promise<void> {
    const { code, remark } = await this.ask(this.master, sendRequest(topic, body, properties));
    if (code !== ResponseCode.SUCCESS) throw new Error(`a send is answered ${code}: ${remark}`);
  }

  /** Where a group is in queue 0 of a topic, as that node says. */
  async offset(node: BrokerNode, group: string, topic: string): Promise<number | undefined> {
    const ext = { consumerGroup: group, topic, queueId: "0" };
    return offsetIn(await this.ask(node, { code: RequestCode.QUERY_CONSUMER_OFFSET, ext }));
  }

  /** Says so to that node, as a consumer or an operator's tool does. */
  async commit(node: BrokerNode, group: string, topic: string, offset: number): Promise<void> {
    const ext = { consumerGroup: group, topic, queueId: "0", commitOffset: String(offset) };
    await this.ask(node, { code: RequestCode.UPDATE_CONSUMER_OFFSET, ext });
  }

  /** The end of queue 0 of a topic, as that node says. */
  async queueEnd(node: BrokerNode, topic: string): Promise<number> {
    const ext: ExtFields = { topic, queueId: "0" };
    return offsetIn(await this.ask(node, { code: RequestCode.GET_MAX_OFFSET, ext })) ?? -1;
  }

  async topic(node: BrokerNode, name: string): Promise<TopicConfig | undefined> {
    const { body } = await this.ask(node, { code: RequestCode.GET_ALL_TOPIC_CONFIG });
    return parseTopicTable(body).topics.get(name);
  }

  async group(node: BrokerNode, name: string): Promise<GroupConfig | undefined> {
    const { body } = await this.ask(node, { code: RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG });
    return parseGroupTable(body).groups.get(name);
  }

  /** Waits for what a node says; on time-out tells what both printed. */
  async until<T>(
    what: string,
    look: () => Promise<T | undefined | false> | T | undefined | false,
  ): Promise<T> {
    const end = Date.now() + 90_000;
    let last: unknown;
    for (;;) {
      try {
        const seen = await look();
        if (seen !== undefined && seen !== false) return seen;
        last = seen;
      } catch (error) {
        last = error;
      }
      if (Date.now() > end) {
        throw new Error(`not within 90 s: ${what}; last ${last}\n${this.said()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  said(): string {
    return `--- master\n${this.master.said()}\n--- slave\n${this.slave.said()}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.calls.close();
    await Promise.all([this.master.end("SIGKILL"), this.slave.end("SIGKILL")]);
    for (const end of this.#ends) await end();
    rmSync(this.home, { recursive: true, force: true });
  }
}

function offsetIn({ code, ext }: Command): number | undefined {
  return code === ResponseCode.SUCCESS ? Number(ext.offset) : undefined;
}
