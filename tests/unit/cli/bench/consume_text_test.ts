import { assertEquals, assertThrows } from "@std/assert";
import { parseFlags } from "../../../../src/cli/args.ts";
import { CONSUME_FLAGS, consumePlanOf } from "../../../../src/cli/bench/consume_plan.ts";
import {
  type Consumed,
  consumedJson,
  consumedText,
  consumePlanText,
  pullSecondText,
} from "../../../../src/cli/bench/consume_text.ts";
import { UsageError } from "../../../../src/cli/exit.ts";
import { test } from "../../../harness.ts";

const NOW = 1_700_000_000_000;

/** The plan of `bench consume WORDS`; the first word may be a topic. */
function plan(words: string) {
  const { flags, words: [topic] } = parseFlags(words.split(" ").filter(Boolean), CONSUME_FLAGS);
  return consumePlanOf(flags, topic, NOW);
}

test("bench consume reads everything in pulls of 32 for 10 s at most unless told", () => {
  assertEquals(plan(""), {
    connections: 4,
    batch: 32,
    seconds: 10,
    count: Infinity,
    from: "first",
    live: false,
    again: false,
    fill: { messages: 100_000, bodyBytes: 1024 },
  });
  assertEquals(plan("T --from 10m --count 5").from, { time: NOW - 600_000 });
  assertEquals([plan("T --from last").from, plan("T --live").from], ["last", "last"]);
});

for (
  const [words, reason] of [
    ["--live", "--live needs a topic that others send to"],
    ["T --live --from first", "--live begins at the end, it takes no --from"],
    ["T --live --again", "--live begins at the end, it takes no --again"],
    ["T --fill 5", `--fill is for a topic of our own, "T" is read as it is`],
    ["T --size 5", `--size is for a topic of our own, "T" is read as it is`],
    ["--size 5M", "--size is 5242880, it must be 0 to 4194304"],
    ["T --count 0", "--count is 0, it must be 1 or more"],
    ["T --batch 0", "--batch is 0, it must be 1 to 10000"],
    [
      "T --from noon",
      `"noon" is no time; it must be like 2026-01-31T12:00:00Z, ms since 1970, or 10m, 2h, 1d ago`,
    ],
  ] as const
) {
  test(`bench consume ${words} is refused`, () => {
    assertEquals(assertThrows(() => plan(words), UsageError).message, reason);
  });
}

const LATENCY = { count: 90, mean: 1.5, p50: 1.234, p90: 5, p99: 12.34, p999: 100.5, max: 2500 };

function consumed(changes: Partial<Consumed> = {}): Consumed {
  const brokers = [{ name: "broker-a", address: "10.0.0.1:10911", role: "SLAVE", queues: 4 }];
  return {
    topic: { topic: "T", made: false, brokers },
    kept: true,
    plan: plan("T"),
    connections: 4,
    seconds: 0.5,
    counts: { messages: 100_000, bytes: 120_000_000, pulls: 3125 },
    latency: LATENCY,
    endToEnd: undefined,
    stopped: false,
    ...changes,
  };
}

test("what is read is said before", () => {
  const { topic } = consumed();
  assertEquals(
    consumePlanText(topic, plan("T"), 4),
    "Reading T, to its end: 4 queues on broker-a (SLAVE, 10.0.0.1:10911)\n" +
      "4 connections, one pull of up to 32 messages under way for each queue, 10 s at most\n",
  );
  assertEquals(
    consumePlanText({ ...topic, made: true }, plan("--fill 5000 --size 10"), 1).split(":")[0],
    "Reading T, filled for this with 5,000 messages of 10 B, to its end",
  );
});

test("what was read is a table, and how to read it", () => {
  assertEquals(
    consumedText(consumed()),
    `  rate      200,000 msg/s  240 MB/s       over 0.500 s
  messages  100,000        in 3125 pulls
  pull      p50 1.23 ms    p90 5.00 ms    p99 12.3 ms   p99.9 101 ms  max 2,500 ms

MB/s counts whole records, with topic and properties. No offset was kept.
`,
  );
  const live = consumedText(consumed({ endToEnd: LATENCY, stopped: true, seconds: 0 }));
  assertEquals(live.split("\n").filter((line) => /rate|end to end|early/.test(line)), [
    "  rate        0 msg/s      0.0 MB/s       over 0.000 s",
    "  end to end  p50 1.23 ms  p90 5.00 ms    p99 12.3 ms   p99.9 101 ms  max 2,500 ms",
    "Ended early; this is what was measured until then.",
  ]);
});

test("what was read has every figure for machines", () => {
  const { pullLatencyMs, ...rest } = consumedJson(consumed());
  assertEquals(pullLatencyMs, {
    mean: 1.5,
    p50: 1.234,
    p90: 5,
    p99: 12.34,
    p999: 100.5,
    max: 2500,
  });
  assertEquals(rest, {
    type: "result",
    bench: "consume",
    topic: "T",
    made: false,
    kept: true,
    brokers: consumed().topic.brokers,
    connections: 4,
    batch: 32,
    live: false,
    seconds: 0.5,
    messages: 100_000,
    bytes: 120_000_000,
    pulls: 3125,
    messagesPerSecond: 200_000,
    bytesPerSecond: 240_000_000,
    endToEndMs: null,
    stopped: false,
  });
});

test("a second of pulls is one line", () => {
  const second = {
    messages: 500,
    bytes: 600_000,
    pulls: 20,
    latency: LATENCY,
    endToEnd: undefined,
  };
  assertEquals(
    pullSecondText(second, 0.5).text,
    "1,000 msg/s  1.2 MB/s  pull p50 1.23 ms  p99 12.3 ms",
  );
  assertEquals(
    pullSecondText({ ...second, endToEnd: LATENCY }, 0.5).text,
    "1,000 msg/s  1.2 MB/s  end to end p50 1.23 ms  p99 12.3 ms",
  );
});
