import { assertEquals } from "@std/assert";
import { Stalls } from "../../../src/metrics/stalls.ts";
import type { Clock } from "../../../src/ports/host.ts";
import { test } from "../../harness.ts";

/** A clock whose timers come as late as a test says. */
function setUp({ busy = true } = {}) {
  let now = 0;
  let timer: { at: number; fn: () => void } | undefined;
  let work = 0;
  let unserved = 1_000;
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    after: (ms, fn) => {
      timer = { at: now + ms, fn };
      return () => timer = undefined;
    },
    soon: (fn) => fn(),
  };
  const stalls = new Stalls({
    clock,
    work: () => busy ? work++ : work,
    unservedMs: () => unserved,
  });
  const stop = new AbortController();
  return {
    stalls: stalls.all,
    own: stalls.own,
    stop,
    running: stalls.run(stop.signal),
    /** The next tick comes that much too late. */
    late(ms: number): void {
      now = Math.max(now, timer!.at + ms);
      timer!.fn();
    },
    /** The machine has no processor for us. */
    starve(ms: number): void {
      unserved += ms;
      now += ms;
    },
    waits: () => timer !== undefined,
    /** Until the next tick. */
    pause: () => timer!.at - now,
    works(): void {
      work++;
    },
    pass(ms: number): void {
      now += ms;
    },
  };
}

test("Stalls know the longest of the last seconds, and count those of 50 ms and more", () => {
  const { stalls, late, pass } = setUp();
  late(1);
  late(49);
  assertEquals([stalls.longestMs(10), stalls.long], [49, 0]);
  pass(2000);
  late(0);
  late(50);
  late(51);
  assertEquals([stalls.longestMs(1), stalls.longestMs(600), stalls.long], [1980, 1980, 3]);
  for (let i = 0; i < 12; i++) late(990);
  assertEquals([stalls.longestMs(10), stalls.longestMs(60)], [990, 1980]);
});

test("Stalls forget what is ten minutes old, also when nothing was measured since", () => {
  const { stalls, late, pass } = setUp();
  late(70);
  pass(599_000);
  assertEquals([stalls.longestMs(599), stalls.longestMs(600), stalls.longestMs(9999)], [0, 70, 70]);
  pass(1_000);
  assertEquals([stalls.longestMs(600), stalls.long], [0, 1]);
  late(0); // 600 s too late, as the machine slept
  pass(700_000);
  assertEquals([stalls.longestMs(600), stalls.long], [0, 2]);
});

test("Stalls leave no timer when they end", async () => {
  const { running, stop, waits } = setUp();
  assertEquals(waits(), true);
  stop.abort();
  await running;
  assertEquals(waits(), false);
});

test("Stalls look less often while nothing is done", () => {
  const { late, pause, works } = setUp({ busy: false });
  assertEquals(pause(), 20);
  works();
  late(0);
  assertEquals(pause(), 20);
  late(0);
  assertEquals(pause(), 100);
  works();
  late(0);
  assertEquals(pause(), 20);
});

test("Stalls tell what was our own work from what the machine gave to others", () => {
  const { stalls, own, late, starve, pass } = setUp();
  starve(80); // of which 20 ms would have been waited for
  late(0);
  assertEquals([stalls.longestMs(10), own.longestMs(10)], [60, 0]);
  starve(100);
  pass(70);
  late(0);
  assertEquals([stalls.longestMs(10), own.longestMs(10)], [150, 50]);
  assertEquals([stalls.long, own.long], [2, 1]);
});
