import { assertEquals, assertThrows } from "@std/assert";
import { parseFlags } from "../../../../src/cli/args.ts";
import { planOf, PRODUCE_FLAGS } from "../../../../src/cli/bench/produce_plan.ts";
import { sizeOf } from "../../../../src/cli/bench/size.ts";
import { UsageError } from "../../../../src/cli/exit.ts";
import { test } from "../../../harness.ts";

function plan(...args: string[]) {
  return planOf(parseFlags(args, PRODUCE_FLAGS).flags);
}

test("bench produce sends 1 KiB 4 x 16 for 10 s behind 2 of warm-up unless told", () => {
  assertEquals(plan(), {
    shape: { bodyBytes: 1024, batch: 1, keys: 0, tag: undefined, properties: undefined },
    connections: 4,
    inFlight: 16,
    rate: undefined,
    course: { warmMs: 2000, ms: 10_000, requests: Infinity },
    queues: undefined,
  });
});

test("bench produce --count has no warm-up and no time unless told", () => {
  assertEquals(plan("--count", "100", "--batch", "10").course, {
    warmMs: 0,
    ms: Infinity,
    requests: 10,
  });
  const { course } = plan("--count", "100", "--seconds", "3", "--warmup", "1");
  assertEquals(course, { warmMs: 1000, ms: 3000, requests: 100 });
});

test("bench produce reads properties", () => {
  const { properties } = plan("--properties", "color=red,rule=a=b").shape;
  assertEquals(properties, { color: "red", rule: "a=b" });
});

test("sizeOf() reads bytes", () => {
  const sizes = ["0", "512", "1K", "1k", "4KiB", "2M", "10B"].map((text) => sizeOf("size", text));
  assertEquals(sizes, [0, 512, 1024, 1024, 4096, 2097152, 10]);
});

for (
  const [args, reason] of [
    ["--size 1G", `--size is "1G", it must be bytes like 512, 4K or 1M`],
    ["--size 16M", "--size is more than a frame takes, which is 16M"],
    ["--size 1M --batch 16", "--size with --batch 16 is more than a frame takes, which is 16M"],
    ["--count 0", "--count is 0, it must be 1 or more"],
    ["--count 10 --batch 4", "--count is 10, it must be a multiple of --batch 4"],
    ["--rate 0", "--rate is 0, it must be 1 or more"],
    ["--seconds 0", "--seconds is 0, it must be 1 to 86400"],
    ["--connections 0", "--connections is 0, it must be 1 to 1024"],
    ["--inflight 40000", "--inflight is 40000, it must be 1 to 32768"],
    ["--properties color", `--properties is "color", it must be like color=red,size=3`],
    ["--keys 65", "--keys is 65, it must be 0 to 64"],
    ["--queues 0", "--queues is 0, it must be 1 to 10000"],
    ["--conections 3", "unknown flag --conections, did you mean --connections?"],
  ] as const
) {
  test(`bench produce ${args} is refused`, () => {
    assertEquals(assertThrows(() => plan(...args.split(" ")), UsageError).message, reason);
  });
}
