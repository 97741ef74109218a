import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Course, type CourseOptions } from "../../../../src/cli/bench/course.ts";
import { latencyMaker } from "../../../../src/cli/bench/latencies.ts";
import { type Schedule, SendLine } from "../../../../src/cli/bench/send_line.ts";
import { SendTemplate } from "../../../../src/cli/bench/send_template.ts";
import { Tally } from "../../../../src/cli/bench/tally.ts";
import { CallError } from "../../../../src/rpc/peer.ts";
import { test } from "../../../harness.ts";
import { VirtualClock } from "../../../support/clock.ts";
import { FarEnd } from "../../../support/far_end.ts";

/** A line to a broker that is the test. */
async function lineTo({ inFlight = 4, schedule, ...course }: Partial<CourseOptions> & {
  inFlight?: number;
  schedule?: Schedule;
}) {
  const clock = new VirtualClock();
  const far = new FarEnd();
  const options = { warmMs: 0, ms: Infinity, requests: Infinity, ...course };
  const run = new Course(clock, options);
  const tally = new Tally(run, (await latencyMaker())());
  const shape = { topic: "T", queues: 4, bodyBytes: 10, batch: 1, keys: 0 };
  const template = new SendTemplate(shape, new Uint8Array(10));
  const line = new SendLine({
    conn: far.conn,
    template,
    inFlight,
    course: run,
    tally,
    clock,
    schedule,
  });
  const ended = line.run();
  ended.catch(() => {}); // looked at later
  await clock.settle();
  return { clock, far, course: run, tally, line, ended };
}

test("a line keeps its window full, with one write for all that one read answers", async () => {
  const { clock, far, tally, ended } = await lineTo({ requests: 10 });
  const first = far.commands();
  assertEquals([far.writes.length, first.length], [1, 4]);
  await clock.advance(5);
  const answers = (all: readonly { opaque: number }[], code = 0) =>
    far.send(...all.map(({ opaque }) => ({ code, opaque, flag: 1 })));
  answers(first.slice(0, 3));
  await clock.settle();
  const second = far.commands();
  assertEquals([far.writes.length, second.length], [2, 3]);
  answers([first[3], ...second], 2);
  await clock.settle();
  const third = far.commands(); // the count ends it
  assertEquals([far.writes.length, third.length], [3, 3]);
  answers(third);
  await ended;
  assertEquals(tally.counts.map(({ code, requests }) => [code, requests]), [[0, 6], [2, 4]]);
  assertEquals(far.closed, true);
  const opaques = [...first, ...second, ...third].map(({ opaque }) => opaque);
  assertEquals(new Set(opaques).size, 10);
});

test("a line sends nothing more when its time is over, and waits for what is under way", async () => {
  const { clock, far, ended, tally } = await lineTo({ inFlight: 2, ms: 100 });
  const [one, other] = far.commands();
  await clock.advance(200);
  far.answer(one);
  await clock.settle();
  assertEquals(far.commands(), []);
  far.answer(other);
  await ended;
  assertEquals(tally.counts[0].requests, 2);
});

test("a line by schedule counts latency from when a send was to leave", async () => {
  const schedule = { firstAt: 0, everyMs: 10 };
  const { clock, far, line, tally, ended } = await lineTo({ inFlight: 2, ms: 100, schedule });
  const pump = async (ms: number) => {
    await clock.advance(ms);
    line.pump(clock.monotonic());
    await clock.settle();
  };
  assertEquals(far.commands().length, 1); // that of time 0
  await pump(10);
  const waiting = far.writes.length;
  await pump(30); // three more are due, the window is full
  assertEquals([waiting, far.writes.length], [2, 2]);
  far.send({ code: 0, opaque: 1, flag: 1 }, { code: 0, opaque: 2, flag: 1 });
  await clock.settle();
  assertEquals(far.commands().length, 3); // the second of before, and those of 20 and 30
  await clock.advance(10);
  far.send({ code: 0, opaque: 3, flag: 1 }, { code: 0, opaque: 4, flag: 1 });
  await clock.settle();
  const { count, max, mean } = tally.latency; // 0 to 40, 10 to 40, 20 to 50, 30 to 50
  assertEquals([count, Math.round(max), Math.round(mean)], [4, 40, 30]);
  await pump(100);
  assertEquals(line.overdue(100), 5); // 60 to 100: nobody was asked
  far.send({ code: 0, opaque: 5, flag: 1 }, { code: 0, opaque: 6, flag: 1 });
  await ended;
});

test("a line by schedule ends when nothing is under way", async () => {
  const schedule = { firstAt: 0, everyMs: 10 };
  const { clock, far, line, ended } = await lineTo({ requests: 1, schedule });
  far.answer(far.commands()[0]);
  await clock.advance(50);
  line.pump(clock.monotonic());
  await ended;
  assertEquals(far.closed, true);
});

test("a line says what it waited for when the broker leaves", async () => {
  const { far, ended } = await lineTo({});
  far.end();
  const { kind, message } = await assertRejects(() => ended, CallError);
  assertEquals(kind, "closed");
  assertMatch(
    message,
    /^lost the connection to 10\.0\.0\.1:4711 with 4 sends under way: closed by/,
  );
});

test("a line gives up with the reason it is told", async () => {
  const { line, ended } = await lineTo({});
  line.fail(new CallError("timeout", "no answer"));
  const { kind } = await assertRejects(() => ended, CallError);
  assertEquals(kind, "timeout");
});
