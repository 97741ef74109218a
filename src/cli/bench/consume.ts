import type { Lines } from "../../admin/lines.ts";
import { parseAddress } from "../../wire/host_address.ts";
import { jsonLine, reaching, TARGET_FLAGS } from "../admin/reach.ts";
import type { FlagValues } from "../args.ts";
import { CLUSTER_FLAGS } from "../cluster.ts";
import type { Context } from "../command.ts";
import { Exit } from "../exit.ts";
import { Progress } from "../progress.ts";
import { type Verb, verb } from "../verb.ts";
import { type BenchTopic, leftOf, openTopic } from "./bench_topic.ts";
import { CONSUME_FLAGS, type ConsumePlan, consumePlanOf } from "./consume_plan.ts";
import {
  type Consumed,
  consumedJson,
  consumedText,
  consumePlanText,
  pullSecondText,
} from "./consume_text.ts";
import { Course } from "./course.ts";
import { latencyMaker } from "./latencies.ts";
import { Live, LIVE_FLAGS } from "./live.ts";
import { connectionsOf, pullLoad, type PullTarget, pullTargets } from "./pull_load.ts";
import { PullTally } from "./pull_tally.ts";
import { sendLoad } from "./send_load.ts";
import { stopSignal } from "./stop.ts";
import { Tally } from "./tally.ts";

const FLAGS = {
  ...CLUSTER_FLAGS,
  ...TARGET_FLAGS,
  ...CONSUME_FLAGS,
  ...LIVE_FLAGS,
  keep: { kind: "switch" },
} as const;

/** `pocketmq bench consume` */
export const consume: Verb = verb({
  flags: FLAGS,
  words: [{ what: "a topic", kind: "topic", optional: true }],
  run(context, { flags, words: [name] }) {
    const { terminal, runtime } = context;
    const plan = consumePlanOf(flags, name, runtime.clock.now());
    return reaching(context, flags, async (lines) => {
      const stop = stopSignal(terminal); // before there is a topic to delete
      const use = name === undefined ? "write" : "read"; // ours is filled first
      const wanted = { name, target: flags, queues: undefined, use } as const;
      const topic = await openTopic(lines, wanted, runtime.random);
      const kept = !topic.made || flags.keep;
      const { consumed, failure } = await measured(
        context,
        { lines, plan, topic, kept },
        flags,
        stop,
      );
      if (consumed !== undefined) {
        terminal.stdout(flags.json ? jsonLine(consumedJson(consumed)) : consumedText(consumed));
      }
      const left = kept ? undefined : await leftOf(lines, topic);
      if (left !== undefined) terminal.stderr(`pocketmq: ${left}\n`);
      if (failure !== undefined) throw failure.error;
      return left === undefined && consumed !== undefined ? Exit.OK : Exit.FAILED;
    });
  },
});

interface Reading {
  readonly lines: Lines;
  readonly plan: ConsumePlan;
  readonly topic: BenchTopic;
  readonly kept: boolean;
}

/** What was measured, also when it failed on the way. */
async function measured(
  context: Context,
  reading: Reading,
  flags: FlagValues<typeof FLAGS>,
  stop: AbortSignal,
): Promise<{ consumed?: Consumed; failure?: { error: unknown } }> {
  const { lines, plan, topic } = reading;
  try {
    if (topic.made) await fill(context, reading, stop);
    const targets = await pullTargets(lines, topic.topic, topic.brokers, plan);
    return await pulled(context, { ...reading, targets }, flags, stop);
  } catch (error) {
    return { failure: { error } };
  }
}

async function pulled(
  { terminal, runtime }: Context,
  { plan, topic, kept, targets }: Reading & { readonly targets: readonly PullTarget[] },
  flags: FlagValues<typeof FLAGS>,
  stop: AbortSignal,
): Promise<{ consumed?: Consumed; failure?: { error: unknown } }> {
  const { clock } = runtime;
  const connections = connectionsOf(targets, plan.connections).reduce((sum, n) => sum + n, 0);
  if (!flags.json) terminal.stdout(consumePlanText(topic, plan, connections));
  const make = await latencyMaker();
  const [latencies, endToEnd] = [make(), plan.live ? make() : undefined];
  let running: { course: Course; tally: PullTally } | undefined;
  const begin = () => {
    const course = new Course(clock, { warmMs: 0, ms: plan.seconds * 1000, requests: Infinity });
    const tally = new PullTally(course, { clock, latencies, endToEnd, most: plan.count });
    return running = { course, tally };
  };
  const live = new Live(terminal, clock, flags);
  const watch = () => {
    const { course, tally } = running!;
    if (stop.aborted) course.stop(clock.monotonic());
    live.tick((seconds) => pullSecondText(tally.takeSecond(), seconds));
  };
  const { batch, again } = plan;
  const load = { topic: topic.topic, targets, connections, batch, again };
  let failure: { error: unknown } | undefined;
  try {
    await pullLoad(runtime, load, begin, watch);
  } catch (error) {
    failure = { error };
  } finally {
    live.end();
  }
  if (running === undefined) return { failure };
  const { course, tally } = running;
  const readAll = failure !== undefined || !course.over(clock.monotonic());
  const consumed = {
    topic,
    kept,
    plan,
    connections,
    seconds: tally.secondsTo(readAll),
    counts: tally.counts,
    latency: tally.latency,
    endToEnd: tally.endToEnd,
    stopped: course.stopped,
  };
  return { consumed, failure };
}

/** Gives our own topic its messages. */
async function fill(
  { runtime, terminal }: Context,
  { plan: { fill: { messages, bodyBytes } }, topic }: Reading,
  stop: AbortSignal,
): Promise<void> {
  const { clock } = runtime;
  const progress = new Progress(terminal, messages);
  const latencies = (await latencyMaker())();
  let running: { course: Course; tally: Tally } | undefined;
  const begin = () => {
    const course = new Course(clock, { warmMs: 0, ms: Infinity, requests: messages });
    return running = { course, tally: new Tally(course, latencies) };
  };
  const load = {
    targets: topic.brokers.map(({ address, queues }) => ({
      address: parseAddress(address)!,
      queues,
    })),
    shape: { topic: topic.topic, bodyBytes, batch: 1, keys: 0, waits: false },
    connections: Math.max(4, topic.brokers.length),
    inFlight: 16,
  };
  try {
    await sendLoad(runtime, load, begin, () => {
      const { course, tally } = running!;
      if (stop.aborted) course.stop(clock.monotonic());
      progress.at(Math.min(messages, tally.storedInAll));
    });
  } finally {
    progress.end();
  }
}
