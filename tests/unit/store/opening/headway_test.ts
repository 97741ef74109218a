import { assertEquals } from "@std/assert";
import { Headway, type OpenProgress } from "../../../../src/store/opening/headway.ts";
import { test } from "../../../harness.ts";
import { VirtualClock } from "../../../support/clock.ts";
import { Lines } from "../../../support/store.ts";

const MIB = 1024 * 1024;

test("Headway says nothing of what is done within a second", () => {
  const clock = new VirtualClock();
  const lines = new Lines();
  const shown: unknown[] = [];
  {
    using headway = new Headway(clock, lines, 100 * MIB, (progress) => shown.push(progress));
    clock.pause(999);
    headway.at(50 * MIB);
  }
  assertEquals([shown, lines.lines], [[], []]);
});

test("Headway shows how far it is, what is left, and when it is over", () => {
  const clock = new VirtualClock();
  const lines = new Lines();
  const shown: (OpenProgress | undefined)[] = [];
  {
    using headway = new Headway(clock, lines, 100 * MIB, (progress) => shown.push(progress));
    clock.pause(1_000);
    headway.at(20 * MIB);
    headway.at(21 * MIB);
    clock.pause(1_000);
    headway.at(120 * MIB); // more than anybody could know
    clock.pause(500);
  }
  assertEquals(shown, [
    { done: 20 * MIB, total: 100 * MIB, bytesPerSecond: 20 * MIB, secondsLeft: 4 },
    { done: 120 * MIB, total: 120 * MIB, bytesPerSecond: 60 * MIB, secondsLeft: 0 },
    undefined,
  ]);
  assertEquals(lines.lines, [`info the log was recovered {"bytes":${120 * MIB},"seconds":2.5}`]);
});

test("Headway without a terminal is a line of the log after a second, then each five", () => {
  const clock = new VirtualClock();
  const lines = new Lines();
  {
    using headway = new Headway(clock, lines, 160 * MIB, undefined);
    for (let second = 1; second <= 12; second++) {
      clock.pause(1_000);
      headway.at(second * 10 * MIB);
    }
  }
  assertEquals(
    lines.lines.map((line) => line.replace(/,"total".*"secondsLeft"/, ' … "left"')),
    [
      `info recovering the log {"done":${10 * MIB} … "left":15}`,
      `info recovering the log {"done":${60 * MIB} … "left":10}`,
      `info recovering the log {"done":${110 * MIB} … "left":5}`,
      `info the log was recovered {"bytes":${160 * MIB},"seconds":12}`,
    ],
  );
});
