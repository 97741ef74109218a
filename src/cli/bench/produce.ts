import { parseAddress } from "../../wire/host_address.ts";
import type { FlagValues } from "../args.ts";
import { jsonLine, reaching, TARGET_FLAGS } from "../admin/reach.ts";
import { CLUSTER_FLAGS } from "../cluster.ts";
import type { Context } from "../command.ts";
import { Exit } from "../exit.ts";
import { type Verb, verb } from "../verb.ts";
import { type BenchTopic, leftOf, openTopic } from "./bench_topic.ts";
import { Course } from "./course.ts";
import { latencyMaker } from "./latencies.ts";
import { Live, LIVE_FLAGS } from "./live.ts";
import { planOf, PRODUCE_FLAGS, type ProducePlan } from "./produce_plan.ts";
import { planText, type Produced, producedJson, producedText, secondText } from "./produce_text.ts";
import { sendLoad } from "./send_load.ts";
import { stopSignal } from "./stop.ts";
import { STORED, Tally } from "./tally.ts";

const FLAGS = {
  ...CLUSTER_FLAGS,
  ...TARGET_FLAGS,
  ...PRODUCE_FLAGS,
  ...LIVE_FLAGS,
  keep: { kind: "switch" },
} as const;

/** `pocketmq bench produce` */
export const produce: Verb = verb({
  flags: FLAGS,
  words: [{ what: "a topic", kind: "topic", optional: true }],
  run(context, { flags, words: [name] }) {
    const plan = planOf(flags);
    const { terminal, runtime } = context;
    return reaching(context, flags, async (lines) => {
      const stop = stopSignal(terminal); // before there is a topic to delete
      const wanted = { name, target: flags, queues: plan.queues, use: "write" } as const;
      const topic = await openTopic(lines, wanted, runtime.random);
      const kept = !topic.made || flags.keep;
      const { produced, failure } = await measured(context, { plan, topic, kept }, flags, stop);
      if (produced !== undefined) {
        const text = flags.json ? jsonLine(producedJson(produced)) : producedText(produced);
        terminal.stdout(text);
      }
      const left = kept ? undefined : await leftOf(lines, topic);
      if (left !== undefined) terminal.stderr(`pocketmq: ${left}\n`);
      if (failure !== undefined) throw failure.error;
      return left === undefined && produced !== undefined ? exitOf(produced) : Exit.FAILED;
    });
  },
});

/** What was measured, also when it failed on the way. */
async function measured(
  context: Context,
  { plan, topic, kept }: { plan: ProducePlan; topic: BenchTopic; kept: boolean },
  flags: FlagValues<typeof FLAGS>,
  stop: AbortSignal,
): Promise<{ produced?: Produced; failure?: { error: unknown } }> {
  const { terminal, runtime } = context;
  const { clock } = runtime;
  const { shape, connections, inFlight, rate } = plan;
  const brokers = topic.brokers.slice(0, connections); // those that get a connection
  const used = { ...topic, brokers };
  if (!flags.json) terminal.stdout(planText(used, plan));
  const latencies = (await latencyMaker())();
  const live = new Live(terminal, clock, flags);
  let running: { course: Course; tally: Tally } | undefined;
  const begin = () => {
    const course = new Course(clock, plan.course);
    return running = { course, tally: new Tally(course, latencies) };
  };
  const watch = () => {
    const { course, tally } = running!;
    if (stop.aborted) course.stop(clock.monotonic());
    live.tick((seconds) => {
      const warm = clock.monotonic() - seconds * 1000 < course.warmUntil;
      return secondText(tally.takeSecond(), seconds, shape, warm);
    });
  };
  const load = {
    targets: brokers.map(({ address, queues }) => ({ address: parseAddress(address)!, queues })),
    shape: { ...shape, topic: topic.topic },
    connections,
    inFlight,
    rate: rate === undefined ? undefined : rate / shape.batch,
  };
  let overdue = 0;
  let failure: { error: unknown } | undefined;
  try {
    overdue = (await sendLoad(runtime, load, begin, watch)).overdue;
  } catch (error) {
    failure = { error };
  } finally {
    live.end();
  }
  if (running === undefined) return { failure };
  const { course, tally } = running;
  const { perSecond, seconds } = tally.rate;
  return {
    failure,
    produced: {
      topic: used,
      kept,
      plan,
      seconds,
      requestsPerSecond: perSecond,
      latency: tally.latency,
      counts: tally.counts,
      storedInAll: tally.storedInAll,
      overdue,
      stopped: course.stopped,
    },
  };
}

/** As `send`: 0 all are SEND_OK, 3 all are stored, 1 one is not. */
function exitOf({ counts }: Produced): number {
  const got = counts.filter(({ requests }) => requests > 0);
  if (got.length === 0 || got.some(({ code }) => !STORED.has(code))) return Exit.FAILED;
  return got.some(({ code }) => code !== 0) ? Exit.UNHEALTHY : Exit.OK;
}
