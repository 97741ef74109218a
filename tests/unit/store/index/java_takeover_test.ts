/** A Java broker that starts after a kill of ours finds every key, whenever the kill came. */
import { assertEquals, assertGreater } from "@std/assert";
import { test } from "../../../harness.ts";
import { VirtualClock } from "../../../support/clock.ts";
import { MemFs } from "../../../support/mem_fs.ts";
import { everySeed, type Random } from "../../../support/seeds.ts";
import { closeAt, message, openAt } from "../../../support/store.ts";
import { JavaIndex } from "./java_index.ts";
import { names, put } from "./keyed_store.ts";

const LOG_FILE_BYTES = 4096;

interface Options {
  readonly indexSlots: number;
  readonly indexItems: number;
  readonly logFileBytes: number;
}

/** Disks as they are before each change of what a takeover goes by. */
class Moments {
  readonly taken: MemFs[] = [];

  watch(fs: MemFs): void {
    fs.fault = (operation, path) => {
      const counts = path.includes("/index/") || path.includes("/checkpoint");
      if (counts && operation !== "sync" && operation !== "open") this.taken.push(fs.copy());
      return undefined;
    };
  }
}

function optionsOf(random: Random): Options {
  return {
    indexSlots: random.pick([1, 7]),
    indexItems: random.pick([8, 30, 1_000]),
    logFileBytes: LOG_FILE_BYTES,
  };
}

function mustServe(fs: MemFs, { indexSlots: slots, indexItems: items }: Options, what: string) {
  assertEquals(new JavaIndex(fs, { slots, items }, LOG_FILE_BYTES).missing(), [], what);
}

/** Sends for a while, with pauses in which checkpoints are written, and none. */
async function work(
  store: Awaited<ReturnType<typeof openAt>>,
  clock: VirtualClock,
  random: Random,
  texts: string[],
): Promise<number[]> {
  const offsets: number[] = [];
  for (let i = random.between(2, 12); i > 0; i--) {
    for (const text of names(random.below(8), texts.length)) {
      texts.push(text);
      offsets.push(...put(store, text));
    }
    if (random.below(4) === 0) { // nobody looks for these
      store.append(message({ body: new Uint8Array(random.below(3_000)) }));
      store.commit();
    }
    await clock.advance(random.pick([0, 10, 900, 4_000, 11_000]));
  }
  return offsets;
}

test("killed before any change of index or checkpoint, Java's broker finds all keys", () =>
  everySeed(20, async (random) => {
    const fs = new MemFs();
    const clock = new VirtualClock();
    const options = optionsOf(random);
    const moments = new Moments();
    moments.watch(fs);
    const store = await openAt(clock, fs, options);
    const texts: string[] = [];
    const offsets = await work(store, clock, random, texts);
    if (random.below(2) === 0 && offsets.length > 0) {
      const kept = random.below(offsets.length);
      const cut = store.cut(offsets[kept]);
      await clock.settle();
      await cut;
      await work(store, clock, random, [...texts]);
    }
    moments.taken.push(fs.copy());
    await closeAt(clock, store);
    assertGreater(moments.taken.length, 3);
    for (const [i, moment] of moments.taken.entries()) {
      mustServe(moment, options, `moment ${i} of ${moments.taken.length}`);
    }
  }));

test("killed before any change of a start that comes after a kill, too", () =>
  everySeed(20, async (random) => {
    const fs = new MemFs();
    const clock = new VirtualClock();
    const options = optionsOf(random);
    const before = new Moments();
    before.watch(fs);
    const texts: string[] = [];
    await work(await openAt(clock, fs, options), clock, random, texts);
    before.taken.push(fs.copy());
    for (let i = 0; i < 5; i++) {
      const again = random.pick(before.taken).copy();
      const then = new VirtualClock();
      then.pause(clock.monotonic());
      const moments = new Moments();
      moments.watch(again);
      const store = await openAt(then, again, options);
      await work(store, then, random, [...texts]);
      moments.taken.push(again.copy());
      for (const [n, moment] of moments.taken.entries()) {
        mustServe(moment, options, `moment ${n} of ${moments.taken.length}`);
      }
    }
  }));

test("killed while slots are written in turns, between which others get keys, too", async () => {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const options = { indexSlots: 100_000, indexItems: 400, logFileBytes: LOG_FILE_BYTES };
  const store = await openAt(clock, fs, options);
  let count = 0;
  const more = async (n: number) => {
    put(store, ...names(n, count).map((name) => name.repeat(5)));
    count += n;
    await clock.settle();
  };
  await more(60);
  await clock.advance(20_000);
  await more(20);
  await clock.advance(20_000);
  await more(20);
  const moments = new Moments();
  moments.watch(fs);
  let turns = 0;
  await store.index.sync({ isOver: () => true, next: () => more(++turns < 6 ? 10 : 0) });
  assertGreater(turns, 3);
  moments.taken.push(fs.copy());
  for (const [i, moment] of moments.taken.entries()) mustServe(moment, options, `moment ${i}`);
});
