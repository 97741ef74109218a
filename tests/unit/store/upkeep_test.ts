import { assertEquals } from "@std/assert";
import { hexOf } from "../../../src/base/bytes.ts";
import { FsError } from "../../../src/ports/fs.ts";
import { readCheckpoint, safeTime, writeCheckpoint } from "../../../src/store/checkpoint.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { goldenStore } from "../../support/golden_store.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { closeAt, Lines, message, openAt } from "../../support/store.ts";

const ENTRIES = "store/consumequeue/T1/0/00000000000000000000";

test("queue entries reach their file within a second, the checkpoint within ten", async () => {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const store = await openAt(clock, fs);
  const { storeTimestamp } = store.append(message());
  store.commit();
  await clock.settle();
  assertEquals(fs.paths("store/consumequeue"), []);
  await clock.advance(1_000);
  assertEquals(hexOf(fs.bytes(ENTRIES).subarray(8, 12)), "00000062");
  assertEquals(fs.dir("store").stat("checkpoint"), undefined);
  await clock.advance(9_000);
  const { physicMs, logicsMs } = readCheckpoint(fs.dir("store"));
  assertEquals([physicMs, logicsMs, store.flush.durable], [
    storeTimestamp,
    storeTimestamp,
    store.log.tail,
  ]);
  const { rename } = fs.counts;
  await clock.advance(30_000);
  assertEquals(fs.counts.rename, rename, "nothing new, nothing written");
  await closeAt(clock, store);
  assertEquals(clock.waiting, 0);
});

test("the checkpoint does not move while queues cannot be made safe", async () => {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const lines = new Lines();
  const store = await openAt(clock, fs, {}, lines);
  fs.fault = (kind, path) =>
    kind === "sync" && path.includes("/consumequeue/")
      ? { error: new FsError("other", "EIO") }
      : undefined;
  store.append(message());
  store.commit();
  await clock.advance(10_000);
  assertEquals(fs.dir("store").stat("checkpoint"), undefined);
  assertEquals(lines.lines, ['error cannot write queue entries, they wait {"reason":"EIO"}']);
  fs.fault = undefined;
  await clock.advance(10_000);
  assertEquals(readCheckpoint(fs.dir("store")).physicMs > 0, true);
  await closeAt(clock, store);
});

test("a checkpoint is read as Java wrote it, and written as Java reads it", async () => {
  const fs = goldenStore("master-killed");
  const dir = fs.dir("store");
  const bytes = fs.bytes("store/checkpoint").slice();
  const checkpoint = readCheckpoint(dir);
  assertEquals(checkpoint, {
    physicMs: 0x1a202feb97b,
    logicsMs: 0x1a202feb97b,
    indexMs: 0x1a202feb95f,
  });
  assertEquals(safeTime(checkpoint), 0x1a202feb97b - 3_000);
  await writeCheckpoint(dir, checkpoint);
  assertEquals(fs.bytes("store/checkpoint"), bytes);
});

test("a checkpoint that is missing or cut short bounds nothing", () => {
  const fs = new MemFs();
  assertEquals(safeTime(readCheckpoint(fs.dir("store"))), 0);
  fs.put("store/checkpoint", new Uint8Array(10).fill(1));
  assertEquals(safeTime(readCheckpoint(fs.dir("store"))), 0);
});
