import { countText } from "../units.ts";
import { type BenchTopic, brokersText } from "./bench_topic.ts";
import type { ProducePlan } from "./produce_plan.ts";
import { type CodeCount, type Second, STORED } from "./tally.ts";
import type { LatencySummary } from "./latencies.ts";
import type { SecondText } from "./live.ts";
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

/** What a run of sends came to. */
export interface Produced {
  readonly topic: BenchTopic;
  /** It stays: it was there before, or is kept. */
  readonly kept: boolean;
  readonly plan: ProducePlan;
  /** Seconds that count. */
  readonly seconds: number;
  /** Requests stored a second in that time. */
  readonly requestsPerSecond: number;
  readonly latency: LatencySummary;
  readonly counts: readonly CodeCount[];
  /** Requests stored, the warm-up's too. */
  readonly storedInAll: number;
  /** Requests of the schedule that were never sent. */
  readonly overdue: number;
  /** It was ended before its time. */
  readonly stopped: boolean;
}

/** Messages a second, and bytes of their bodies. */
function ratesOf({ requestsPerSecond, plan: { shape } }: Produced) {
  const perSecond = requestsPerSecond * shape.batch;
  return { perSecond, bytesPerSecond: perSecond * shape.bodyBytes };
}

/** What is measured, before it begins. */
export function planText({ topic, made, brokers }: BenchTopic, plan: ProducePlan): string {
  const { shape: { bodyBytes, batch }, connections, inFlight, rate, course } = plan;
  const size = `${wholeText(bodyBytes)} B a message${batch > 1 ? `, ${batch} in a request` : ""}`;
  const queues = [...new Set(brokers.map(({ queues }) => queues))].join(" and ");
  const long = course.ms === Infinity ? "" : `, ${course.ms / 1000} s`;
  const count = course.requests === Infinity
    ? ""
    : `, ${countText(course.requests * batch, "message")}`;
  const warm = course.warmMs > 0 ? ` after ${course.warmMs / 1000} s of warm-up` : "";
  return `Sending to ${topic}${made ? ", made for this" : ""}: ${queues} queues on ${
    brokersText(brokers)
  }\n${countText(connections, "connection")} x ${inFlight} in flight, ${size}` +
    `${rate === undefined ? "" : `, ${rateText(rate, "msg")} by schedule`}${long}${count}${warm}\n`;
}

/** The result for a person. */
export function producedText(produced: Produced): string {
  const { plan: { rate, shape: { batch } }, latency, counts, seconds, overdue } = produced;
  const { perSecond, bytesPerSecond } = ratesOf(produced);
  const rows = [
    [
      "rate",
      rateText(perSecond, "msg"),
      megabytesText(bytesPerSecond),
      `over ${secondsText(seconds)}`,
    ],
    ...latencyRow("latency", latency),
    ...counts.map(({ status, requests, remark }) => [
      status,
      wholeText(requests * batch),
      ...remark === undefined ? [] : [remark],
    ]),
  ];
  const late = overdue > 0
    ? `Behind schedule: ${
      wholeText(overdue * batch)
    } messages were not sent, all sends in flight ` +
      "waited for their answers.\n"
    : "";
  const stopped = produced.stopped ? "Ended early; this is what was measured until then.\n" : "";
  return `${figures(rows)}\n${late}${stopped}${howMeasured(rate)}\n`;
}

function howMeasured(rate: number | undefined): string {
  return rate === undefined
    ? "Closed loop: an answer lets the next send go, so a slow broker is asked less often. With\n" +
      "--rate sends have a time of their own, and latency counts from there."
    : "Latency counts from when a message was to leave, not from when it did: waiting behind slow\n" +
      "answers is in it (corrected for coordinated omission).";
}

/** The result for machines. */
export function producedJson(produced: Produced): Record<string, unknown> {
  const { topic, plan, latency, counts, seconds, storedInAll, overdue } = produced;
  const { batch, bodyBytes } = plan.shape;
  const { perSecond, bytesPerSecond } = ratesOf(produced);
  const answers = counts.map(({ status, code, requests, remark }) => ({
    status,
    code,
    messages: requests * batch,
    ...remark === undefined ? {} : { remark },
  }));
  return {
    type: "result",
    bench: "produce",
    topic: topic.topic,
    made: topic.made,
    kept: produced.kept,
    brokers: topic.brokers,
    connections: plan.connections,
    inFlight: plan.inFlight,
    bodyBytes,
    batch,
    ratePlanned: plan.rate ?? null,
    seconds: rounded(seconds),
    warmupSeconds: plan.course.warmMs / 1000,
    messagesPerSecond: rounded(perSecond),
    bytesPerSecond: Math.round(bytesPerSecond),
    latencyMs: latencyJson(latency),
    corrected: plan.rate !== undefined,
    answers,
    stored: answers.filter(({ code }) => STORED.has(code))
      .reduce((sum, { messages }) => sum + messages, 0),
    storedWithWarmup: storedInAll * batch,
    notSent: overdue * batch,
    stopped: produced.stopped,
  };
}

/** One second of a run. */
export function secondText(
  { stored, other, latency }: Second,
  seconds: number,
  { batch, bodyBytes }: { readonly batch: number; readonly bodyBytes: number },
  warm: boolean,
): SecondText {
  const perSecond = stored * batch / seconds;
  const refused = other > 0 ? `  ${wholeText(other * batch)} not stored` : "";
  const times = latency.count > 0 ? `  p50 ${msText(latency.p50)}  p99 ${msText(latency.p99)}` : "";
  return {
    text: `${rateText(perSecond, "msg")}  ${
      megabytesText(perSecond * bodyBytes)
    }${times}${refused}${warm ? "  (warm-up)" : ""}`,
    json: {
      warmup: warm,
      messagesPerSecond: rounded(perSecond),
      bytesPerSecond: Math.round(perSecond * bodyBytes),
      latencyMs: latencyJson(latency),
      notStored: other * batch,
    },
  };
}
