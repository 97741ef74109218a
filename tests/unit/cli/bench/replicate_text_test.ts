import { assertEquals, assertThrows } from "@std/assert";
import { parseFlags } from "../../../../src/cli/args.ts";
import {
  lagJson,
  lagPlanText,
  lagSecondText,
  lagText,
} from "../../../../src/cli/bench/lag_text.ts";
import {
  type Pushed,
  pushedJson,
  pushedText,
  pushPlanText,
  pushSecondText,
} from "../../../../src/cli/bench/push_text.ts";
import { REPLICATE_FLAGS, replicatePlanOf } from "../../../../src/cli/bench/replicate.ts";
import { UsageError } from "../../../../src/cli/exit.ts";
import { test } from "../../../harness.ts";

function plan(words: string) {
  return replicatePlanOf(parseFlags(words.split(" "), REPLICATE_FLAGS).flags);
}

test("bench replicate takes the log for 10 s at most, or looks at 20 messages a second", () => {
  const shared = { broker: "a:1", json: false, progress: false, seconds: 10 };
  const push = { ...shared, from: undefined, again: false, yes: false, ha: undefined };
  assertEquals(plan("-b a:1"), { push });
  assertEquals(plan("-b a:1 --measure push --from 0 --yes"), {
    push: { ...push, from: 0, yes: true },
  });
  assertEquals(plan("-b a:1 --measure lag"), { lag: { ...shared, rate: 20, bodyBytes: 1024 } });
});

for (
  const [words, reason] of [
    ["--json", "bench replicate needs -b, the master's host:port"],
    ["-b a:1 --measure speed", `--measure is "speed", it must be push or lag`],
    ["-b a:1 --rate 5", "--rate is for --measure lag, not for push"],
    ["-b a:1 --measure lag --again", "--again is for --measure push, not for lag"],
    ["-b a:1 --measure lag --from 0", "--from is for --measure push, not for lag"],
    ["-b a:1 --measure lag --rate 0", "--rate is 0, it must be 1 to 10000"],
    ["-b a:1 --seconds 0", "--seconds is 0, it must be 1 to 86400"],
  ] as const
) {
  test(`bench replicate ${words} is refused`, () => {
    assertEquals(assertThrows(() => plan(words), UsageError).message, reason);
  });
}

function pushed(changes: Partial<Pushed> = {}): Pushed {
  return {
    source: {
      address: "10.0.0.1:10911",
      role: "ASYNC_MASTER",
      ours: false,
      inSyncSlaves: 0,
      inSyncReplicas: 1,
      minOffset: 0,
      maxOffset: 1_048_577,
      slaveTimeoutMs: 3000,
    },
    ha: "10.0.0.1:10912",
    from: 1,
    to: 1_048_577,
    counts: { bytes: 1_048_576, frames: 32, heartbeats: 1 },
    passes: 1,
    rate: { bytesPerSecond: 1_234_567_890, seconds: 0.5 },
    firstMs: 12.3456,
    stopped: false,
    ...changes,
  };
}

test("a log that was taken is a table, and how to read it", () => {
  assertEquals(
    pushPlanText(pushed().source, pushed().ha),
    "Taking the log of 10.0.0.1:10911 (ASYNC_MASTER) from 10.0.0.1:10912, up to 1,048,577. " +
      "Nothing is acknowledged.\n",
  );
  assertEquals(
    pushedText(pushed()),
    `  rate         1,235 MB/s  over 0.500 s
  log          1.0 MiB     from 1 to 1,048,577
  frames       32          32.0 KiB each, all in order
  first bytes  12.3 ms     after the report

The rate counts bytes of the log behind those that came first, without the heads of frames.
`,
  );
  const none = pushedText(
    pushed({ from: undefined, counts: { bytes: 0, frames: 0, heartbeats: 0 }, passes: 0 }),
  );
  assertEquals(none.includes("The time was over before the log's end.\n"), true);
  const early = pushedText(pushed({ stopped: true, passes: 3 }));
  assertEquals(/ {2}passes +3\n[^]*Ended early; /.test(early), true, early);
});

test("a log that was taken has every figure for machines", () => {
  assertEquals(pushedJson(pushed()), {
    type: "result",
    bench: "replicate",
    measure: "push",
    broker: "10.0.0.1:10911",
    role: "ASYNC_MASTER",
    ha: "10.0.0.1:10912",
    from: 1,
    to: 1_048_577,
    seconds: 0.5,
    bytes: 1_048_576,
    frames: 32,
    heartbeats: 1,
    bytesPerSecond: 1_234_567_890,
    firstBytesMs: 12.346,
    passes: 1,
    stopped: false,
  });
  assertEquals(pushSecondText(5e8, 1, 512, 1024).text, "500 MB/s  at 512, 50 %");
});

const LATENCY = { count: 90, mean: 1.5, p50: 1.234, p90: 5, p99: 12.34, p999: 100.5, max: 2500 };

test("what slaves lag is a table, each with how fine it was looked at", () => {
  const brokers = [{ name: "broker-a", address: "10.0.0.1:10911", role: "SYNC_MASTER", queues: 1 }];
  const topic = { topic: "T", made: true, brokers };
  const slaves = [
    { id: 1, address: "10.0.0.2:10911", lag: LATENCY, ask: LATENCY, late: 0 },
    { id: 2, address: "10.0.0.3:10911", lag: { ...LATENCY, count: 0 }, ask: LATENCY, late: 3 },
  ];
  assertEquals(
    lagPlanText(topic, slaves, { rate: 20, bodyBytes: 1024, seconds: 5 }),
    "Sending to T, made for this, on broker-a (SYNC_MASTER, 10.0.0.1:10911): 1,024 B a message, " +
      "20 msg/s at most, 5 s\nLooking at slave 1 (10.0.0.2:10911), slave 2 (10.0.0.3:10911)\n",
  );
  const lagged = { topic, messages: 90, slaves, stopped: false };
  assertEquals(
    lagText(lagged).split("\n").slice(0, 5).map((line) => line.slice(0, 29)),
    [
      "  messages        90",
      "  slave 1         p50 1.23 ms",
      "    one question  p50 1.23 ms",
      "    one question  p50 1.23 ms",
      "    late          3 not there",
    ],
  );
  const { slaves: [one, other] } = lagJson(lagged) as { slaves: Record<string, unknown>[] };
  assertEquals([one.id, one.seen, one.late], [1, 90, 0]);
  assertEquals([other.id, other.seen, other.late], [2, 0, 3]);
  assertEquals(lagSecondText(5, slaves).text.split("  ").length, 3);
});
