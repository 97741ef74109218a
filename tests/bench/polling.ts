import { silentLog } from "../../src/base/log.ts";
import type { Address } from "../../src/ports/net.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { RequestCode, ResponseCode } from "../../src/wire/codes.ts";
import type { Command, Request } from "../../src/wire/command.ts";
import { addressText } from "../../src/wire/host_address.ts";
import { formatPull, PULL_FLAG } from "../../src/wire/pull.ts";
import type { Via } from "../support/binary.ts";
import { sendRequest, startCluster } from "../support/cluster.ts";
import { runtime } from "../support/runtime.ts";
import type { Starter } from "./brokers.ts";
import { cpuSecondsOf } from "./cpu.ts";
import type { StartedRow } from "./replication.ts";
import type { Measured } from "./rows.ts";

const TOPIC = "Polling";
const QUEUES = 32;
/** Between two sends; a pull is parked again long before its queue is sent to once more. */
const PAUSE_MS = 2;
/** Waking is compiled after some hundred. */
const WARM_SENDS = 500;
const IDLE_PULLS = 10_000;
const IDLE_CONNECTIONS = 50;
const CALL_MS = 60_000;
/** How long a Java push consumer has its pulls parked. */
const HOLD_MS = 15_000;

/** The lines about pulls that wait. */
export class PollingRows {
  readonly #via: Via;
  readonly #seconds: number;

  constructor(via: Via, seconds: number) {
    this.#via = via;
    this.#seconds = seconds;
  }

  get all(): StartedRow[] {
    return [
      {
        name: "long polling: from a send to the answer of the pull that waits, master",
        peer: true,
        run: (start) => this.#onMaster(start),
      },
      {
        name: "long polling: from a send to the answer of the pull that waits, slave",
        peer: false,
        run: () => this.#onSlave(),
      },
      {
        name: "long polling: processor time of 10,000 parked pulls",
        peer: true,
        run: (start) => this.#idle(start),
      },
    ];
  }

  async #onMaster(start: Starter): Promise<Measured> {
    const master = await start({ config: MASTER });
    try {
      return await wakes(master.broker, master.broker, this.#seconds);
    } finally {
      await master.stop();
    }
  }

  async #onSlave(): Promise<Measured> {
    await using cluster = await startCluster({ slaves: 1, via: this.#via });
    return await wakes(cluster.master.broker, cluster.slaves[0].broker, this.#seconds);
  }

  /** A core's share while the pulls only wait, and while each is answered and comes again every 15 s. */
  async #idle(start: Starter): Promise<Measured> {
    const master = await start({ config: MASTER });
    try {
      await makeTopic(master.broker);
      const without = await percentOf(master.pid, this.#seconds);
      const waiting = await withPulls(
        master.broker,
        10 * CALL_MS,
        () => percentOf(master.pid, this.#seconds),
      );
      const renewed = await withPulls(
        master.broker,
        HOLD_MS,
        () => percentOf(master.pid, 2 * HOLD_MS / 1000),
      );
      const note = `${without.toFixed(1)} without pulls, ${renewed.toFixed(1)} with each renewed ` +
        `every ${HOLD_MS / 1000} s`;
      return { rate: waiting, unit: "% of a core", note };
    } finally {
      await master.stop();
    }
  }
}

const MASTER = { brokerName: "polling", brokerId: "0", brokerRole: "ASYNC_MASTER" };

/** Sends to one queue after the other, each of which has a pull that waits. */
async function wakes(master: Address, reader: Address, seconds: number): Promise<Measured> {
  const [sends, pulls] = [new Redial(runtime, silentLog), new Redial(runtime, silentLog)];
  try {
    await makeTopic(master);
    const took: number[] = [];
    const sentAt: number[] = [];
    const offsets: number[] = [];
    let stopped = false;
    const wait = async (queueId: number) => {
      while (!stopped) {
        const answer = await ask(pulls, reader, parkedPull(queueId, offsets[queueId], HOLD_MS));
        if (answer.code === ResponseCode.PULL_NOT_FOUND) continue;
        took.push(performance.now() - sentAt[queueId]);
        offsets[queueId] = Number(answer.ext.nextBeginOffset);
      }
    };
    const send = async (queueId: number) => {
      sentAt[queueId] = performance.now();
      await ask(sends, master, sendRequest(TOPIC, "wake up", "", queueId));
    };
    for (let queueId = 0; queueId < QUEUES; queueId++) { // a slave knows of the queue by its message
      await send(queueId);
      offsets[queueId] = await firstOffset(pulls, reader, queueId);
    }
    for (let queueId = 0; queueId < QUEUES; queueId++) wait(queueId).catch(() => {});
    await pause(100);
    let until = Infinity;
    for (let n = 0; performance.now() < until; n++) {
      if (n === WARM_SENDS) {
        took.length = 0;
        until = performance.now() + seconds * 1000;
      }
      await send(n % QUEUES);
      await pause(PAUSE_MS);
    }
    await pause(100);
    stopped = true;
    took.sort((a, b) => a - b);
    const at = (part: number) => took[Math.floor(part * (took.length - 1))];
    return { rate: took.length / seconds, unit: "wakes/s", p50: at(0.5), p99: at(0.99) };
  } finally {
    sends.close();
    pulls.close();
  }
}

/** Where the queue goes on behind the message it was made with; it may take the slave a moment. */
async function firstOffset(calls: Redial, reader: Address, queueId: number): Promise<number> {
  for (;;) {
    const answer = await ask(calls, reader, parkedPull(queueId, 0, 1000));
    if (answer.code === ResponseCode.SUCCESS) return Number(answer.ext.nextBeginOffset);
    await pause(50);
  }
}

/** Has so many pulls wait at empty queues while `body` runs; those that are answered come again. */
async function withPulls<T>(
  broker: Address,
  holdMs: number,
  body: () => Promise<T>,
): Promise<T> {
  const lines = Array.from({ length: IDLE_CONNECTIONS }, () => new Redial(runtime, silentLog));
  let stopped = false;
  const wait = async (i: number) => {
    while (!stopped) {
      await ask(lines[i % lines.length], broker, parkedPull(i % QUEUES, 0, holdMs), 2 * holdMs);
    }
  };
  try {
    for (let i = 0; i < IDLE_PULLS; i++) wait(i).catch(() => {});
    await pause(5_000);
    return await body();
  } finally {
    stopped = true;
    for (const line of lines) line.close();
    await pause(500);
  }
}

/** Processor time of a process over the next seconds, all its threads together. */
async function percentOf(pid: number, seconds: number): Promise<number> {
  const [before, from] = [cpuSecondsOf(pid), performance.now()];
  await pause(seconds * 1000);
  return 100 * (cpuSecondsOf(pid) - before) / ((performance.now() - from) / 1000);
}

async function makeTopic(broker: Address): Promise<void> {
  const calls = new Redial(runtime, silentLog);
  const ext = {
    topic: TOPIC,
    defaultTopic: "TBW102",
    readQueueNums: String(QUEUES),
    writeQueueNums: String(QUEUES),
    perm: "6",
    topicFilterType: "SINGLE_TAG",
    topicSysFlag: "0",
    order: "false",
  };
  await ask(calls, broker, { code: RequestCode.UPDATE_AND_CREATE_TOPIC, ext });
  calls.close();
}

function parkedPull(queueId: number, queueOffset: number, holdMs: number): Request {
  return formatPull({
    consumerGroup: "Polling",
    topic: TOPIC,
    queueId,
    queueOffset,
    maxMessages: 32,
    sysFlag: PULL_FLAG.mayPark | PULL_FLAG.subscription,
    commitOffset: 0,
    holdMs,
    subscription: "*",
    subVersion: 0,
    expressionType: "TAG",
  });
}

function ask(calls: Redial, to: Address, request: Request, ms: number = CALL_MS): Promise<Command> {
  return calls.call(addressText(to), request, ms);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
