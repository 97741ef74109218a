import { test } from "../../harness.ts";
import { everySeed } from "../../support/seeds.ts";
import { Lives } from "./lives.ts";

test("sync flush: no acknowledged message is lost when the power goes, and none appears", () =>
  everySeed(100, async (random) => {
    const lives = new Lives(random, "sync");
    for (let i = 0; i < 5; i++) {
      await lives.live(random.pick(["powerCut", "powerCut", "kill", "close"]));
    }
    await lives.liveInPeace();
    await lives.liveInPeace();
  }));

test("async flush: no message is lost when the process dies, and none appears", () =>
  everySeed(100, async (random) => {
    const lives = new Lives(random, "async");
    for (let i = 0; i < 5; i++) await lives.live(random.pick(["kill", "kill", "close"]));
    await lives.liveInPeace();
    await lives.liveInPeace();
  }));
