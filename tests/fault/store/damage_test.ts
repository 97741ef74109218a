import { assert, assertEquals } from "@std/assert";
import { CorruptLogError } from "../../../src/base/errors.ts";
import { StoreRefusal } from "../../../src/store/errors.ts";
import type { Store } from "../../../src/store/store.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { ALONE, everySeed, type Random } from "../../support/seeds.ts";
import { closeAt, message, openAt } from "../../support/store.ts";
import { StoreModel } from "../../support/store_model.ts";

const OPTIONS = { logFileBytes: 4096, queueFileBytes: 400 };
/** Fields of a record that cannot change without being seen: size, magic, CRC, own offset, body. */
const COVERED = [[0, 12], [28, 36], [84, 200]] as const;

/** A killed store with messages that are all safe, vouched for by a checkpoint as chance has it. */
async function killed(random: Random): Promise<{ fs: MemFs; model: StoreModel }> {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const model = new StoreModel();
  const store = await openAt(clock, fs, OPTIONS);
  for (let i = random.between(5, 40); i > 0; i--) {
    const sent = message({ text: `#${i} `.padEnd(random.between(120, 700), "x") });
    const at = store.append(sent);
    store.commit();
    model.commit(sent, at);
    await clock.advance(random.pick([0, 0, 3_000, 11_000]));
  }
  const reached = store.flush.reached(store.log.tail);
  await clock.settle();
  await reached;
  fs.kill();
  store.dispatch.close();
  return { fs, model };
}

/** Flips one bit of a safe record where that shows; gives where the record lies. */
function flip(fs: MemFs, model: StoreModel, random: Random): number {
  const at = random.pick([...model.written.keys()]);
  const [from, to] = random.pick(COVERED);
  const base = at - at % OPTIONS.logFileBytes;
  const path = `store/commitlog/${String(base).padStart(20, "0")}`;
  fs.bytes(path)[at - base + random.between(from, to - 1)] ^= 1 << random.below(8);
  return at;
}

test("a safe record that is damaged is cut with what follows, refused, or lies where nobody looks", async () => {
  const seen = { cut: 0, refused: 0, below: 0 };
  await everySeed(60, async (random) => {
    const { fs, model } = await killed(random);
    const at = flip(fs, model, random);
    const before = new Map(
      fs.paths("store/commitlog").map((path) => [path, fs.bytes(path).slice()]),
    );
    const clock = new VirtualClock();
    let store: Store;
    try {
      store = await openAt(clock, fs, OPTIONS);
    } catch (error) {
      assert(error instanceof CorruptLogError || error instanceof StoreRefusal, String(error));
      assert(/\d+/.test(error.message) && error.message.includes("commitlog"), error.message);
      for (const [path, bytes] of before) assertEquals(fs.bytes(path), bytes, "it was changed");
      seen.refused++;
      return;
    }
    const { tail } = store.log;
    if (tail > at) {
      seen.below++; // in a file that the checkpoint vouches for; clients see the CRC
      const files = Math.floor(tail / 4096) - Math.floor(at / 4096);
      assert(files > 0, `the record at ${at} of a log that ends at ${tail} is served`);
      return await closeAt(clock, store);
    }
    assertEquals(tail - tail % 4096 <= at, true);
    model.check(store, 0);
    seen.cut++;
    await closeAt(clock, store);
  });
  if (!ALONE) assert(seen.cut > 0 && seen.below + seen.refused > 0, JSON.stringify(seen));
});
