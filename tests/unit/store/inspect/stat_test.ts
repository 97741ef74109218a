import { assertEquals } from "@std/assert";
import { byTopic, statStore } from "../../../../src/store/inspect/stat.ts";
import { StoredStore } from "../../../../src/store/inspect/stored.ts";
import { test } from "../../../harness.ts";
import { goldenStore } from "../../../support/golden_store.ts";
import { runtime } from "../../../support/runtime.ts";

test("statStore() counts what a Java broker's store holds", () => {
  const root = goldenStore("slave-clean").dir("store");
  using store = new StoredStore({ root, logDirs: [root.child("commitlog")] });
  const stat = statStore(store, runtime.codecs);
  assertEquals(stat.log, {
    files: 2,
    fileBytes: 65536,
    min: 0,
    end: 74549,
    fillerBytes: 14,
    damaged: 0,
  });
  assertEquals(stat.all.records, 356);
  assertEquals(stat.all.bytes, 74549 - 14);
  assertEquals(stat.halves, 0);
  assertEquals(stat.largest, { logOffset: 47780, size: 344 });
  assertEquals(stat.indexes.map(({ count }) => count), [399, 111]);
  const admin = stat.queues.filter(({ topic }) => topic === "AdminT");
  assertEquals(admin.map(({ maxOffset }) => maxOffset), [3, 2, 2, 2]);
  const topics = byTopic(stat.queues);
  assertEquals(topics.length, 27);
  assertEquals(topics.reduce((sum, { records }) => sum + records, 0), 356);
});

test("statStore() says where the entries begin whose messages are still in the log", () => {
  const fs = goldenStore("slave-clean");
  fs.dir("store/commitlog").remove("00000000000000000000");
  const root = fs.dir("store");
  using store = new StoredStore({ root, logDirs: [root.child("commitlog")] });
  const { log, all, queues } = statStore(store, runtime.codecs);
  assertEquals([log.min, all.records], [65536, 39]);
  for (const { topic, queueId, minOffset, maxOffset, records } of queues) {
    assertEquals(maxOffset - minOffset, records, `${topic}/${queueId}`);
  }
});
