import { assert, assertEquals, assertRejects } from "@std/assert";
import { FsError } from "../../../../src/ports/fs.ts";
import { readCheckpoint, writeCheckpoint } from "../../../../src/store/checkpoint.ts";
import type { OpenProgress } from "../../../../src/store/opening/headway.ts";
import { openStore } from "../../../../src/store/store.ts";
import { test } from "../../../harness.ts";
import { MemFs } from "../../../support/mem_fs.ts";
import { runtime } from "../../../support/runtime.ts";
import { Lines, message, openIn, SMALL, textsOf } from "../../../support/store.ts";
import { everySeed, type Random } from "../../../support/seeds.ts";
import {
  CountedReads,
  crashed,
  filledIn,
  FIRST,
  LOG,
  SECOND,
  slowClock,
  storedIn,
} from "../../../support/stored.ts";

const { clock, codecs } = runtime;

const openCounted = (fs: CountedReads) =>
  openStore({ fs, clock, codecs }, fs.dir("store"), SMALL, new Lines());

test("after a crash the log is read once, and the queues are whole", async () => {
  const fs = new MemFs();
  const ends = await storedIn(fs, 2_000, 100);
  crashed(fs).dir("store").remove("checkpoint");
  const counted = new CountedReads(fs);
  await using store = await openCounted(counted);
  const read = counted.of("/commitlog/");
  assert(read < 1.3 * fs.paths(LOG).length * 65536, `${read} bytes of a log of ${ends.at(-1)}`);
  assertEquals(store.queues.get("T1", 0)?.maxOffset, 2_000);
});

test("after a clean stop what is read does not grow with the log", async () => {
  const read: number[] = [];
  for (const count of [1_000, 4_000]) {
    const fs = new MemFs();
    await storedIn(fs, count, 100);
    const counted = new CountedReads(fs);
    await using store = await openCounted(counted);
    read.push(counted.of("/commitlog/"));
    assertEquals(store.queues.get("T1", 0)?.maxOffset, count);
  }
  const [short, long] = read;
  assert(long - short < 65536, `${short} bytes, then ${long}`);
});

test("a recovery that is killed does not begin again at zero", async () => {
  const fs = new MemFs();
  await storedIn(fs, 2_000, 100, 100); // a file takes half a minute of it
  crashed(fs).dir("store").remove("checkpoint");
  const slow = slowClock(100);
  let turns = 0;
  const dying = {
    ...slow,
    soon: (fn: () => void) => {
      if (++turns === 22) fs.kill();
      slow.soon(fn);
    },
  };
  await assertRejects(() => openIn(fs, {}, new Lines(), dying), FsError);
  assert(readCheckpoint(fs.dir("store")).logicsMs > 0, "nothing was vouched for");

  const counted = new CountedReads(fs);
  await using store = await openCounted(counted);
  const read = [FIRST, SECOND].map((path) => counted.of(path));
  assertEquals(read, [4096, 4096], "a look at their first record");
  assertEquals(textsOf(store, "T1", 0).map(Number), Array.from({ length: 2_000 }, (_, i) => i));
});

test("what a long recovery vouches for has survived a power cut", () => everySeed(10, powerCut));

async function powerCut(random: Random): Promise<void> {
  const fs = new MemFs();
  const { store: killed } = await filledIn(fs, 2_000, 100, 100);
  fs.kill();
  const slow = slowClock(100);
  const turn = random.between(5, 30);
  let turns = 0;
  const dying = {
    ...slow,
    soon: (fn: () => void) => {
      if (++turns === turn) fs.powerCut(random);
      slow.soon(fn);
    },
  };
  await assertRejects(() => openIn(fs, {}, new Lines(), dying), FsError);
  await killed.close().catch(() => {}); // its timers
  const { logicsMs } = readCheckpoint(fs.dir("store"));
  await using store = await openIn(fs);
  const texts = textsOf(store, "T1", 0).map(Number);
  assertEquals(texts, Array.from({ length: texts.length }, (_, i) => i));
  const vouched = logicsMs === 0 ? 0 : (logicsMs - 1_800_000_000_000) / 100;
  assert(texts.length > vouched || vouched === 0, `${texts.length} of ${vouched}`);
}

for (
  const { name, damage } of [
    { name: "damaged", damage: (log: Uint8Array, from: number) => log[from + 88] ^= 1 },
    { name: "gone without a trace", damage: (log: Uint8Array, from: number) => log.fill(0, from) },
  ]
) {
  test(`the checkpoint does not vouch for what comes in the place of records ${name}`, async () => {
    const fs = new MemFs();
    const ends = await storedIn(fs, 10, 1, 10_000);
    const { logicsMs } = readCheckpoint(fs.dir("store"));
    damage(crashed(fs).bytes(FIRST), ends[4]);
    await using _ = await openIn(fs);
    assertEquals(logicsMs - readCheckpoint(fs.dir("store")).logicsMs, 50_000);
  });
}

test("a disk that takes no entries while the store opens is waited for", async () => {
  const fs = new MemFs();
  const count = 60_000; // more than a queue keeps in memory
  await storedIn(fs, count);
  crashed(fs).dir("store").remove("checkpoint");
  let writes = 0;
  fs.fault = (operation, path) =>
    operation === "write" && path.includes("/consumequeue/") && ++writes > 1 // one to cut it
      ? { error: new FsError("full", "the disk is full") }
      : undefined;
  const lines = new Lines();
  const opening = openIn(fs, {}, lines);
  while (!lines.lines.some((line) => line.includes("dispatch waits for the disk"))) {
    await new Promise<void>((resolve) => clock.soon(resolve));
  }
  fs.fault = undefined;
  await using store = await opening;
  assertEquals(store.queues.get("T1", 0)?.maxOffset, count);
  assertEquals(store.nextQueueOffset("T1", 0), count);
});

test("openStore() shows how far a long recovery is", async () => {
  const fs = new MemFs();
  const tail = (await storedIn(fs, 2_000, 100)).at(-1)!;
  crashed(fs).dir("store").remove("checkpoint");
  const shown: (OpenProgress | undefined)[] = [];
  const onProgress = (progress?: OpenProgress) => void shown.push(progress);
  const slow = { fs, clock: slowClock(100), codecs };
  await using _ = await openStore(slow, fs.dir("store"), SMALL, new Lines(), onProgress);
  const bytes = shown.slice(0, -1).map((progress) => progress!.done);
  assert(bytes.length > 5, `${bytes.length} times`);
  assertEquals(bytes, [...bytes].sort((a, b) => a - b));
  assertEquals(new Set(shown.slice(0, -1).map((progress) => progress!.total)), new Set([tail]));
  assertEquals(shown.at(-1), undefined);
});

test("damage that a clean store holds is found before anything of it changes", async () => {
  const fs = new MemFs();
  await storedIn(fs, 200, 1_000);
  fs.dir("store").remove("consumequeue"); // so that everything is read
  fs.bytes(FIRST)[5_000] ^= 1;
  await assertRejects(() => openIn(fs));
  assertEquals(fs.paths("store/consumequeue"), []);
  assertEquals(fs.dir("store").stat("abort"), undefined, "it is as clean as it was");
});

test("a store of records that 5.x wrote opens, closed or not", async () => {
  for (const crash of [false, true]) {
    const fs = new MemFs();
    await storedIn(fs, 3);
    const bytes = asV2(fs.bytes(FIRST).slice(0, 309));
    const other = new MemFs();
    {
      await using store = await openIn(other);
      store.appendRaw(0, bytes);
    }
    if (crash) crashed(other).dir("store").remove("checkpoint");
    if (crash) await writeCheckpoint(other.dir("store"), { physicMs: 0, logicsMs: 0, indexMs: 0 });
    const lines = new Lines();
    await using store = await openIn(other, {}, lines);
    assertEquals([textsOf(store, "T1", 0), lines.lines], [["0", "1", "2"], []]);
    store.append(message({ text: "n" }));
    store.commit();
    await store.dispatch.reached(store.log.tail);
    assertEquals(textsOf(store, "T1", 0), ["0", "1", "2", "n"]);
  }
});

/** Records of 103 bytes with the magic of 5.x, and so a topic length of two bytes. */
function asV2(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let at = 0; at < bytes.length; at += 103) {
    const record = [...bytes.subarray(at, at + 103)];
    record[3]++;
    record[7] = 0xab;
    record.splice(89, 0, 0);
    const place = out.length;
    record.splice(28, 8, 0, 0, 0, 0, 0, 0, place >> 8, place & 255);
    out.push(...record);
  }
  return new Uint8Array(out);
}
