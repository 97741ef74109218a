import { assertEquals } from "@std/assert";
import {
  planText,
  type Produced,
  producedJson,
  producedText,
  secondText,
} from "../../../../src/cli/bench/produce_text.ts";
import { megabytesText, msText, rateText } from "../../../../src/cli/bench/texts.ts";
import { test } from "../../../harness.ts";

const LATENCY = { count: 90, mean: 1.5, p50: 1.234, p90: 5, p99: 12.34, p999: 100.5, max: 2500 };

function produced(changes: Partial<Produced> = {}): Produced {
  const brokers = [
    { name: "broker-a", address: "10.0.0.1:10911", role: "SYNC_MASTER", queues: 4 },
    { name: "broker-b", address: "10.0.0.2:10911", role: "", queues: 4 },
  ];
  return {
    topic: { topic: "T", made: true, brokers },
    kept: false,
    plan: {
      shape: { bodyBytes: 1000, batch: 1, keys: 0 },
      connections: 4,
      inFlight: 16,
      rate: undefined,
      course: { warmMs: 2000, ms: 10_000, requests: Infinity },
      queues: undefined,
    },
    seconds: 10,
    requestsPerSecond: 45_120.4,
    latency: LATENCY,
    counts: [{ code: 0, status: "SEND_OK", requests: 451_204 }],
    storedInAll: 500_000,
    overdue: 0,
    stopped: false,
    ...changes,
  };
}

test("a plan says what is measured", () => {
  const { topic, plan } = produced();
  assertEquals(
    planText(topic, plan),
    "Sending to T, made for this: 4 queues on broker-a (SYNC_MASTER, 10.0.0.1:10911), " +
      "broker-b (10.0.0.2:10911)\n" +
      "4 connections x 16 in flight, 1,000 B a message, 10 s after 2 s of warm-up\n",
  );
  const batches = { ...plan, rate: 500, shape: { ...plan.shape, batch: 8 } };
  const course = { warmMs: 0, ms: Infinity, requests: 100 };
  assertEquals(
    planText({ ...topic, made: false }, { ...batches, connections: 1, course }).split("\n")[1],
    "1 connection x 16 in flight, 1,000 B a message, 8 in a request, 500 msg/s by schedule, " +
      "800 messages",
  );
});

test("a result is a table, and how to read it", () => {
  assertEquals(
    producedText(produced()),
    `  rate     45,120 msg/s  45.1 MB/s    over 10.0 s
  latency  p50 1.23 ms   p90 5.00 ms  p99 12.3 ms  p99.9 101 ms  max 2,500 ms
  SEND_OK  451,204

Closed loop: an answer lets the next send go, so a slow broker is asked less often. With
--rate sends have a time of their own, and latency counts from there.
`,
  );
});

test("a result names what was not stored, what was not sent, and that it ended early", () => {
  const counts = [
    { code: 0, status: "SEND_OK", requests: 3 },
    { code: 2, status: "SYSTEM_BUSY", requests: 1, remark: "too many requests" },
  ];
  const plan = { ...produced().plan, rate: 100, shape: { bodyBytes: 100, batch: 2, keys: 0 } };
  const text = producedText(
    produced({ counts, plan, overdue: 7, stopped: true, requestsPerSecond: 0.3 }),
  );
  assertEquals(
    text.split("\n").filter((line) => !line.startsWith("  latency")).join("\n"),
    `  rate         0.6 msg/s    0.0 MB/s           over 10.0 s
  SEND_OK      6
  SYSTEM_BUSY  2            too many requests

Behind schedule: 14 messages were not sent, all sends in flight waited for their answers.
Ended early; this is what was measured until then.
Latency counts from when a message was to leave, not from when it did: waiting behind slow
answers is in it (corrected for coordinated omission).
`,
  );
});

test("a result for machines has every figure", () => {
  const { latencyMs, answers, ...rest } = producedJson(produced({ overdue: 2 }));
  assertEquals(latencyMs, { mean: 1.5, p50: 1.234, p90: 5, p99: 12.34, p999: 100.5, max: 2500 });
  assertEquals(answers, [{ status: "SEND_OK", code: 0, messages: 451_204 }]);
  assertEquals(rest, {
    type: "result",
    bench: "produce",
    topic: "T",
    made: true,
    kept: false,
    brokers: produced().topic.brokers,
    connections: 4,
    inFlight: 16,
    bodyBytes: 1000,
    batch: 1,
    ratePlanned: null,
    seconds: 10,
    warmupSeconds: 2,
    messagesPerSecond: 45_120.4,
    bytesPerSecond: 45_120_400,
    corrected: false,
    stored: 451_204,
    storedWithWarmup: 500_000,
    notSent: 2,
    stopped: false,
  });
});

test("a second is one line", () => {
  const shape = { batch: 2, bodyBytes: 500 };
  const { text, json } = secondText({ stored: 1000, other: 3, latency: LATENCY }, 2, shape, true);
  assertEquals(text, "1,000 msg/s  0.5 MB/s  p50 1.23 ms  p99 12.3 ms  6 not stored  (warm-up)");
  assertEquals([json.messagesPerSecond, json.notStored, json.warmup], [1000, 6, true]);
  const quiet = { stored: 0, other: 0, latency: { ...LATENCY, count: 0 } };
  assertEquals(secondText(quiet, 1, shape, false).text, "0 msg/s  0.0 MB/s");
});

test("figures have as many digits as they are worth", () => {
  assertEquals([0, 12.34, 99.96, 1234567.8].map((rate) => rateText(rate, "msg")), [
    "0 msg/s",
    "12.3 msg/s",
    "100 msg/s",
    "1,234,568 msg/s",
  ]);
  assertEquals([5e4, 1.234e9].map(megabytesText), ["0.1 MB/s", "1,234 MB/s"]);
  assertEquals([0.123, 9.999, 99.94, 1234.5].map(msText), [
    "0.12 ms",
    "10.00 ms",
    "99.9 ms",
    "1,235 ms",
  ]);
});
