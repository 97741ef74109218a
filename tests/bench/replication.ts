import { join } from "node:path";
import type { Address, Net } from "../../src/ports/net.ts";
import { RequestCode } from "../../src/wire/codes.ts";
import type { Via } from "../support/binary.ts";
import { type Cluster, startBrokerNode, startCluster } from "../support/cluster.ts";
import { runtime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";
import type { Starter } from "./brokers.ts";
import { ColdLog } from "./cold_log.ts";
import { feedSlave, type HaResult, type Measurable, takeLog } from "./ha_load.ts";
import type { Measured } from "./rows.ts";
import { sendLoad } from "./send_load.ts";

const MIB = 1024 * 1024;
/** The log of the rows that start a broker of their own, and what of it goes over untimed at first. */
const LOG_BYTES = 1000 * MIB;
const WARM_BYTES = 256 * MIB;
/** As often as that a master pushes the untimed part: a JVM compiles after some thousand frames. */
const WARM_PUSHES = 3;
const CATCH_UP_BYTES = 1024 * MIB;

/** One line of the table whose work is started anew for ours and for the peer. */
export interface StartedRow {
  readonly name: string;
  /** Without it the row is about ours alone. */
  readonly peer: boolean;
  run(start: Starter): Promise<Measured>;
}

/** The lines about replication; they share a log, which goes when they are disposed. */
export class ReplicationRows implements Disposable {
  readonly #net: Net;
  readonly #via: Via;
  #log: Promise<ColdLog> | undefined;
  #made: ColdLog | undefined;

  constructor(net: Net, via: Via) {
    this.#net = net;
    this.#via = via;
  }

  get all(): StartedRow[] {
    return [
      {
        name: "HA push of a cold log to a bare slave",
        peer: true,
        run: async (start) => measured(await this.#push(start)),
      },
      {
        name: "HA intake by an empty slave: append, dispatch, report",
        peer: true,
        run: async (start) => measured(await this.#intake(start)),
      },
      {
        name: "sends 4 x 16 while a second slave fetches 1 GiB, of the rate before and after",
        peer: false,
        run: () => catchUp(this.#net, this.#via),
      },
    ];
  }

  async #push(start: Starter): Promise<HaResult> {
    const log = await this.#cold();
    const master = await start({
      config: { brokerName: "cold", brokerId: "0", brokerRole: "SYNC_MASTER" },
      fill: (dir) => log.copyTo(dir),
    });
    try {
      const warm = { from: 1, until: WARM_BYTES };
      for (let i = 0; i < WARM_PUSHES; i++) await takeLog(this.#net, master, warm);
      return await takeLog(this.#net, master, { from: WARM_BYTES, until: log.bytes });
    } finally {
      await master.stop();
    }
  }

  async #intake(start: Starter): Promise<HaResult> {
    const log = await this.#cold();
    const slave = (ha: Address): Promise<Measurable> =>
      start({
        config: {
          brokerName: "cold",
          brokerId: "1",
          brokerRole: "SLAVE",
          haMasterAddress: `${ha.host}:${ha.port}`,
          haProof: "stream",
        },
      });
    return await feedSlave(this.#net, log, WARM_BYTES, slave);
  }

  #cold(): Promise<ColdLog> {
    return this.#log ??= ColdLog.make(runtime, LOG_BYTES).then((log) => this.#made = log);
  }

  [Symbol.dispose](): void {
    this.#made?.[Symbol.dispose]();
  }
}

function measured({ bytes, seconds, cpuSeconds }: HaResult): Measured {
  const cpu = (cpuSeconds / (bytes / (1024 * MIB))).toFixed(2);
  return {
    rate: bytes / 1e6 / seconds,
    unit: "MB/s",
    note: `${(bytes / MIB).toFixed(0)} MiB, processor ${cpu} s a GiB`,
  };
}

/** How long producers are counted before the second slave comes, and after it has all. */
const COUNTED_MS = 4_000;

/** What producers keep of their rate while a second slave fetches the log they write. */
async function catchUp(net: Net, via: Via): Promise<Measured> {
  await using cluster = await startCluster({ slaves: 1, via });
  using folder = tempDir();
  const counter = { answered: 0, stop: false };
  const producers = sendLoad(net, {
    address: cluster.master.broker,
    topic: "CatchUp",
    connections: 4,
    inFlight: 16,
    bodyBytes: 1024,
    queues: 4,
    seconds: 600,
    warmSeconds: 0,
    counter,
  });
  try {
    while (await logEnd(cluster, cluster.master.broker) < CATCH_UP_BYTES) await pause(100);
    const before = await rateFor(counter, COUNTED_MS);
    const needed = await logEnd(cluster, cluster.master.broker);
    const started = performance.now();
    const answeredBefore = counter.answered;
    const slave = await startSlave(cluster, join(folder.path, "slave"), via);
    try {
      while (await logEnd(cluster, slave.broker) < needed) await pause(20);
      const seconds = (performance.now() - started) / 1000;
      const during = (counter.answered - answeredBefore) / seconds;
      const after = await rateFor(counter, COUNTED_MS);
      const kept = 100 * during / ((before + after) / 2);
      const note = `${Math.round(before)}/s before, ${Math.round(during)}/s for ${
        seconds.toFixed(1)
      } s and ${(needed / MIB).toFixed(0)} MiB, ${Math.round(after)}/s after`;
      return { rate: kept, unit: "%", note };
    } finally {
      counter.stop = true;
      await producers;
      await slave.process[Symbol.asyncDispose]();
    }
  } finally {
    counter.stop = true;
    await producers;
  }
}

async function rateFor(counter: { answered: number }, ms: number): Promise<number> {
  const [count, time] = [counter.answered, performance.now()];
  await pause(ms);
  return (counter.answered - count) * 1000 / (performance.now() - time);
}

async function logEnd(cluster: Cluster, broker: Address): Promise<number> {
  const { body } = await cluster.ask(broker, { code: RequestCode.GET_BROKER_RUNTIME_INFO });
  return Number(JSON.parse(new TextDecoder().decode(body)).table.commitLogMaxOffset);
}

function startSlave(cluster: Cluster, dir: string, via: Via) {
  const flags = Object.entries({
    brokerId: "2",
    brokerIP1: "127.0.0.1",
    listenPort: "0",
    namesrvAddr: `127.0.0.1:${cluster.namesrv.port}`,
    storePathRootDir: dir,
  }).flatMap(([key, value]) => [`--${key}`, value]);
  return startBrokerNode("second slave", ["--slave", ...flags], dir, via);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
