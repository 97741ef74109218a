import { assertEquals } from "@std/assert";
import { viewOf } from "../../../../src/base/bytes.ts";
import { FsError } from "../../../../src/ports/fs.ts";
import { readCheckpoint, writeCheckpoint } from "../../../../src/store/checkpoint.ts";
import { readIndexHeader } from "../../../../src/store/index/index_layout.ts";
import { test } from "../../../harness.ts";
import { VirtualClock } from "../../../support/clock.ts";
import { MemFs } from "../../../support/mem_fs.ts";
import { everySeed, Random } from "../../../support/seeds.ts";
import { closeAt, Lines, message, openAt, openIn } from "../../../support/store.ts";
import { content, files, finds, found, names, put, TINY } from "./keyed_store.ts";

test("after a kill all keys are found, those in memory only, too", async () => {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const store = await openAt(clock, fs, TINY);
  put(store, ...names(10));
  await clock.advance(1_000); // items are written
  put(store, ...names(5, 10));
  await clock.settle();
  fs.kill();
  const lines = new Lines();
  await using again = await openIn(fs, TINY, lines);
  await finds(again, names(15));
  assertEquals(lines.lines, []);
});

test("what a checkpoint vouches for is not read from the log again", async () => {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const store = await openAt(clock, fs, TINY);
  put(store, ...names(7));
  await clock.advance(20_000);
  store.append(message({ body: new Uint8Array(65_000) })); // ends the file of the log
  put(store, ...names(3, 7));
  await clock.advance(20_000);
  put(store, ...names(3, 10));
  await clock.advance(20_000);
  fs.kill();
  const before = content(fs);
  const again = await openAt(clock, fs, TINY);
  await finds(again, names(13));
  await closeAt(clock, again);
  assertEquals(content(fs).slice(0, 2), before.slice(0, 2));
});

test("a start that dies after it took keys back loses none that lie before them", async () => {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const options = { ...TINY, indexSlots: 1 }; // a chain leads through all keys of a file
  const store = await openAt(clock, fs, options);
  put(store, ...names(4));
  store.append(message({ body: new Uint8Array(65_000) })); // ends the file of the log
  put(store, ...names(2, 4)); // and a file of the index, that began before
  await clock.advance(20_000);
  put(store, ...names(1, 6));
  await clock.advance(20_000);
  fs.kill();
  await openAt(clock, fs, options);
  fs.kill(); // before anything of it is safe
  await using again = await openIn(fs, options);
  await finds(again, names(7));
});

test("a power cut takes no key of a message that it leaves", () =>
  everySeed(40, async (random) => {
    const fs = new MemFs();
    const clock = new VirtualClock();
    let stored = 0;
    for (let round = 0; round < 4; round++) {
      const lines = new Lines();
      const store = await openAt(clock, fs, { ...TINY, indexItems: 40, indexSlots: 7 }, lines);
      const there = names(stored).filter((_, i) => i < store.nextQueueOffset("T1", 0));
      await finds(store, there);
      assertEquals(lines.lines.filter((line) => line.includes("key index")), []);
      stored = there.length;
      for (let i = random.below(30); i > 0; i--) {
        put(store, `k${stored++}`);
        if (random.below(4) === 0) await clock.advance(random.below(6_000));
      }
      await clock.settle();
      const end = random.below(3);
      if (end === 0) await closeAt(clock, store);
      else if (end === 1) fs.kill();
      else fs.powerCut(random);
    }
  }));

for (
  const { name, damage } of [
    { name: "slots of zeros", damage: (file: Uint8Array) => file.fill(0, 40, 60) },
    { name: "slots that lead elsewhere", damage: (file: Uint8Array) => file.fill(1, 40, 60) },
    { name: "a header of zeros", damage: (file: Uint8Array) => file.fill(0, 0, 40) },
    { name: "a header that counts too few", damage: (file: Uint8Array) => file.fill(0, 36, 40) },
    { name: "an item of zeros", damage: (file: Uint8Array) => file.fill(0, 120, 140) },
    { name: "an item that lies later", damage: (file: Uint8Array) => file.fill(0x7f, 127, 132) },
    { name: "an item that leads elsewhere", damage: (file: Uint8Array) => file.fill(1, 259, 260) },
    { name: "no second key of a record", damage: (file: Uint8Array) => file.fill(0, 180, 860) },
    { name: "no items", damage: (file: Uint8Array) => file.fill(0, 60, 860) },
  ]
) {
  test(`a crash that no checkpoint covers, with ${name}, takes no key`, async () => {
    const fs = new MemFs();
    const clock = new VirtualClock();
    const shape = { indexSlots: 5, indexItems: 40 }; // slots at 40, item n at 60 + 20 n
    const store = await openAt(clock, fs, shape);
    put(store, ...names(3));
    for (const text of names(4, 3)) {
      store.append(message({ text, properties: `UNIQ_KEY\x01u${text}\x02KEYS\x01${text}` }));
      store.commit();
      await clock.advance(1_500);
    }
    store.append(message({ body: new Uint8Array(65_000) })); // ends the file of the log
    put(store, ...names(2, 7));
    await clock.advance(20_000);
    put(store, "k9");
    await closeAt(clock, store);
    const [path] = files(fs);
    const before = fs.bytes(path).slice();
    const dir = fs.dir("store");
    await writeCheckpoint(dir, { ...readCheckpoint(dir), indexMs: 0 }); // as Java does
    fs.put("store/abort", new Uint8Array(0));
    damage(fs.bytes(path));
    const again = await openAt(clock, fs, shape);
    await finds(again, names(10));
    for (const text of names(4, 3)) assertEquals(await found(again, `u${text}`), [text]);
    await closeAt(clock, again);
    const after = fs.bytes(files(fs)[0]);
    assertEquals(readIndexHeader(viewOf(after)), readIndexHeader(viewOf(before)));
    assertEquals(after, before);
  });
}

test("a start that removed a damaged file and died leaves the next one to read its keys again", async () => {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const shape = { indexSlots: 5, indexItems: 40 };
  const store = await openAt(clock, fs, shape);
  put(store, ...names(4));
  store.append(message({ body: new Uint8Array(65_000) })); // ends the file of the log
  put(store, ...names(4, 4));
  await clock.advance(20_000);
  put(store, ...names(1, 8));
  await clock.advance(20_000);
  fs.kill();
  fs.bytes(files(fs)[0]).fill(0x7f, 36, 40); // how many items it has
  await openAt(clock, fs, shape);
  fs.kill(); // before its checkpoint
  await using again = await openIn(fs, shape);
  await finds(again, names(9));
});

test("a store closed while its index was behind says so by its checkpoint", async () => {
  const fs = new MemFs();
  for (const life of [0, 1, 2]) { // all is stored in the same millisecond
    const clock = new VirtualClock();
    const store = await openAt(clock, fs, TINY);
    if (life === 1) { // no file that begins takes anything
      fs.fault = (operation, path) =>
        operation === "truncate" && path.includes("/index/")
          ? { error: new FsError("full", "no space") }
          : undefined;
    }
    put(store, ...names(3, 3 * life));
    await clock.settle();
    assertEquals(store.index.isBehind, life === 1);
    if (life === 2) await finds(store, names(9));
    await closeAt(clock, store);
    fs.fault = undefined;
    assertEquals(fs.paths("store").includes("store/abort"), false, `life ${life}`);
  }
});

test("what comes while the index is off is read from the log once it is on again", async () => {
  const fs = new MemFs();
  for (const [i, indexEnabled] of [true, false, true].entries()) {
    const clock = new VirtualClock();
    clock.pause(i * 1_000);
    const store = await openAt(clock, fs, { ...TINY, indexEnabled });
    put(store, ...names(3, 3 * i));
    await clock.settle();
    if (i === 2) await finds(store, names(9));
    await closeAt(clock, store);
  }
});

test("a full file whose header ends early because no checkpoint covers it is made again", async () => {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const store = await openAt(clock, fs, TINY);
  put(store, ...names(4));
  store.append(message({ body: new Uint8Array(65_000) })); // ends the file of the log
  put(store, ...names(4, 4));
  await clock.advance(20_000);
  put(store, "k8");
  await clock.advance(20_000);
  fs.kill();
  const dir = fs.dir("store");
  await writeCheckpoint(dir, { ...readCheckpoint(dir), indexMs: 0 });
  for (const path of files(fs)) fs.bytes(path).fill(0, 8, 16); // no header ends later than that
  fs.bytes(files(fs)[0]).fill(0, 80, 100); // its first item
  await using again = await openIn(fs, TINY);
  await finds(again, names(9));
});

test("a header never ends later than the checkpoint says, and truly after a stop in order", async () => {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const endsMs = () => files(fs).map((path) => readIndexHeader(viewOf(fs.bytes(path))).endMs);
  const store = await openAt(clock, fs, TINY);
  put(store, ...names(2));
  let slow = () => {};
  fs.slowness = (path) =>
    path.endsWith("/checkpoint.tmp") ? new Promise((resolve) => slow = resolve) : undefined;
  await clock.advance(10_500);
  assertEquals(endsMs(), [0], "the checkpoint is being written");
  slow();
  await clock.settle();
  const { indexMs } = readCheckpoint(fs.dir("store"));
  assertEquals(endsMs(), [indexMs]);
  fs.slowness = undefined;
  put(store, ...names(4, 2));
  const { storeTimestamp } = store.append(message());
  store.takeBack();
  await closeAt(clock, store);
  assertEquals(endsMs(), [storeTimestamp, storeTimestamp]);
  fs.powerCut(new Random(1));
  assertEquals(endsMs(), [storeTimestamp, storeTimestamp], "and that is safe");
});

test("a start after a kill knows when its files end, to the millisecond", async () => {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const store = await openAt(clock, fs, TINY);
  put(store, "k0");
  await clock.advance(1_700);
  put(store, ...names(2, 1));
  store.append(message({ body: new Uint8Array(65_400) })); // a file of the log
  store.commit();
  for (let i = 0; i < 2; i++) {
    await clock.advance(30_000);
    store.append(message());
    store.commit();
  }
  await clock.advance(30_000);
  fs.kill();
  for (const path of files(fs)) fs.bytes(path).fill(0, 8, 16);
  await using again = await openIn(fs, TINY);
  const [{ header }] = again.index.files;
  assertEquals(header.endMs - header.beginMs, 1_700);
});
