import { test } from "../../harness.ts";
import { everySeed } from "../../support/seeds.ts";
import { agingLives } from "./aging_lives.ts";

test("sync flush: a power cut while old files are removed takes nothing else", () =>
  everySeed(50, async (random) => {
    const lives = agingLives(random, "sync");
    for (let i = 0; i < 6; i++) {
      await lives.live(random.pick(["powerCut", "powerCut", "kill", "close"]));
    }
    await lives.liveInPeace();
    await lives.liveInPeace();
  }));

test("async flush: a kill while old files are removed takes nothing else", () =>
  everySeed(50, async (random) => {
    const lives = agingLives(random, "async");
    for (let i = 0; i < 6; i++) await lives.live(random.pick(["kill", "kill", "close"]));
    await lives.liveInPeace();
    await lives.liveInPeace();
  }));
