import { assert, assertEquals, assertRejects } from "@std/assert";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { CorruptLogError } from "../../../src/base/errors.ts";
import { FsError } from "../../../src/ports/fs.ts";
import { RETENTION_DEFAULTS } from "../../../src/store/retention/retention_options.ts";
import type { Store } from "../../../src/store/store.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { Random } from "../../support/seeds.ts";
import { closeAt, message, openAt, openIn, textsOf } from "../../support/store.ts";

const FILE = "store/config/deletedTopics.json";

/** Stores a message for each text in queue 0 of T1, and lets the queue know them. */
async function put(store: Store, ...texts: string[]): Promise<void> {
  for (const text of texts) store.append(message({ text }));
  store.commit();
  await store.dispatch.reached(store.log.tail);
}

/** First number, the next one, and where the topic as it is now begins. */
function numbers(store: Store): number[] {
  const { minOffset, maxOffset, start } = store.queues.get("T1", 0)!;
  return [minOffset, maxOffset, start];
}

function fileOf(fs: MemFs, name = FILE): unknown {
  return JSON.parse(textOf(fs.bytes(name))).deletedTopics;
}

test("erase() hides what is stored; what comes next has the next numbers, after a restart, too", async () => {
  const fs = new MemFs();
  const store = await openIn(fs);
  await put(store, "a", "b");
  const { tail } = store.log;
  await store.deletions.erase(["T1", "other"]);
  assertEquals([numbers(store), textsOf(store, "T1", 0)], [[2, 2, 2], []]);
  assertEquals(fileOf(fs), { T1: tail });
  await put(store, "c");
  assertEquals([numbers(store), textsOf(store, "T1", 0)], [[2, 3, 2], ["c"]]);
  await store.close();
  await using again = await openIn(fs);
  assertEquals([numbers(again), textsOf(again, "T1", 0)], [[2, 3, 2], ["c"]]);
});

test("erase() counts from when it was called, for messages that no queue has yet as well", async () => {
  await using store = await openIn(new MemFs());
  for (const text of ["a", "b"]) store.append(message({ text }));
  store.commit(); // not dispatched
  const erased = store.deletions.erase(["T1"]);
  store.append(message({ text: "c" }));
  store.commit();
  await erased;
  await store.dispatch.reached(store.log.tail);
  assertEquals([numbers(store), textsOf(store, "T1", 0)], [[2, 3, 2], ["c"]]);
});

test("a topic that is deleted again and again has one place, the last", async () => {
  const fs = new MemFs();
  await using store = await openIn(fs);
  for (let i = 1; i <= 3; i++) {
    await put(store, "x");
    await store.deletions.erase(["T1"]);
    assertEquals([numbers(store), fileOf(fs)], [[i, i, i], { T1: store.log.tail }]);
  }
  const writes = fs.counts.rename;
  await put(store); // nothing new
  await store.deletions.erase(["T1", "never there"]);
  assertEquals(fs.counts.rename, writes, "nothing was deleted, nothing is written");
});

test("what erase() answered, no power cut takes back, nor the log before it", async () => {
  const clock = new VirtualClock();
  const fs = new MemFs();
  const store = await openAt(clock, fs); // async flush
  store.append(message({ text: "a" }));
  store.commit();
  const { tail } = store.log;
  const erased = store.deletions.erase(["T1"]);
  await clock.settle();
  await erased;
  fs.powerCut(new Random(1));
  store.dispatch.close();
  const again = await openAt(clock, fs);
  assertEquals([again.log.tail, numbers(again)], [tail, [1, 1, 1]]);
  await closeAt(clock, again);
});

test("erase() fails when the disk does not take it, and nothing is deleted", async () => {
  const fs = new MemFs();
  await using store = await openIn(fs);
  await put(store, "a");
  fs.fault = (operation, path) =>
    operation === "write" && path.includes("deletedTopics")
      ? { error: new FsError("full", "no room") }
      : undefined;
  await assertRejects(() => store.deletions.erase(["T1"]), FsError, "no room");
  assertEquals([numbers(store), store.deletions.floors.size], [[0, 1, 0], 0]);
  fs.fault = undefined;
  await store.deletions.erase(["T1"]);
  assertEquals(numbers(store), [1, 1, 1]);
});

test("where the log is cut, what comes in the place of deleted messages is not deleted", async () => {
  const fs = new MemFs();
  const store = await openIn(fs);
  await put(store, "a");
  const end = store.log.tail;
  await put(store, "b", "c");
  await store.deletions.erase(["T1"]);
  await store.cut(end);
  assertEquals([numbers(store), fileOf(fs)], [[1, 1, 1], { T1: end }]);
  assertEquals(fileOf(fs, `${FILE}.bak`), { T1: end }, "the copy would hide it, too");
  await put(store, "d");
  assertEquals([numbers(store), textsOf(store, "T1", 0)], [[1, 2, 1], ["d"]]);
  await store.close();
  await using again = await openIn(fs);
  assertEquals([numbers(again), textsOf(again, "T1", 0)], [[1, 2, 1], ["d"]]);
});

test("a store that is emptied forgets what was deleted", async () => {
  const fs = new MemFs();
  await using store = await openIn(fs);
  await put(store, "a", "b");
  await store.deletions.erase(["T1"]);
  await store.reset();
  assertEquals([store.deletions.floors.size, fileOf(fs)], [0, undefined]);
  await put(store, "c");
  assertEquals([numbers(store), textsOf(store, "T1", 0)], [[0, 1, 0], ["c"]]);
});

test("a start takes back what lies behind the log's end: that was not stored when it was deleted", async () => {
  const fs = new MemFs();
  const store = await openIn(fs);
  await put(store, "a");
  await store.close();
  const { tail } = store.log;
  fs.put(`/${FILE}`, utf8(`{"deletedTopics":{"T1":${tail + 500}}}`));
  await using again = await openIn(fs);
  assertEquals([fileOf(fs), fileOf(fs, `${FILE}.bak`)], [{ T1: tail }, { T1: tail }]);
  await put(again, "b");
  assertEquals(textsOf(again, "T1", 0), ["b"]);
});

test("a place is forgotten when the log's files before it are gone; numbers go on", async () => {
  const clock = new VirtualClock();
  const fs = new MemFs();
  fs.now = () => clock.now();
  const retention = { ...RETENTION_DEFAULTS, reservedMs: 0, hours: [] };
  const store = await openAt(clock, fs, { logFileBytes: 4096, retention });
  const send = async (text: string) => {
    store.append(message({ text, body: utf8(text + "x".repeat(2000)) }));
    store.commit();
    await clock.settle();
  };
  for (const text of ["a", "b"]) await send(text);
  const erased = store.deletions.erase(["T1"]);
  await clock.settle();
  await erased;
  for (const text of ["c", "d", "e"]) await send(text);
  await clock.advance(20_000);
  void store.retention.removeExpired();
  await clock.advance(20_000);
  assert(store.log.minOffset > 4096);
  assertEquals([store.deletions.floors.size, fileOf(fs)], [0, undefined]);
  assertEquals(store.queues.get("T1", 0)!.maxOffset, 5);
  await closeAt(clock, store);
});

test("a slave follows its master's places as far as its queues have come, and never goes back", async () => {
  await using store = await openIn(new MemFs());
  await put(store, "a", "b");
  const { tail } = store.log;
  await store.deletions.follow(new Map([["T1", tail + 1]]));
  assertEquals(numbers(store), [0, 2, 0]);
  await store.deletions.follow(new Map([["T1", tail]]));
  assertEquals(numbers(store), [2, 2, 2]);
  for (const told of [new Map(), new Map([["T1", 5]])]) await store.deletions.follow(told);
  assertEquals([numbers(store), store.deletions.floorOf("T1")], [[2, 2, 2], tail]);
});

test("a table that cannot be read stops the start: deleted messages must not come back unsaid", async () => {
  const fs = new MemFs();
  const store = await openIn(fs);
  await put(store, "a");
  await store.close();
  fs.put(`/${FILE}`, utf8('{"deletedTopics":{"T1":'));
  await assertRejects(() => openIn(fs), CorruptLogError, "deletedTopics.json");
});

test("deleted messages come back when their line is taken out of the file, while the log has them", async () => {
  const fs = new MemFs();
  const store = await openIn(fs);
  await put(store, "a", "b");
  await store.deletions.erase(["T1"]);
  await put(store, "c");
  await store.close();
  for (const name of [FILE, `${FILE}.bak`]) fs.put(`/${name}`, utf8('{"deletedTopics":{}}'));
  await using again = await openIn(fs);
  assertEquals([numbers(again), textsOf(again, "T1", 0)], [[0, 3, 0], ["a", "b", "c"]]);
});

test("a store that was closed deletes nothing any more: its folder may be another's", async () => {
  const fs = new MemFs();
  const store = await openIn(fs);
  await put(store, "a");
  await store.close();
  await assertRejects(() => store.deletions.erase(["T1"]), Error, "the store is being closed");
  assertEquals(fs.paths("store/config"), []);
});
