import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { PutRefusal, StoreRefusal } from "../../../src/store/errors.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { closeAt, message, openAt, openIn, textsOf } from "../../support/store.ts";

test("append() gives places in log and queue, commit() stores, dispatch tells the queue", async () => {
  await using store = await openIn(new MemFs());
  const first = store.append(message({ text: "a" }));
  const second = store.append(message({ text: "b" }));
  assertEquals([first.logOffset, first.queueOffset, second.queueOffset], [0, 0, 1]);
  assertEquals(second.logOffset, first.end);
  assertEquals(store.log.tail, 0, "what is staged is not seen");
  store.commit();
  assertEquals(store.log.tail, second.end);
  await store.dispatch.reached(second.end);
  assertEquals(textsOf(store, "T1", 0), ["a", "b"]);
});

test("each queue counts for itself", async () => {
  await using store = await openIn(new MemFs());
  const offsets = [["T1", 0], ["T1", 1], ["T2", 0], ["T1", 0], ["T2", 0]].map(([topic, queueId]) =>
    store.append(message({ topic: String(topic), queueId: Number(queueId) })).queueOffset
  );
  assertEquals(offsets, [0, 0, 0, 1, 1]);
});

test("a store goes on where it was closed, and its files have their full size", async () => {
  const fs = new MemFs();
  for (let round = 0; round < 3; round++) {
    await using store = await openIn(fs);
    assertEquals(store.nextQueueOffset("T1", 0), round * 100);
    for (let i = 0; i < 100; i++) store.append(message({ body: new Uint8Array(1000) }));
    store.commit();
  }
  assertEquals(fs.open, 0);
  assertEquals(fs.paths("store").filter((path) => path.endsWith("abort")), []);
  for (const path of fs.paths("store/commitlog")) assertEquals(fs.bytes(path).length, 65536);
  for (const path of fs.paths("store/consumequeue")) assertEquals(fs.bytes(path).length, 2000);
});

test("append() refuses what cannot be stored", async () => {
  await using store = await openIn(new MemFs(), { maxMessageBytes: 100_000 });
  for (
    const fields of [
      { body: new Uint8Array(100_001) },
      { body: new Uint8Array(70_000) }, // larger than a log file
      { properties: "x".repeat(40_000) },
      { topic: "t".repeat(128) },
      { queueId: -1 },
    ]
  ) {
    const refusal = assertThrows(() => store.append(message(fields)), PutRefusal);
    assertEquals(refusal.status, "illegal");
  }
  assertEquals(store.append(message()).queueOffset, 0);
});

test("appendBatch() puts all its messages side by side in one file", async () => {
  await using store = await openIn(new MemFs());
  store.append(message({ body: new Uint8Array(60_000) }));
  const batch = [1, 2, 3].map(() => message({ body: new Uint8Array(3000) }));
  const appended = store.appendBatch(batch);
  store.commit();
  assertEquals(appended.map(({ queueOffset }) => queueOffset), [1, 2, 3]);
  assertEquals(appended[0].logOffset, 65536);
  assertEquals(appended[2].logOffset, appended[1].end);
  await store.dispatch.reached(store.log.tail);
  assertEquals(textsOf(store, "T1", 0).length, 4);
});

test("prepared and rolled back messages are in the log and in no queue", async () => {
  await using store = await openIn(new MemFs());
  assertEquals(store.append(message({ text: "half", sysFlag: 4 })).queueOffset, 0);
  assertEquals(store.append(message({ text: "rolled back", sysFlag: 12 })).queueOffset, 0);
  assertEquals(store.append(message({ text: "committed", sysFlag: 8 })).queueOffset, 0);
  assertEquals(store.append(message({ text: "normal" })).queueOffset, 1);
  store.commit();
  await store.dispatch.reached(store.log.tail);
  assertEquals(textsOf(store, "T1", 0), ["committed", "normal"]);
});

test("all messages of a commit have one store time, which never goes back", async () => {
  const clock = new VirtualClock();
  const store = await openAt(clock, new MemFs());
  const start = clock.now();
  const append = () => store.append(message()).storeTimestamp - start;
  assertEquals(append(), 0);
  clock.pause(10);
  assertEquals(append(), 0, "the same commit");
  store.commit();
  assertEquals(append(), 10);
  store.commit();
  clock.pause(-1000);
  assertEquals(append(), 10);
  await closeAt(clock, store);
  assertEquals(clock.waiting, 0, "nothing runs on after close()");
});

test("openStore() refuses a folder that is held, and files of another size", async () => {
  const fs = new MemFs();
  await using store = await openIn(fs);
  store.append(message());
  store.commit();
  const held = await assertRejects(() => openIn(fs), StoreRefusal);
  assertEquals(held.message, "Cannot open /store: another process holds its lock file");
  await store.close();
  const log = await assertRejects(() => openIn(fs, { logFileBytes: 1 << 20 }), StoreRefusal);
  assertEquals(
    log.message,
    "Cannot open /store/commitlog/00000000000000000000: it has 65536 bytes, this node's files have 1048576; set mappedFileSizeCommitLog = 65536 to open it",
  );
  const queue = await assertRejects(() => openIn(fs, { queueFileBytes: 4000 }), StoreRefusal);
  assertEquals(
    queue.message,
    "Cannot open /store/consumequeue/T1/0/00000000000000000000: it has 2000 bytes, this node's files have 4000; set mappedFileSizeConsumeQueue = 2000 to open it",
  );
  assertEquals(fs.open, 0);
  await using again = await openIn(fs);
  assertEquals(again.nextQueueOffset("T1", 0), 1);
});

test("born is where the log ended when it was opened, a torn record not counted", async () => {
  const fs = new MemFs();
  {
    await using store = await openIn(fs);
    assertEquals(store.born, 0);
    store.append(message({ body: new Uint8Array(1000) }));
    store.commit();
    assertEquals(store.born, 0, "what this process wrote lies behind it");
  }
  {
    await using store = await openIn(fs);
    assertEquals([store.born, store.log.tail], [1093, 1093]);
    const record = new Uint8Array(1093);
    store.log.readAt(0, record);
    store.appendRaw(1093, record.subarray(0, 500));
    fs.kill();
    store.dispatch.close();
    await store.close();
  }
  await using store = await openIn(fs);
  assertEquals([store.born, store.log.tail], [1093, 1093]);
});
