import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { hexOf, viewOf } from "../../../src/base/bytes.ts";
import { FsError } from "../../../src/ports/fs.ts";
import { PutRefusal } from "../../../src/store/errors.ts";
import type { Store } from "../../../src/store/store.ts";
import { test } from "../../harness.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { Lines, message, openIn, textsOf } from "../../support/store.ts";

const FILES = "store/commitlog/";
const FIRST = `${FILES}00000000000000000000`;
const SECOND = `${FILES}00000000000000065536`;

/** A message whose record has that size. */
const sized = (size: number) => message({ body: new Uint8Array(size - 91 - 2) });

test("a record goes into a file only if 8 bytes are left behind it", async () => {
  for (const { left, second } of [{ left: 8, second: 60_000 }, { left: 7, second: 65536 }]) {
    const fs = new MemFs();
    await using store = await openIn(fs);
    store.append(sized(60_000));
    assertEquals(store.append(sized(5536 - left)).logOffset, second);
    store.commit();
  }
});

test("the rest of a file becomes filler that names its size, and zeros", async () => {
  const fs = new MemFs();
  await using store = await openIn(fs);
  store.append(sized(60_000));
  const next = store.append(sized(6_000));
  store.append(sized(500));
  store.commit();
  assertEquals(next.logOffset, 65536);
  assertEquals(
    hexOf(fs.bytes(FIRST).subarray(60_000, 60_012)),
    "000015a0" + "cbd43194" + "00000000",
  );
  const record = viewOf(fs.bytes(SECOND));
  assertEquals([record.getInt32(0), record.getInt32(32)], [6_000, 65536]);
  await store.dispatch.reached(store.log.tail);
  assertEquals(textsOf(store, "T1", 0).length, 3);
});

test("several files may begin within one commit", async () => {
  const fs = new MemFs();
  await using store = await openIn(fs);
  const offsets = [1, 2, 3, 4].map(() => store.append(sized(40_000)).logOffset);
  store.commit();
  assertEquals(offsets, [0, 65536, 131072, 196608]);
  assertEquals(fs.paths(FILES).length, 4);
  await store.dispatch.reached(store.log.tail);
  assertEquals(store.queues.get("T1", 0)?.maxOffset, 4);
});

test("readAt() and available() end at the tail and at a file's end", async () => {
  await using store = await openIn(new MemFs());
  const { log } = store;
  assertEquals([log.available(0), log.available(1), log.available(-1)], [0, -1, -1]);
  store.append(sized(60_000));
  store.append(sized(6_000));
  store.commit();
  const places = [0, 65_000, 65_536, 71_535, 71_536, 71_537, -5];
  assertEquals(places.map((at) => log.available(at)), [65_536, 536, 6_000, 1, 0, -1, -1]);
  const into = new Uint8Array(1000);
  assertEquals(places.map((at) => log.readAt(at, into)), [1000, 536, 1000, 1, 0, 0, 0]);
});

test("onMoved() tells of each commit at once, until it is stopped", async () => {
  await using store = await openIn(new MemFs());
  const tails: number[] = [];
  const stop = store.log.onMoved((tail) => tails.push(tail));
  store.append(sized(100));
  store.append(sized(100));
  store.commit();
  store.commit(); // nothing staged
  store.append(sized(100));
  store.commit();
  stop();
  store.append(sized(100));
  store.commit();
  assertEquals(tails, [200, 300]);
});

/** Commits two messages with a broken disk between good ones. */
async function failingCommit(
  fs: MemFs,
  store: Store,
  sizes: number[],
): Promise<{ refusal: PutRefusal; tail: number }> {
  store.append(message({ text: "before" }));
  store.commit();
  const { tail } = store.log;
  for (const size of sizes) store.append(sized(size));
  const refusal = assertThrows(() => store.commit(), PutRefusal);
  fs.fault = undefined;
  fs.freeBytes = Infinity;
  assertEquals([refusal.status, store.log.tail, store.nextQueueOffset("T1", 0)], [
    "unavailable",
    tail,
    1,
  ]);
  assertEquals(store.append(message({ text: "after" })).queueOffset, 1);
  store.commit();
  await store.dispatch.reached(store.log.tail);
  assertEquals(textsOf(store, "T1", 0), ["before", "after"]);
  return { refusal, tail };
}

test("a write that fails takes back all that was staged, and the next one works", async () => {
  for (const keep of [0, 1, 8, 100, 150]) {
    const fs = new MemFs();
    await using store = await openIn(fs);
    let writes = 0;
    fs.fault = (kind, path) => {
      if (kind !== "write" || !path.includes("commitlog") || ++writes === 1) return undefined;
      return { error: new FsError("other", "the disk is on fire"), keep };
    };
    const { refusal } = await failingCommit(fs, store, [100, 100]);
    assertEquals(
      refusal.message,
      "the log cannot be written: the disk is on fire: look at that disk, it is tried again with each message",
    );
    assertEquals(fs.bytes(FIRST).subarray(store.log.tail).some((byte) => byte !== 0), false);
  }
});

test("a full disk refuses with its reason and leaves no half record", async () => {
  const fs = new MemFs();
  await using store = await openIn(fs);
  fs.freeBytes = 150;
  const { refusal } = await failingCommit(fs, store, [200]);
  assertEquals(
    refusal.message,
    "the log cannot be written: cannot write /store/commitlog/00000000000000000000: disk is full: " +
      "make room on that disk, it is tried again with each message",
  );
});

test("a disk that refuses writes is told once, and once that it takes them again", async () => {
  const fs = new MemFs();
  const log = new Lines();
  await using store = await openIn(fs, {}, log);
  const put = () => {
    store.append(sized(200));
    store.commit();
  };
  put();
  for (const [free, puts] of [[100, 3], [Infinity, 2], [0, 1]]) {
    fs.freeBytes = free;
    for (let i = 0; i < puts; i++) {
      if (free === Infinity) put();
      else assertThrows(put, PutRefusal, "disk is full");
    }
  }
  const told = log.lines.map((line) => line.replace(/ \{.*disk is full.*\}/, " FULL"));
  assertEquals(told, ["error nothing is stored FULL", "info the log is written again {}", told[0]]);
});

test("a next file that cannot be made takes the commit back from both files", async () => {
  const fs = new MemFs();
  await using store = await openIn(fs);
  fs.fault = (kind, path) =>
    kind === "open" && path.endsWith("65536")
      ? { error: new FsError("other", "too many files") }
      : undefined;
  await failingCommit(fs, store, [60_000, 20_000]);
  assertEquals(fs.paths(FILES), [FIRST]);
});

test("nothing is taken while a failed write cannot be taken back, which is said once", async () => {
  const fs = new MemFs();
  const log = new Lines();
  await using store = await openIn(fs, {}, log);
  store.append(sized(100));
  store.commit();
  const broken = { error: new FsError("other", "read-only"), keep: 50 };
  fs.fault = (kind) =>
    kind === "write" || kind === "truncate"
      ? { ...broken, keep: kind === "write" ? 50 : undefined }
      : undefined;
  store.append(sized(100));
  assertThrows(() => store.commit(), PutRefusal, "read-only");
  fs.fault = (kind) => kind === "truncate" ? { error: broken.error } : undefined;
  for (let i = 0; i < 3; i++) {
    assertThrows(() => store.append(sized(100)), PutRefusal, "taken back: read-only");
  }
  assertEquals(log.lines.filter((line) => line.includes("take back")).length, 1);
  fs.fault = undefined;
  assertEquals(store.append(sized(100)).queueOffset, 1);
  store.commit();
});

test("takeBack() forgets what is staged", async () => {
  await using store = await openIn(new MemFs());
  store.append(sized(60_000));
  store.append(sized(10_000));
  store.append(message({ topic: "T2" }));
  store.takeBack();
  store.commit();
  assertEquals([store.log.tail, store.nextQueueOffset("T1", 0)], [0, 0]);
  assertEquals(store.append(message({ topic: "T2" })), {
    ...store.append(message({ topic: "T2" })),
    queueOffset: 0,
    logOffset: 0,
    end: 98,
  });
});

test("appendRaw() takes bytes at the tail only, within one file", async () => {
  await using store = await openIn(new MemFs());
  const bytes = new Uint8Array(100).fill(1);
  assertThrows(() => store.appendRaw(100, bytes), Error, "do not continue");
  store.appendRaw(5 * 65536, bytes); // an empty log begins with any file
  assertEquals([store.log.minOffset, store.log.tail], [5 * 65536, 5 * 65536 + 100]);
  assertThrows(() => store.appendRaw(5 * 65536, bytes), Error, "do not continue");
  assertThrows(() => store.appendRaw(5 * 65536 + 100, new Uint8Array(65_437)), Error, "one file");
  store.appendRaw(5 * 65536 + 100, new Uint8Array(65_436));
  store.appendRaw(6 * 65536, bytes);
  assertEquals(store.log.tail, 6 * 65536 + 100);
  await store.flush.reached(store.log.tail);
  assertEquals(store.log.durable, store.log.tail);
});

test("appendRaw() that fails leaves the log as it was", async () => {
  const fs = new MemFs();
  await using store = await openIn(fs);
  store.appendRaw(0, new Uint8Array(100).fill(1));
  fs.fault = (kind) =>
    kind === "write" ? { error: new FsError("full", "full"), keep: 7 } : undefined;
  assertThrows(() => store.appendRaw(100, new Uint8Array(100).fill(2)), PutRefusal, "full");
  fs.fault = undefined;
  assertEquals(store.log.tail, 100);
  assertEquals(fs.bytes(FIRST)[100], 0);
  store.appendRaw(100, new Uint8Array(10).fill(3));
});

test("a log whose first files have gone and whose rest is taken back goes on where it was", async () => {
  const fs = new MemFs();
  const store = await openIn(fs);
  for (let i = 0; i < 3; i++) store.append(sized(60_000));
  store.commit();
  await store.flush.reached(store.log.tail);
  await store.log.removeOldest();
  fs.fault = (kind) => kind === "truncate" ? { error: new FsError("other", "broken") } : undefined;
  await assertRejects(() => store.cut(65536), FsError, "broken");
  fs.fault = undefined;
  assertEquals(store.log.mend(), true);
  assertEquals(fs.paths(FILES), [SECOND]);
  await store.close();
  await using again = await openIn(fs);
  assertEquals([again.log.minOffset, again.log.tail], [65536, 65536]);
});

test("an empty log whose first write fails may begin with any file", async () => {
  const fs = new MemFs();
  await using store = await openIn(fs);
  fs.fault = (kind) => kind === "write" ? { error: new FsError("full", "full") } : undefined;
  assertThrows(() => store.appendRaw(5 * 65536, new Uint8Array(9)), PutRefusal, "full");
  fs.fault = undefined;
  assertEquals(fs.paths(FILES), []);
  store.appendRaw(7 * 65536, new Uint8Array(9));
  assertEquals(store.log.tail, 7 * 65536 + 9);
});
