import { assertEquals } from "@std/assert";
import { Course } from "../../../../src/cli/bench/course.ts";
import { latencyMaker } from "../../../../src/cli/bench/latencies.ts";
import { Tally } from "../../../../src/cli/bench/tally.ts";
import { encodeCommand } from "../../../../src/wire/codec.ts";
import { FLAG_RESPONSE } from "../../../../src/wire/command.ts";
import { test } from "../../../harness.ts";
import { VirtualClock } from "../../../support/clock.ts";
import { commandOf } from "../../../support/far_end.ts";

test("a course of seconds counts what was begun between its warm-up and its end", () => {
  const course = new Course(new VirtualClock(), { warmMs: 100, ms: 1000, requests: Infinity });
  assertEquals([0, 99, 100, 1099, 1100].map((now) => course.take(5, now)), [5, 5, 5, 5, 0]);
  assertEquals([99, 100, 1099, 1100].map((at) => course.counts(at)), [false, true, true, false]);
  assertEquals([1099, 1100].map((now) => course.over(now)), [false, true]);
});

test("a course of a count gives no more than that behind its warm-up", () => {
  const course = new Course(new VirtualClock(), { warmMs: 100, ms: Infinity, requests: 8 });
  assertEquals([50, 100, 101, 102].map((now) => course.take(5, now)), [5, 5, 3, 0]);
  assertEquals([course.over(102), course.spent, course.stopped], [true, true, false]);
});

test("a course that is stopped ends then, and one that is over was not stopped", () => {
  const course = new Course(new VirtualClock(), { warmMs: 0, ms: 1000, requests: Infinity });
  course.stop(400);
  assertEquals([course.until, course.stopped, course.take(1, 400)], [400, true, 0]);
  const over = new Course(new VirtualClock(), { warmMs: 0, ms: 1000, requests: Infinity });
  over.stop(1000);
  assertEquals([over.until, over.stopped], [1000, false]);
});

/** A tally on a course of 1 s behind 100 ms, and how to tell it of an answer. */
async function tallied(requests = Infinity, ms = 1000) {
  const course = new Course(new VirtualClock(), { warmMs: 100, ms, requests });
  const tally = new Tally(course, (await latencyMaker())());
  const answer = (code: number, begun: number, now: number, remark?: string) => {
    const frame = encodeCommand(commandOf({ code, flag: FLAG_RESPONSE, remark }));
    tally.answered(code, begun, now, frame, 4, frame.length);
  };
  return { course, tally, answer };
}

test("a tally counts answers by code, and leaves the warm-up out", async () => {
  const { tally, answer } = await tallied();
  answer(0, 50, 90);
  answer(0, 90, 150); // begun before it counts, stored while it does
  for (let i = 0; i < 7; i++) answer(0, 200 + i, 210 + i);
  answer(12, 300, 900);
  answer(2, 400, 401, "broker busy\nat stack");
  answer(2, 400, 401, "another");
  answer(99, 400, 402);
  assertEquals(tally.counts, [
    { code: 0, status: "SEND_OK", requests: 7 },
    { code: 2, status: "SYSTEM_BUSY", requests: 2, remark: "broker busy" },
    { code: 12, status: "FLUSH_SLAVE_TIMEOUT", requests: 1 },
    { code: 99, status: "code 99", requests: 1 },
  ]);
  assertEquals(tally.rate, { perSecond: 9, seconds: 1 });
  assertEquals([tally.storedInAll, tally.okInAll, tally.refusedInAll], [10, 9, 3]);
  const { count, p50, max } = tally.latency;
  assertEquals([count, Math.round(p50), Math.round(max)], [8, 10, 600]);
});

test("a tally has the latency of an answer that came after the end, its rate has not", async () => {
  const { tally, answer } = await tallied();
  answer(0, 1000, 1050);
  answer(0, 1099, 3000);
  assertEquals(tally.counts, [{ code: 0, status: "SEND_OK", requests: 2 }]);
  assertEquals(tally.rate, { perSecond: 1, seconds: 1 });
  assertEquals(Math.round(tally.latency.max / 10), 190);
});

test("a tally of a count ends with its last answer", async () => {
  const { course, tally, answer } = await tallied(10, Infinity);
  course.take(10, 100);
  for (let i = 1; i <= 10; i++) answer(0, 100, 100 + 20 * i);
  assertEquals(tally.rate, { perSecond: 50, seconds: 0.2 });
});

test("a tally that was stopped in its warm-up has no rate", async () => {
  const { course, tally, answer } = await tallied();
  answer(0, 10, 20);
  course.stop(50);
  assertEquals(tally.rate, { perSecond: 0, seconds: 0 });
  assertEquals(tally.latency.count, 0);
});

test("a tally's seconds add up to the whole", async () => {
  const { tally, answer } = await tallied();
  answer(0, 200, 202);
  answer(0, 200, 204);
  const first = tally.takeSecond();
  answer(1, 300, 301);
  answer(0, 300, 306);
  const second = tally.takeSecond();
  assertEquals([first.stored, first.other, first.latency.count], [2, 0, 2]);
  assertEquals([second.stored, second.other, second.latency.count], [1, 1, 1]);
  assertEquals(Math.round(second.latency.p50), 6);
  assertEquals(tally.latency.count, 3);
});

test("latencies keep three digits, and what no clock should say", async () => {
  const latencies = (await latencyMaker())();
  assertEquals(latencies.summary(), { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
  for (let i = 1; i <= 1000; i++) latencies.record(i / 10);
  latencies.record(-5);
  latencies.record(1e12);
  const { count, p50, p90, p99 } = latencies.summary();
  assertEquals(count, 1002);
  for (const [value, wanted] of [[p50, 50], [p90, 90], [p99, 99]]) {
    assertEquals(Math.abs(value - wanted) < 0.2, true, `${value} for ${wanted}`);
  }
});
