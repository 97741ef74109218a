import { assert, assertEquals } from "@std/assert";
import { FsError } from "../../../../src/ports/fs.ts";
import { Handles } from "../../../../src/store/handles.ts";
import { IndexFill } from "../../../../src/store/index/index_fill.ts";
import { indexFileBytes, indexFileName } from "../../../../src/store/index/index_layout.ts";
import { KeyIndex } from "../../../../src/store/index/key_index.ts";
import type { Store } from "../../../../src/store/store.ts";
import { AT_ONCE } from "../../../../src/store/turn.ts";
import { javaHash } from "../../../../src/wire/hash.ts";
import { test } from "../../../harness.ts";
import { VirtualClock } from "../../../support/clock.ts";
import { MemFs } from "../../../support/mem_fs.ts";
import { everySeed, Random } from "../../../support/seeds.ts";
import { closeAt, Lines, message, openAt, openIn } from "../../../support/store.ts";
import {
  assertZeroBehindItems,
  content,
  files,
  finds,
  found,
  names,
  put,
  TINY,
} from "./keyed_store.ts";

test("keys fill several files, are kept by a stop in order, and go on", async () => {
  const fs = new MemFs();
  const first = await openIn(fs, TINY);
  put(first, ...names(8));
  await finds(first, names(8));
  await first.close();
  assertEquals(files(fs).length, 3);
  const before = content(fs);
  await (await openIn(fs, TINY)).close();
  assertEquals(content(fs), before, "nothing new, nothing written");
  await using second = await openIn(fs, TINY);
  put(second, ...names(4, 8));
  await finds(second, names(12));
  assertEquals(files(fs).length, 4);
});

test("one record's keys may end a file and begin the next", async () => {
  const fs = new MemFs();
  const store = await openIn(fs, TINY);
  store.append(message({ text: "a", properties: "UNIQ_KEY\x01u\x02KEYS\x01v w x y" }));
  store.commit();
  for (const again of [store, undefined]) {
    await using it = again ?? await openIn(fs, TINY);
    await it.dispatch.reached(it.log.tail);
    for (const key of ["u", "v", "w", "x", "y"]) assertEquals(await found(it, key), ["a"]);
  }
  assertEquals(files(fs).length, 2);
});

test("a key is not found by another that has its hash", async () => {
  await using store = await openIn(new MemFs());
  put(store, "Aa", "BB"); // equal for Java
  await finds(store, ["Aa", "BB"]);
});

test("a key is not found by another topic's that has its hash", async () => {
  await using store = await openIn(new MemFs());
  for (const topic of ["T1", "SP"]) { // equal for Java
    store.append(message({ topic, text: topic, properties: "KEYS\x01k" }));
  }
  store.commit();
  await store.dispatch.reached(store.log.tail);
  assertEquals(javaHash("T1"), javaHash("SP"));
  assertEquals(await found(store, "k"), ["T1"]);
});

test("a message that has a key twice is found once", async () => {
  await using store = await openIn(new MemFs());
  store.append(message({ text: "a", properties: "UNIQ_KEY\x01k\x02KEYS\x01k k" }));
  store.commit();
  await store.dispatch.reached(store.log.tail);
  assertEquals(await found(store, "k"), ["a"]);
});

test("a rolled back transaction has no keys", async () => {
  await using store = await openIn(new MemFs());
  store.append(message({ sysFlag: 12, properties: "KEYS\x01k" }));
  store.commit();
  await store.dispatch.reached(store.log.tail);
  assertEquals(await found(store, "k"), []);
});

test("a cut takes the keys of what is cut, whole files too, and others take their place", async () => {
  for (const kept of [0, 1, 2, 3, 4, 7, 9]) {
    const fs = new MemFs();
    const clock = new VirtualClock();
    const store = await openAt(clock, fs, TINY);
    const offsets = put(store, ...names(10));
    await clock.advance(kept % 2 === 0 ? 11_000 : 0);
    const cut = store.cut(offsets[kept]);
    await clock.settle();
    await cut;
    for (const path of files(fs)) assertZeroBehindItems(fs.bytes(path));
    await finds(store, names(kept));
    assertEquals(await found(store, `k${kept}`), []);
    put(store, ...names(5, 20));
    await clock.settle();
    await finds(store, [...names(kept), ...names(5, 20)]);
    fs.kill();
    await using again = await openIn(fs, TINY);
    await finds(again, [...names(kept), ...names(5, 20)]);
    assertEquals(await found(again, `k${kept}`), []);
  }
});

test("a store that is emptied has no keys, and takes new ones", async () => {
  const fs = new MemFs();
  await using store = await openIn(fs, TINY);
  put(store, ...names(9));
  await store.dispatch.reached(store.log.tail);
  await store.reset();
  assertEquals(files(fs), []);
  put(store, "new");
  await finds(store, ["new"]);
  assertEquals(await found(store, "k1"), []);
});

for (
  const { name, damage } of [
    {
      name: "has another size",
      damage: (fs: MemFs, path: string) => fs.put(path, new Uint8Array(9)),
    },
    {
      name: "counts more items than it can have",
      damage: (fs: MemFs, path: string) => fs.bytes(path).fill(0x7f, 36, 40),
    },
    {
      name: "begins before the one in front of it ends",
      damage: (fs: MemFs, path: string) => fs.bytes(path).fill(0, 16, 24),
    },
  ]
) {
  test(`a file of keys that ${name} is made again, with those behind it`, async () => {
    const fs = new MemFs();
    const store = await openIn(fs, TINY);
    put(store, ...names(10));
    await store.close();
    const [first, second, ...others] = files(fs);
    damage(fs, second);
    const lines = new Lines();
    await using again = await openIn(fs, TINY, lines);
    await finds(again, names(10));
    assertEquals(lines.lines.length, 1 + others.length);
    assert(
      lines.lines.every((line) => line.startsWith("warn a file of the key index was removed")),
    );
    assertEquals(files(fs)[0], first);
  });
}

test("a disk that takes no keys holds up nothing, and gets them later", async () => {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const lines = new Lines();
  const store = await openAt(clock, fs, TINY, lines);
  put(store, "k0", "k1");
  await clock.settle();
  fs.fault = (_, path) =>
    path.includes("/index") ? { error: new FsError("full", "no space") } : undefined;
  put(store, ...names(8, 2));
  await clock.advance(5_000);
  assertEquals(store.queues.get("T1", 0)!.maxOffset, 10);
  assert(store.index.isBehind);
  await finds(store, ["k0", "k1", "k2"]);
  fs.fault = undefined;
  put(store, "k10");
  await clock.advance(5_000);
  assert(!store.index.isBehind);
  await finds(store, names(11));
  await closeAt(clock, store);
  assertEquals(lines.lines, [
    'error cannot write the key index, keys wait {"reason":"no space"}',
    "info the key index takes keys again {}",
  ]);
});

/** The texts of those that are left when the log loses its first file. */
async function withoutFirstFile(
  store: Store,
  texts: string[],
  offsets: number[],
): Promise<string[]> {
  if (store.log.oldest) await store.log.removeOldest();
  return texts.filter((_, i) => offsets[i] >= store.log.minOffset);
}

test("an index that lacks much is filled beside sends, whatever is cut meanwhile", () =>
  everySeed(10, async (random) => {
    const fs = new MemFs();
    const lines = new Lines();
    const clock = new VirtualClock();
    const off = await openAt(clock, fs, { indexEnabled: false, logFileBytes: 4096 });
    let texts = names(200);
    const offsets = put(off, ...texts);
    await clock.settle();
    const index = new KeyIndex(
      fs.dir("aside"),
      { slots: 50, items: 40 },
      new Handles(4),
      clock,
      lines,
    );
    await index.load({
      crashed: false,
      from: off.dispatch.position,
      logEnd: Infinity,
      fromMs: 1,
      coveredMs: 0,
      storeMsAt: () => undefined,
      uncover: () => Promise.resolve(),
    }, AT_ONCE);
    const fill = new IndexFill({ index, log: off.log, dispatch: off.dispatch, clock }, lines);
    assert(index.isBehind);
    if (random.below(2) === 0) await fill.catchUp(random.below(20_000));
    if (random.below(2) === 0) {
      const kept = random.below(200);
      const cut = off.cut(offsets[kept]);
      await clock.settle();
      await Promise.all([cut, index.cutFrom(offsets[kept])]);
      texts = texts.slice(0, kept);
    }
    if (index.isBehind && random.below(3) === 0) {
      texts = await withoutFirstFile(off, texts, offsets);
    }
    if (index.isBehind) texts.push(...put(off, "new").map(() => "new"));
    await clock.advance(1_000);
    assertEquals([index.isBehind, fill.left, lines.lines], [false, 0, []]);
    for (const text of texts) assertEquals(await found(off, text, index), [text]);
    fill.close();
    await closeAt(clock, off);
    assertEquals(clock.waiting, 0);
  }));

test("names of index files are local times, and rise whatever the clock does", () => {
  const at = new Date(2026, 10, 22, 11, 18, 57, 138).getTime();
  assertEquals(indexFileName(at, undefined), "20261122111857138");
  assertEquals(indexFileName(at - 5, "20261122111857138"), "20261122111857139");
  assertEquals(indexFileName(at, "20261231235959999"), "20270101000000000");
});

test("an index file of RocketMQ's defaults has 420000040 bytes", () => {
  assertEquals(indexFileBytes({ slots: 5_000_000, items: 20_000_000 }), 420_000_040);
});

test("a long chain of others' keys gives way while it is walked", async () => {
  await using store = await openIn(new MemFs(), { indexSlots: 1, indexItems: 5_000 });
  for (const text of names(3_000)) put(store, text);
  await store.dispatch.reached(store.log.tail);
  let pauses = 0;
  for (const logOffset of store.index.find(new Random(1).below(1000), 0, Infinity)) {
    if (logOffset === -1) pauses++;
  }
  assertEquals(pauses, 2);
  await finds(store, ["k0", "k1500", "k2999"]);
});
