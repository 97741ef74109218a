import { Course } from "../../src/cli/bench/course.ts";
import { latencyMaker } from "../../src/cli/bench/latencies.ts";
import { sendLoad as drive } from "../../src/cli/bench/send_load.ts";
import { Tally } from "../../src/cli/bench/tally.ts";
import type { Address, Net } from "../../src/ports/net.ts";
import { runtime } from "../support/runtime.ts";

/** What one run of sends did; times in milliseconds. */
export interface SendResult {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly ok: number;
  /** Answers by code, other than 0. */
  readonly other: ReadonlyMap<number, number>;
}

export interface SendLoad {
  readonly address: Address;
  readonly topic: string;
  readonly connections: number;
  readonly inFlight: number;
  readonly bodyBytes: number;
  readonly queues: number;
  /** Counted seconds, after a warm-up that is not. */
  readonly seconds: number;
  readonly warmSeconds: number;
  /** Messages have a key of their own in KEYS, too. */
  readonly keyed?: boolean;
  /** Shows how many were answered 0 so far, and ends the load early. */
  readonly counter?: { answered: number; stop: boolean };
}

/** Keeps `inFlight` sends under way on each connection and counts the answers: the load of `pocketmq bench`. */
export async function sendLoad(net: Net, load: SendLoad): Promise<SendResult> {
  const { address, queues, topic, bodyBytes, connections, inFlight, keyed, counter } = load;
  const { clock, random } = runtime;
  const latencies = (await latencyMaker())();
  let running: { course: Course; tally: Tally } | undefined;
  const begin = () => {
    const ms = load.seconds * 1000;
    const course = new Course(clock, {
      warmMs: load.warmSeconds * 1000,
      ms,
      requests: Infinity,
    });
    return running = { course, tally: new Tally(course, latencies) };
  };
  const look = () => {
    if (counter === undefined) return;
    counter.answered = running!.tally.okInAll;
    if (counter.stop) running!.course.stop(clock.monotonic());
  };
  const shape = { topic, bodyBytes, batch: 1, keys: keyed ? 1 : 0, tag: "A" };
  await drive(
    { net, clock, random },
    { targets: [{ address, queues }], shape, connections, inFlight },
    begin,
    look,
  );
  look();
  const { tally } = running!;
  const [{ requests: ok }, ...other] = tally.counts;
  const { p50, p99, max } = tally.latency;
  return {
    perSecond: ok / load.seconds,
    p50,
    p99,
    max,
    ok,
    other: new Map(other.map(({ code, requests }) => [code, requests])),
  };
}
