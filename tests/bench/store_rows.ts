import { readFileSync } from "node:fs";
import type { Net } from "../../src/ports/net.ts";
import { runtime } from "../support/runtime.ts";
import type { Starter } from "./brokers.ts";
import { cpuSecondsOf } from "./cpu.ts";
import { FullStore } from "./full_store.ts";
import type { Measurable } from "./ha_load.ts";
import type { StartedRow } from "./replication.ts";
import type { Measured } from "./rows.ts";
import { sendLoad } from "./send_load.ts";

/** A little less than a GiB of log, all in one file: after a kill all of it is read. */
const LARGE = { messages: 910_000, queues: 100 };
const MANY = { messages: 50_000, queues: 5_000 };
/** A JVM compiles for some seconds. */
const WARM_SECONDS = 6;

type Config = Readonly<Record<string, string>>;

/** The lines about stores: start, memory, SYNC_FLUSH and the key index. They share what they start on. */
export class StoreRows implements Disposable {
  readonly #net: Net;
  readonly #seconds: number;
  readonly #made: FullStore[] = [];
  #large: Promise<FullStore> | undefined;
  #many: Promise<FullStore> | undefined;

  constructor(net: Net, seconds: number) {
    this.#net = net;
    this.#seconds = seconds;
  }

  get all(): StartedRow[] {
    const syncFlush = { flushDiskType: "SYNC_FLUSH" };
    return [
      {
        name: "start to ready, 1 GiB in 100 queues, after a clean stop (less is better)",
        peer: true,
        run: (start) => this.#start(start, this.#gib(), "stopped", started),
      },
      {
        name: "start to ready, 1 GiB in 100 queues, after kill -9 (less is better)",
        peer: true,
        run: (start) => this.#start(start, this.#gib(), "killed", started),
      },
      {
        name: "memory with 5,000 queues of 10 messages, started clean (less is better)",
        peer: true,
        run: (start) => this.#start(start, this.#queues(), "stopped", memory),
      },
      {
        name: "memory with 5,000 queues of 10 messages, after kill -9 (less is better)",
        peer: true,
        run: (start) => this.#start(start, this.#queues(), "killed", memory),
      },
      this.#sends("SYNC_FLUSH 1 x 1, 1 KiB", 1, 1, syncFlush),
      this.#sends("SYNC_FLUSH 4 x 16, 1 KiB", 4, 16, syncFlush),
      this.#sends("sends 4 x 16 with two keys, key index on", 4, 16, {}),
      this.#sends("sends 4 x 16 with two keys, key index off", 4, 16, {
        messageIndexEnable: "false",
      }),
    ];
  }

  async #start(
    start: Starter,
    store: Promise<FullStore>,
    end: "stopped" | "killed",
    look: (broker: Measurable) => Measured,
  ): Promise<Measured> {
    const full = await store;
    const broker = await start({
      config: { brokerName: "full", brokerId: "0", brokerRole: "ASYNC_MASTER" },
      fill: (dir) => full.copyTo(dir, end),
    });
    try {
      return look(broker);
    } finally {
      await broker.stop();
    }
  }

  #sends(name: string, connections: number, inFlight: number, config: Config): StartedRow {
    const run = async (start: Starter): Promise<Measured> => {
      const master = { brokerName: "flushed", brokerId: "0", brokerRole: "ASYNC_MASTER" };
      const broker = await start({ config: { ...master, ...config } });
      const counter = { answered: 0, stop: false };
      const cpuBefore = cpuSecondsOf(broker.pid);
      try {
        const { perSecond, p50, p99, other } = await sendLoad(this.#net, {
          address: broker.broker,
          topic: "BenchTopic",
          connections,
          inFlight,
          bodyBytes: 1024,
          queues: 4,
          seconds: this.#seconds,
          warmSeconds: WARM_SECONDS,
          keyed: true,
          counter,
        });
        const us = 1e6 * (cpuSecondsOf(broker.pid) - cpuBefore) / counter.answered;
        const codes = [...other].map(([code, count]) => `, code ${code}: ${count}`).join("");
        const note = `processor ${us.toFixed(1)} us a message${codes}`;
        return { rate: perSecond, unit: "msg/s", p50, p99, note };
      } finally {
        await broker.stop();
      }
    };
    return { name, peer: true, run };
  }

  #gib(): Promise<FullStore> {
    return this.#large ??= this.#make(LARGE);
  }

  #queues(): Promise<FullStore> {
    return this.#many ??= this.#make(MANY);
  }

  async #make(filling: { messages: number; queues: number }): Promise<FullStore> {
    const store = await FullStore.make(runtime, filling);
    this.#made.push(store);
    return store;
  }

  [Symbol.dispose](): void {
    for (const store of this.#made) store[Symbol.dispose]();
  }
}

function started({ startMs, pid }: Measurable): Measured {
  return { rate: startMs, unit: "ms", note: `${memory({ pid }).rate.toFixed(0)} MB` };
}

function memory({ pid }: Pick<Measurable, "pid">): Measured {
  const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))!;
  return { rate: Number(kib) * 1024 / 1e6, unit: "MB" };
}
