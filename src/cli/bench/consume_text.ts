import { countText } from "../units.ts";
import { type BenchTopic, brokersText } from "./bench_topic.ts";
import type { ConsumePlan } from "./consume_plan.ts";
import type { LatencySummary } from "./latencies.ts";
import type { SecondText } from "./live.ts";
import type { PullCounts, PullSecond } from "./pull_tally.ts";
import {
  figures,
  latencyJson,
  latencyRow,
  megabytesText,
  msText,
  rateText,
  rounded,
  secondsText,
  wholeText,
} from "./texts.ts";

/** What a run of pulls came to. */
export interface Consumed {
  readonly topic: BenchTopic;
  readonly kept: boolean;
  readonly plan: ConsumePlan;
  /** Connections that were needed. */
  readonly connections: number;
  readonly seconds: number;
  readonly counts: PullCounts;
  readonly latency: LatencySummary;
  readonly endToEnd: LatencySummary | undefined;
  /** It was ended before its time. */
  readonly stopped: boolean;
}

/** What is measured, before it begins. */
export function consumePlanText(
  { topic, brokers, made }: BenchTopic,
  plan: ConsumePlan,
  connections: number,
): string {
  const queues = [...new Set(brokers.map(({ queues }) => queues))].join(" and ");
  const where = plan.live ? "what arrives" : plan.again ? "again and again" : "to its end";
  const { messages, bodyBytes } = plan.fill;
  const filled = made
    ? `, filled for this with ${wholeText(messages)} messages of ${wholeText(bodyBytes)} B`
    : "";
  return `Reading ${topic}${filled}, ${where}: ${queues} queues on ${brokersText(brokers)}\n` +
    `${countText(connections, "connection")}, one pull of up to ${plan.batch} messages under way ` +
    `for each queue, ${plan.seconds} s at most\n`;
}

/** The result for a person. */
export function consumedText(consumed: Consumed): string {
  const { counts, seconds, latency, endToEnd, stopped } = consumed;
  const rows = [
    [
      "rate",
      rateText(per(counts.messages, seconds), "msg"),
      megabytesText(per(counts.bytes, seconds)),
      `over ${secondsText(seconds)}`,
    ],
    ["messages", wholeText(counts.messages), `in ${countText(counts.pulls, "pull")}`],
    ...latencyRow("pull", latency),
    ...endToEnd === undefined ? [] : latencyRow("end to end", endToEnd),
  ];
  const how = endToEnd === undefined
    ? ""
    : "End to end is from when the broker stored a message to its arrival here, in whole ms and by\n" +
      "both clocks; a pull's time is how long it waited for messages, too.\n";
  return `${figures(rows)}\n${
    stopped ? "Ended early; this is what was measured until then.\n" : ""
  }` +
    `${how}MB/s counts whole records, with topic and properties. No offset was kept.\n`;
}

/** The result for machines. */
export function consumedJson(consumed: Consumed): Record<string, unknown> {
  const { topic, plan, counts, seconds, latency, endToEnd } = consumed;
  return {
    type: "result",
    bench: "consume",
    topic: topic.topic,
    made: topic.made,
    kept: consumed.kept,
    brokers: topic.brokers,
    connections: consumed.connections,
    batch: plan.batch,
    live: plan.live,
    seconds: rounded(seconds),
    messages: counts.messages,
    bytes: counts.bytes,
    pulls: counts.pulls,
    messagesPerSecond: rounded(per(counts.messages, seconds)),
    bytesPerSecond: Math.round(per(counts.bytes, seconds)),
    pullLatencyMs: latencyJson(latency),
    endToEndMs: endToEnd === undefined ? null : latencyJson(endToEnd),
    stopped: consumed.stopped,
  };
}

/** One second of a run. */
export function pullSecondText(second: PullSecond, seconds: number): SecondText {
  const { messages, bytes, latency, endToEnd } = second;
  const shown = endToEnd ?? latency;
  const times = shown.count > 0
    ? `  ${endToEnd === undefined ? "pull" : "end to end"} p50 ${msText(shown.p50)}  p99 ${
      msText(shown.p99)
    }`
    : "";
  return {
    text: `${rateText(per(messages, seconds), "msg")}  ${
      megabytesText(per(bytes, seconds))
    }${times}`,
    json: {
      messages,
      messagesPerSecond: rounded(per(messages, seconds)),
      bytesPerSecond: Math.round(per(bytes, seconds)),
      pullLatencyMs: latencyJson(latency),
      endToEndMs: endToEnd === undefined ? null : latencyJson(endToEnd),
    },
  };
}

function per(value: number, seconds: number): number {
  return seconds > 0 ? value / seconds : 0;
}
