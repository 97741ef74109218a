import { assertEquals } from "@std/assert";
import { Rate } from "../../../src/ha/rate.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";

test("perSecond is that of the last window that is over, and 0 again when nothing goes by", async () => {
  const clock = new VirtualClock();
  const rate = new Rate(clock);
  rate.add(300);
  assertEquals(rate.perSecond, 0);
  await clock.advance(500);
  rate.add(300);
  await clock.advance(500);
  assertEquals(rate.perSecond, 600);
  rate.add(4_000);
  assertEquals(rate.perSecond, 600);
  await clock.advance(2_000);
  assertEquals(rate.perSecond, 2_000);
  await clock.advance(1_000);
  assertEquals(rate.perSecond, 0);
});
