import { assertEquals } from "@std/assert";
import { Meter, ratesText, Stats } from "../../../src/broker/stats.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";

test("Meter counts, and says how many came a second over the last seconds", () => {
  const meter = new Meter();
  for (let second = 0; second < 30; second++) {
    meter.add(second < 20 ? 100 : 40);
    meter.sample();
  }
  meter.add(7); // of a second that is not over
  assertEquals(meter.total, 2407);
  assertEquals(meter.perSecond(10), 40);
  assertEquals(meter.perSecond(20), 70);
  assertEquals(meter.perSecond(60), 2400 / 30, "since the start when that is less");
});

test("Meter says what came in the first second before it is over", () => {
  const meter = new Meter();
  assertEquals(meter.perSecond(10), 0);
  meter.add(5);
  assertEquals([meter.perSecond(10), meter.perSecond(600)], [5, 5]);
});

test("Meter forgets what is more than ten minutes back", () => {
  const meter = new Meter();
  meter.add(1_000_000);
  for (let second = 0; second < 601; second++) meter.sample();
  for (let second = 0; second < 300; second++) {
    meter.add(2);
    meter.sample();
  }
  assertEquals([meter.perSecond(600), meter.perSecond(300), meter.total], [1, 2, 1_000_600]);
});

test("Stats look at their meters once a second, and stop", async () => {
  const clock = new VirtualClock();
  const stats = new Stats({ clock });
  for (let second = 0; second < 20; second++) {
    stats.put.add(3);
    await clock.advance(1000);
  }
  assertEquals(stats.put.perSecond(10), 3);
  stats.close();
  assertEquals(clock.waiting, 0);
});

test("Stats keep what the totals were at the last two midnights", async () => {
  const clock = new VirtualClock();
  const stats = new Stats({ clock });
  const { put } = stats;
  const totals = () => [put.yesterdayMorning, put.todayMorning, put.total];
  put.add(5);
  await clock.advance(2000);
  assertEquals(totals(), [0, 0, 5]);
  for (const expected of [[0, 5, 5], [5, 6, 6], [6, 7, 7]]) {
    clock.pause(86_400_000);
    await clock.advance(1000);
    assertEquals(totals(), expected);
    put.add(1);
  }
  stats.close();
});

test("ratesText() adds meters up, over 10, 60 and 600 seconds, as tools split them", () => {
  const [found, missed] = [new Meter(), new Meter()];
  for (let second = 0; second < 20; second++) {
    found.add(second < 10 ? 1 : 2);
    missed.add(1);
    found.sample();
    missed.sample();
  }
  assertEquals(ratesText(found), "2.0000 1.5000 1.5000");
  assertEquals(ratesText(found, missed), "3.0000 2.5000 2.5000");
});
