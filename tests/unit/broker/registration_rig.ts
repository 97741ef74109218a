import { assertEquals } from "@std/assert";
import { crc32 } from "node:zlib";
import { silentLog } from "../../../src/base/log.ts";
import {
  type MasterAddresses,
  Registrar,
  type RegistrarContext,
} from "../../../src/broker/registration.ts";
import { Topics } from "../../../src/broker/topics.ts";
import type { Codecs } from "../../../src/ports/host.ts";
import type { Answer, Handler } from "../../../src/rpc/peer.ts";
import { Redial } from "../../../src/rpc/redial.ts";
import { serve } from "../../../src/rpc/serve.ts";
import { parseBrokerNode, parseRegistration } from "../../../src/wire/registration.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { MemNet } from "../../support/mem_net.ts";
import { TOPIC_OPTIONS } from "../../support/table_broker.ts";

export const codecs = { crc32 } as Pick<Codecs, "crc32"> as Codecs;
export const NODE = {
  brokerAddr: "10.0.0.9:10911",
  brokerId: 0,
  brokerName: "broker-a",
  clusterName: "DefaultCluster",
  haServerAddr: "10.0.0.9:10912",
};

/** A name server that notes what it is told, and can die and come back. */
export class FakeNamesrv {
  readonly host: string;
  /** Topics and their perms, one registration each. */
  readonly told: Map<string, number>[] = [];
  readonly times: number[] = [];
  unregistered = 0;
  brokerId = 0;
  answersUnregister = true;
  answer: () => Answer = () => ({ code: 0 });
  readonly #net: MemNet;
  readonly #clock: VirtualClock;
  #stop = new AbortController();
  #served: Promise<void> = Promise.resolve();

  constructor(net: MemNet, clock: VirtualClock, host: string) {
    this.#net = net;
    this.#clock = clock;
    this.host = host;
  }

  async open(): Promise<void> {
    this.#stop = new AbortController();
    const listener = await this.#net.host(this.host).listen({ host: this.host, port: 9876 });
    const handlers = new Map<number, Handler>([[103, this.#register], [104, this.#unregister]]);
    const context = { clock: this.#clock, log: silentLog };
    this.#served = serve(listener, { handlers }, context, this.#stop.signal);
  }

  async die(): Promise<void> {
    this.#stop.abort();
    await this.#clock.settle();
    await this.#served;
  }

  #register: Handler = (command) => {
    const said = parseRegistration(command, codecs);
    const { brokerId } = this;
    assertEquals({ ...said, topics: 0, dataVersion: 0 }, {
      ...NODE,
      brokerId,
      topics: 0,
      dataVersion: 0,
    });
    this.told.push(new Map(Array.from(said.topics, ([name, { perm }]) => [name, perm])));
    this.times.push(this.#clock.monotonic());
    return this.answer();
  };

  #unregister: Handler = ({ ext }) => {
    assertEquals(parseBrokerNode(ext).brokerAddr, NODE.brokerAddr);
    this.unregistered++;
    return this.answersUnregister ? { code: 0 } : new Promise(() => {});
  };
}

export async function scene(hosts: string[], more: Partial<RegistrarContext> = {}) {
  const clock = new VirtualClock();
  const net = new MemNet(clock);
  const servers = hosts.map((host) => new FakeNamesrv(net, clock, host));
  for (const server of servers) await server.open();
  const topics = new Topics(TOPIC_OPTIONS, {
    dir: new MemFs().dir("/config"),
    clock,
    log: silentLog,
    follows: false,
  });
  topics.load();
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
  const peers = new Redial({ net: net.host("10.0.0.9"), clock }, silentLog);
  const masters: MasterAddresses[] = [];
  const registrar = new Registrar({
    clock,
    log,
    codecs,
    peers,
    namesrvAddr: hosts.map((host) => `${host}:9876`),
    node: NODE,
    topics,
    brokerPermission: 6,
    registerNameServerPeriod: 30_000,
    registerBrokerTimeoutMills: 6_000,
    onMaster: (master) => masters.push(master),
    ...more,
  });
  let started = false;
  const start = () => registrar.start().then(() => started = true);
  const end = async () => {
    const closed = registrar.close();
    await clock.advance(3_000);
    await closed;
    peers.close();
    await topics.close();
    for (const server of servers) await server.die();
    await clock.settle();
    assertEquals(clock.waiting, 0);
  };
  return {
    clock,
    net,
    servers,
    topics,
    warnings,
    masters,
    registrar,
    start,
    end,
    isStarted: () => started,
  };
}
