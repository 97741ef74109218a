import { assert, assertEquals } from "@std/assert";
import { silentLog } from "../../../src/base/log.ts";
import { rebuildStore } from "../../../src/store/inspect/rebuild.ts";
import { StoredStore, type StorePlace } from "../../../src/store/inspect/stored.ts";
import { verifyStore } from "../../../src/store/inspect/verify.ts";
import { test } from "../../harness.ts";
import { runtime } from "../../support/runtime.ts";
import { ALONE, everySeed, type Random } from "../../support/seeds.ts";
import { agingLives } from "./aging_lives.ts";
import { type End, Lives } from "./lives.ts";

/** Lives in which topics are deleted and made again; gives how many deletions were answered. */
async function erase(
  random: Random,
  flush: "sync" | "async",
  ends: readonly End[],
): Promise<number> {
  const lives = random.below(3) === 0 ? agingLives(random, flush) : new Lives(random, flush);
  lives.erases = true;
  for (let i = 0; i < 6; i++) await lives.live(random.pick(ends));
  await lives.liveInPeace();
  mustBeInOrder(lives);
  const { queueFileBytes } = lives.options;
  await rebuildStore(runtime, placeOf(lives), { queueFileBytes }, silentLog);
  mustBeInOrder(lives);
  await lives.liveInPeace(); // queues and numbers are as they were
  return lives.erased;
}

function placeOf({ fs }: Lives): StorePlace {
  const root = fs.dir("store");
  return { root, logDirs: [root.child("commitlog")] };
}

function mustBeInOrder(lives: Lives): void {
  using store = new StoredStore(placeOf(lives));
  const { findings } = verifyStore(store, runtime.codecs, { keep: 10 });
  assertEquals(findings.kept.filter(({ kind }) => kind === "problem"), []);
}

for (
  const { flush, how, ends } of [
    { flush: "sync", how: "the power goes", ends: ["powerCut", "powerCut", "kill", "close"] },
    { flush: "async", how: "the process dies", ends: ["kill", "kill", "close"] },
  ] as const
) {
  test(`${flush} flush: what was deleted stays deleted when ${how}, and nothing else is`, async () => {
    let erased = 0;
    await everySeed(60, async (random) => void (erased += await erase(random, flush, ends)));
    assert(ALONE || erased > 100, `${erased} deletions`);
  });
}
