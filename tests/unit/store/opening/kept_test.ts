import { assertEquals, assertRejects } from "@std/assert";
import { viewOf } from "../../../../src/base/bytes.ts";
import { signalled } from "../../../../src/base/together.ts";
import { FsError } from "../../../../src/ports/fs.ts";
import { itemPlace, readIndexHeader } from "../../../../src/store/index/index_layout.ts";
import { entryTagsCode } from "../../../../src/store/queue_entry.ts";
import { storeTimeAt } from "../../../../src/store/records.ts";
import { openStore, type Store } from "../../../../src/store/store.ts";
import { AT_ONCE, Turn } from "../../../../src/store/turn.ts";
import { test } from "../../../harness.ts";
import { MemFs } from "../../../support/mem_fs.ts";
import { runtime } from "../../../support/runtime.ts";
import { Random } from "../../../support/seeds.ts";
import { Lines, message, SMALL, textsOf } from "../../../support/store.ts";
import { FIRST } from "../../../support/stored.ts";
import { content, files, finds, names, put } from "../index/keyed_store.ts";

const { clock, codecs } = runtime;
const QUEUE = "store/consumequeue/T1/0/00000000000000000000";
const OPTIONS = { ...SMALL, queueFileBytes: 20_000 };

function openOn(fs: MemFs, bootId = "this run"): Promise<Store> {
  return openStore({ fs, clock, codecs, bootId }, fs.dir("store"), OPTIONS, new Lines());
}

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => String(from + i));

/** Stores messages with these texts; gives where each record ends. */
async function send(store: Store, texts: readonly string[]): Promise<number[]> {
  const ends = texts.map((text) => store.append(message({ text })).end);
  store.commit();
  await store.dispatch.reached(store.log.tail);
  return ends;
}

/** Its process dies; what that still tries does not reach the disk. */
async function kill(fs: MemFs, store: Store): Promise<void> {
  fs.kill();
  await store.close();
}

/** Changes what a queue that is made again would not have: the code of its first tag. */
const markQueue = (fs: MemFs): void => void (fs.bytes(QUEUE)[19] ^= 1);
const isQueueMarked = (fs: MemFs): boolean => fs.bytes(QUEUE)[19] === 1;

for (
  const { name, then, kept } of [
    { name: "the machine ran on", then: "this run", kept: true },
    { name: "the machine restarted", then: "next run", kept: false },
  ]
) {
  test(`a process was killed and ${name}: what queues have is ${kept ? "kept" : "made again"}`, async () => {
    const fs = new MemFs();
    const store = await openOn(fs);
    await send(store, numbers(0, 500));
    await kill(fs, store);
    markQueue(fs);
    await using again = await openOn(fs, then);
    assertEquals(isQueueMarked(fs), kept);
    assertEquals(textsOf(again, "T1", 0), numbers(0, 500));
  });

  test(`a process was killed and ${name}: the key index is ${kept ? "kept" : "made again"}`, async () => {
    const fs = new MemFs();
    const store = await openOn(fs);
    await store.dispatch.reached(put(store, ...names(50)).at(-1)!);
    store.index.write(); // its header was not written yet
    put(store, ...names(50, 50));
    await kill(fs, store);
    const shape = { slots: SMALL.indexSlots!, items: SMALL.indexItems! };
    const seconds = () => viewOf(fs.bytes(files(fs)[0])).getInt32(itemPlace(shape, 5) + 12);
    viewOf(fs.bytes(files(fs)[0])).setInt32(itemPlace(shape, 5) + 12, 7);
    await using again = await openOn(fs, then);
    await finds(again, names(100));
    await again.index.sync(AT_ONCE);
    assertEquals(seconds(), kept ? 7 : 0);
    const { beginMs, beginLogOffset } = readIndexHeader(viewOf(fs.bytes(files(fs)[0])));
    assertEquals([beginMs, beginLogOffset], [storeTimeAt(again.log, 0), 0]);
  });
}

test("a file of the key index that was kept is safe once the next process says so", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const fs = new MemFs();
    const store = await openOn(fs);
    await store.dispatch.reached(put(store, ...names(50)).at(-1)!);
    store.index.write();
    await kill(fs, store);
    const again = await openOn(fs);
    assertEquals(await again.index.sync(AT_ONCE), true);
    const [before] = content(fs);
    fs.powerCut(new Random(seed));
    await again.close();
    assertEquals(content(fs), [before]);
  }
});

test("an entry whose write was broken off by a kill is made again", async () => {
  for (let bytes = 1; bytes <= 60; bytes++) {
    const fs = new MemFs();
    const store = await openOn(fs);
    for (let i = 0; i < 3; i++) store.append(message({ text: `${i}`, properties: "TAGS\x01A" }));
    store.commit();
    await store.dispatch.reached(store.log.tail);
    const error = new FsError("other", "killed");
    fs.fault = (kind, path) =>
      kind === "write" && path === `/${QUEUE}` ? { error, keep: bytes } : undefined;
    await store.queues.write(new Turn(clock));
    await kill(fs, store);
    await using again = await openOn(fs);
    const codes = [0, 1, 2].map((n) => {
      const entry = new Uint8Array(20);
      again.queues.get("T1", 0)!.read(n, entry);
      return entryTagsCode(viewOf(entry), 0);
    });
    assertEquals(codes, [65, 65, 65], `${bytes} bytes were written`);
    assertEquals(textsOf(again, "T1", 0), ["0", "1", "2"]);
  }
});

test("what a start had not mended yet is not relied on when it is killed", async () => {
  const fs = new MemFs();
  const store = await openOn(fs);
  await send(store, numbers(0, 500));
  await kill(fs, store);
  markQueue(fs);
  fs.fault = (kind, path) => {
    if (kind !== "truncate" || !path.includes("consumequeue")) return undefined;
    fs.kill();
    return { error: new FsError("other", "killed") };
  };
  const parts = { fs, clock, codecs, bootId: "next run" };
  await assertRejects(() => openStore(parts, fs.dir("store"), OPTIONS, new Lines()), FsError);
  await using again = await openOn(fs, "next run");
  assertEquals(isQueueMarked(fs), false);
  assertEquals(textsOf(again, "T1", 0), numbers(0, 500));
});

test("what was being cut when the process was killed is not relied on", async () => {
  const fs = new MemFs();
  const store = await openOn(fs);
  const ends = await send(store, numbers(0, 500));
  const held = signalled<void>();
  fs.slowness = (path) => path === `/${FIRST}` ? held.promise : undefined;
  const cut = store.cut(ends[400]).catch(() => {});
  await new Promise<void>((resolve) => clock.soon(resolve));
  fs.kill();
  held.resolve();
  await Promise.all([cut, store.close()]);
  await using again = await openOn(fs);
  assertEquals(again.suspectFrom < Infinity, true);
  assertEquals(textsOf(again, "T1", 0), numbers(0, 500));
});

test("a queue that a failed sync left in doubt is made again after a kill", async () => {
  const fs = new MemFs();
  const store = await openOn(fs);
  await send(store, numbers(0, 500));
  const error = new FsError("other", "the disk fails to sync");
  fs.fault = (kind, path) => kind === "sync" && path === `/${QUEUE}` ? { error } : undefined;
  assertEquals(await store.queues.sync(new Turn(clock)), false);
  await kill(fs, store);
  markQueue(fs);
  await using again = await openOn(fs);
  assertEquals(isQueueMarked(fs), false);
  assertEquals(textsOf(again, "T1", 0), numbers(0, 500));
});

test("what a Java broker left that was killed, too, is not relied on", async () => {
  const fs = new MemFs();
  const store = await openOn(fs);
  await send(store, numbers(0, 500));
  await kill(fs, store);
  fs.file("store/lock").modifiedMs = fs.file("store/abort").modifiedMs + 1; // it wrote that, and no abort
  markQueue(fs);
  await using again = await openOn(fs);
  assertEquals(isQueueMarked(fs), false);
  assertEquals(textsOf(again, "T1", 0), numbers(0, 500));
});
