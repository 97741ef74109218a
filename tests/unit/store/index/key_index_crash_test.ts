import { assertEquals } from "@std/assert";
import { viewOf } from "../../../../src/base/bytes.ts";
import { readCheckpoint, writeCheckpoint } from "../../../../src/store/checkpoint.ts";
import { readIndexHeader } from "../../../../src/store/index/index_layout.ts";
import { test } from "../../../harness.ts";
import { VirtualClock } from "../../../support/clock.ts";
import { MemFs } from "../../../support/mem_fs.ts";
import { everySeed } from "../../../support/seeds.ts";
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
