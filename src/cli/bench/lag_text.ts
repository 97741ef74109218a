import { type BenchTopic, brokersText } from "./bench_topic.ts";
import type { LatencySummary } from "./latencies.ts";
import type { SecondText } from "./live.ts";
import { figures, latencyJson, latencyRow, msText, rateText, wholeText } from "./texts.ts";

/** How far behind one slave was. */
export interface SlaveLag {
  readonly id: number;
  readonly address: string;
  readonly lag: LatencySummary;
  /** How long one question to it took: nothing shorter can be seen. */
  readonly ask: LatencySummary;
  /** Messages that it did not have after 10 s. */
  readonly late: number;
}

/** What it came to. */
export interface Lagged {
  readonly topic: BenchTopic;
  readonly messages: number;
  readonly slaves: readonly SlaveLag[];
  readonly stopped: boolean;
}

/** What is measured, before it begins. */
export function lagPlanText(
  { topic, brokers }: BenchTopic,
  slaves: readonly { readonly id: number; readonly address: string }[],
  { rate, bodyBytes, seconds }: { rate: number; bodyBytes: number; seconds: number },
): string {
  const all = slaves.map(({ id, address }) => `slave ${id} (${address})`).join(", ");
  return `Sending to ${topic}, made for this, on ${brokersText(brokers)}: ${
    wholeText(bodyBytes)
  } B ` +
    `a message, ${rateText(rate, "msg")} at most, ${seconds} s\nLooking at ${all}\n`;
}

/** The result for a person. */
export function lagText({ messages, slaves, stopped }: Lagged): string {
  const rows = slaves.flatMap(({ id, lag, ask, late }) => [
    ...latencyRow(`slave ${id}`, lag),
    ...latencyRow("  one question", ask),
    ...late > 0 ? [["  late", `${wholeText(late)} not there after 10 s`]] : [],
  ]);
  const early = stopped ? "Ended early; this is what was measured until then.\n" : "";
  return `${figures([["messages", wholeText(messages)], ...rows])}\n${early}` +
    "From the master's answer to a message until the slave had it in its queue, seen by asking:\n" +
    "nothing below the time of one question can be told apart.\n";
}

/** The result for machines. */
export function lagJson({ topic, messages, slaves, stopped }: Lagged): Record<string, unknown> {
  return {
    type: "result",
    bench: "replicate",
    measure: "lag",
    topic: topic.topic,
    brokers: topic.brokers,
    messages,
    slaves: slaves.map(({ lag, ask, ...slave }) => ({
      ...slave,
      seen: lag.count,
      lagMs: latencyJson(lag),
      askMs: latencyJson(ask),
    })),
    stopped,
  };
}

/** One second of it. */
export function lagSecondText(
  messages: number,
  slaves: readonly { readonly id: number; readonly lag: LatencySummary }[],
): SecondText {
  const text = slaves.map(({ id, lag }) =>
    `slave ${id} p50 ${msText(lag.p50)} max ${msText(lag.max)}`
  );
  return {
    text: [`${wholeText(messages)} messages`, ...text].join("  "),
    json: { messages, slaves: slaves.map(({ id, lag }) => ({ id, lagMs: latencyJson(lag) })) },
  };
}
