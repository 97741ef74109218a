import { assertEquals } from "@std/assert";
import { QuietLog } from "../../../src/ha/quiet_log.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { KeptLog } from "../../support/ha.ts";

test("a peer makes 20 lines a minute, then one that says so; others and errors are not held back", async () => {
  const clock = new VirtualClock();
  const kept = new KeptLog();
  const log = new QuietLog(kept, clock);
  for (let i = 0; i < 100; i++) {
    (i % 2 ? log.info : log.warn).call(log, "x", { remote: "10.6.6.6" });
  }
  assertEquals(kept.lines.length, 21);
  assertEquals(kept.with("too many lines").length, 1);
  log.info("y", { remote: "10.0.0.7" });
  log.info("z");
  log.error("broken", { remote: "10.6.6.6" });
  assertEquals(kept.lines.length, 24);
  await clock.advance(60_000);
  log.info("x", { remote: "10.6.6.6" });
  assertEquals(kept.lines.length, 25);
});

test("a thousand peers are told apart, those beyond share a count", () => {
  const kept = new KeptLog();
  const log = new QuietLog(kept, new VirtualClock());
  for (let i = 0; i < 5_000; i++) log.info("x", { remote: `10.6.${i >> 8}.${i & 255}` });
  assertEquals(kept.lines.length, 1_000 + 21);
});
