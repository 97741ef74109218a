import { utf8 } from "../../src/base/bytes.ts";
import { liveConfig } from "../../src/broker/admin/live_config.ts";
import type { BrokerConfig } from "../../src/broker/config.ts";
import { configOf } from "../../src/broker/configure.ts";
import { detoursOf } from "../../src/broker/detours.ts";
import { brokerHandlers } from "../../src/broker/handlers.ts";
import { closeParts, openParts, type Parts } from "../../src/broker/parts.ts";
import { Pulls } from "../../src/broker/pull.ts";
import { type SendContext, Sends } from "../../src/broker/send.ts";
import { pullLimits, storeOptions } from "../../src/broker/told.ts";
import type { Runtime } from "../../src/ports/host.ts";
import { type Handlers, Peer } from "../../src/rpc/peer.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { encodeBatch } from "../../src/wire/batch.ts";
import type { Command, ExtFields } from "../../src/wire/command.ts";
import { VirtualClock } from "./clock.ts";
import { codecs } from "./codecs.ts";
import { type CommandFields, FarEnd } from "./far_end.ts";
import { MemFs } from "./mem_fs.ts";
import { MemNet } from "./mem_net.ts";
import { Lines } from "./store.ts";

/** What a test says of the broker it wants. */
export interface RigOptions {
  /** RocketMQ's keys, as flags. */
  readonly flags?: Record<string, string>;
  readonly role?: "master" | "slave";
  readonly fs?: MemFs;
  /** Of the broker before, when time shall have gone on. */
  readonly clock?: VirtualClock;
  readonly sends?: Partial<SendContext>;
  readonly totalBytes?: number;
  /** True when no frame may be taken before it is decoded. */
  readonly decodesAll?: boolean;
  /** A slave's word on whether there is a master; by default there is. */
  readonly masterGone?: () => boolean;
}

const ADDRESS = "10.0.0.9";

/** A client of the broker: asks, and sees what comes. */
export class RigClient {
  readonly far: FarEnd;
  readonly peer: Peer;
  readonly #clock: VirtualClock;
  #opaque = 0;

  constructor(far: FarEnd, peer: Peer, clock: VirtualClock) {
    this.far = far;
    this.peer = peer;
    this.#clock = clock;
  }

  /** Asks, and gives the answer that comes without any waiting. */
  async ask(fields: CommandFields): Promise<Command> {
    const [answer] = await this.askAll(fields);
    if (answer === undefined) throw new Error(`no answer to ${fields.code}`);
    return answer;
  }

  /** Asks all in one read; gives the answers in the order in which they came. */
  async askAll(...requests: CommandFields[]): Promise<Command[]> {
    this.far.send(...requests.map((fields) => ({ opaque: ++this.#opaque, ...fields })));
    await this.#clock.settle();
    return this.far.commands();
  }
}

/** A broker's parts over a file system, a net and a clock in memory; `client()` connects to it. */
export class BrokerRig implements AsyncDisposable {
  readonly clock: VirtualClock;
  readonly fs: MemFs;
  readonly log: Lines;
  readonly config: BrokerConfig;
  readonly parts: Parts;
  readonly store: Store;
  readonly sends: Sends;
  readonly pulls: Pulls;
  readonly handlers: Handlers;
  readonly #clients: RigClient[] = [];
  readonly #decodesAll: boolean;
  readonly #stopArrivals: () => void;

  constructor(
    clock: VirtualClock,
    fs: MemFs,
    log: Lines,
    parts: Parts,
    { sends: context = {}, decodesAll = false, masterGone = () => false }: RigOptions,
  ) {
    this.#decodesAll = decodesAll;
    const { config, store } = parts;
    this.clock = clock;
    this.fs = fs;
    this.log = log;
    this.config = config;
    this.parts = parts;
    this.store = store;
    this.sends = new Sends({
      ...parts,
      detours: detoursOf(parts),
      accepts: !parts.isSlave,
      clusterName: config.brokerClusterName,
      regionId: config.regionId,
      traceOn: config.traceOn,
      maxMessageBytes: config.maxMessageSize,
      storeHost: { host: config.brokerIP1, port: 10911 },
      tooFewReplicas: () => false,
      pick: (n) => n - 1,
      ...context,
    });
    this.pulls = new Pulls({
      ...parts,
      clock,
      ...pullLimits(config, parts.memoryBytes),
      ...config,
      storeHost: { host: config.brokerIP1, port: 10911 },
      masterGone,
    });
    this.#stopArrivals = store.dispatch.onArrival(({ topic, queueId }) =>
      this.pulls.wake(topic, queueId)
    );
    this.handlers = brokerHandlers(parts, this.sends, this.pulls);
  }

  /** Connects a client. */
  client(host = "10.0.0.1", port = 4711): RigClient {
    const far = new FarEnd({ host, port });
    const served = {
      handlers: this.handlers,
      takesFrame: this.#decodesAll ? undefined : this.sends.takesFrame,
      afterBatch: this.parts.puts.commitSoon,
      closed: (peer: Peer) => {
        this.parts.clients.closed(peer);
        this.pulls.closed(peer);
      },
    };
    const client = new RigClient(far, new Peer(far.conn, served, this), this.clock);
    this.#clients.push(client);
    return client;
  }

  /** Ends all but the file system. */
  async close(): Promise<void> {
    for (const { peer } of this.#clients) peer.close();
    this.#stopArrivals();
    this.pulls.close();
    const closed = closeParts(this.parts).then(() => this.store.close());
    await Promise.all([closed, this.clock.advance(1)]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Opens a broker's parts. */
export async function brokerRig(options: RigOptions = {}): Promise<BrokerRig> {
  const { flags = {}, role = "master", fs = new MemFs(), totalBytes = 2 ** 40 } = options;
  const { clock = new VirtualClock() } = options;
  const { config } = configOf({
    roles: { namesrv: false, broker: role },
    flags: {
      storePathRootDir: "/store",
      mappedFileSizeCommitLog: "1048576",
      mappedFileSizeConsumeQueue: "2000",
      maxHashSlotNum: "500",
      maxIndexNum: "400",
      ...flags,
    },
    addresses: [ADDRESS],
  });
  const runtime: Runtime = {
    name: "deno",
    version: "0",
    net: new MemNet(clock).host(ADDRESS),
    fs,
    clock,
    codecs,
    processId: 1,
    random: (into) => into.fill(1),
    addresses: () => [ADDRESS],
    memory: () => ({ totalBytes, residentBytes: 1 }),
  };
  const log = new Lines();
  const opening = openStore(runtime, fs.dir("/store"), storeOptions(runtime, config), log);
  const [store] = await Promise.all([opening, clock.settle()]);
  return new BrokerRig(clock, fs, log, openParts(runtime, liveConfig(config), store, log), options);
}

/** Fields of a send (10), as a Java producer fills them. */
export function sendFields(fields: ExtFields = {}): ExtFields {
  return {
    producerGroup: "P",
    topic: "T",
    defaultTopic: "TBW102",
    defaultTopicQueueNums: "4",
    queueId: "0",
    sysFlag: "0",
    bornTimestamp: "1700000000123",
    flag: "0",
    properties: "",
    reconsumeTimes: "0",
    unitMode: "false",
    ...fields,
  };
}

const LETTERS: Record<string, string> = {
  producerGroup: "a",
  topic: "b",
  defaultTopic: "c",
  defaultTopicQueueNums: "d",
  queueId: "e",
  sysFlag: "f",
  bornTimestamp: "g",
  flag: "h",
  properties: "i",
  reconsumeTimes: "j",
  unitMode: "k",
  maxReconsumeTimes: "l",
  batch: "m",
};

/** The same fields by the letters of 310 and 320. */
export function lettersOf(fields: ExtFields): ExtFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [LETTERS[name], value]));
}

/** A send: request 10. */
export function send(fields: ExtFields = {}, text = "hello"): CommandFields {
  return { code: 10, ext: sendFields(fields), body: utf8(text) };
}

/** Fields of a pull (11), which brings its own subscription and does not wait. */
export function pull(fields: ExtFields = {}): CommandFields {
  return {
    code: 11,
    ext: {
      consumerGroup: "C",
      topic: "T",
      queueId: "0",
      queueOffset: "0",
      maxMsgNums: "32",
      sysFlag: "4",
      commitOffset: "0",
      suspendTimeoutMillis: "15000",
      subscription: "*",
      subVersion: "0",
      ...fields,
    },
  };
}

/** Properties as a producer writes them. */
export function props(...pairs: [string, string][]): string {
  return pairs.map(([name, value]) => `${name}\x01${value}`).join("\x02");
}

/** A batch (320): messages and their own properties. */
export function batch(
  entries: [text: string, properties: string][],
  fields: ExtFields = {},
): CommandFields {
  const body = encodeBatch(
    entries.map(([text, properties]) => ({ flag: 3, body: utf8(text), properties })),
  );
  return { code: 320, ext: lettersOf(sendFields({ batch: "true", ...fields })), body };
}
