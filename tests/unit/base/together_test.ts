import { assert, assertEquals, assertRejects } from "@std/assert";
import { deadline, signalled, sleep, together, whenAborted } from "../../../src/base/together.ts";
import { test } from "../../harness.ts";
import { settled, VirtualClock } from "../../support/clock.ts";

test("sleep() resolves after its time", async () => {
  const clock = new VirtualClock();
  let awake = false;
  const sleeping = sleep(clock, 100).then(() => awake = true);
  await clock.advance(99);
  assertEquals(awake, false);
  await clock.advance(1);
  await sleeping;
  assertEquals(clock.waiting, 0);
});

test("sleep() ends at once when its signal aborts, and leaves no timer", async () => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const sleeping = sleep(clock, 100, stop.signal);
  assertEquals(clock.waiting, 1);
  stop.abort();
  await sleeping;
  assertEquals(clock.waiting, 0);
  await sleep(clock, 100, stop.signal); // aborted before it began
  assertEquals(clock.waiting, 0);
});

test("deadline() passes on what comes in time, and leaves no timer", async () => {
  const clock = new VirtualClock();
  const late = () => new Error("late");
  assertEquals(await deadline(clock, 100, Promise.resolve(7), late), 7);
  await assertRejects(
    () => deadline(clock, 100, Promise.reject(new Error("broken")), late),
    Error,
    "broken",
  );
  assertEquals(clock.waiting, 0);
});

test("deadline() rejects when the time is up, and what comes later is dropped", async () => {
  const clock = new VirtualClock();
  const work = signalled<number>();
  const waiting = deadline(clock, 100, work.promise, () => new Error("no answer within 100 ms"));
  const rejected = assertRejects(() => waiting, Error, "no answer within 100 ms");
  await clock.advance(100);
  await rejected;
  work.reject(new Error("too late to matter"));
  await settled();
});

test("together() ends when the first task ends, after the others have followed", async () => {
  const order: string[] = [];
  await together(new AbortController().signal, (until) => [
    Promise.resolve().then(() => order.push("first")),
    aborted(until).then(settled).then(() => order.push("second")),
  ]);
  assertEquals(order, ["first", "second"]);
});

test("together() throws the first failure and only that", async () => {
  await assertRejects(
    () =>
      together(new AbortController().signal, (until) => [
        Promise.reject(new Error("the cause")),
        aborted(until).then(() => {
          throw new Error("a consequence");
        }),
      ]),
    Error,
    "the cause",
  );
});

test("together() ends quietly when its signal aborts, whatever tasks throw then", async () => {
  const stop = new AbortController();
  let reason: unknown;
  const running = together(stop.signal, (until) => [
    aborted(until).then(() => {
      reason = until.reason;
      throw new Error("interrupted");
    }),
  ]);
  stop.abort("closing");
  await running;
  assertEquals(reason, "closing");
});

test("together() gives an aborted signal to tasks that start too late", async () => {
  let seen = false;
  await together(AbortSignal.abort(), (until) => {
    seen = until.aborted;
    return [Promise.resolve()];
  });
  assert(seen);
});

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

test("whenAborted() calls at the abort, at once after it, and not when taken back", () => {
  const calls: string[] = [];
  const stop = new AbortController();
  whenAborted(stop.signal, () => calls.push("later"));
  whenAborted(stop.signal, () => calls.push("never"))();
  assertEquals(calls, []);
  stop.abort();
  whenAborted(stop.signal, () => calls.push("now"));
  assertEquals(calls, ["later", "now"]);
});
