import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { hexOf, viewOf } from "../../../src/base/bytes.ts";
import { CorruptLogError } from "../../../src/base/errors.ts";
import { FsError } from "../../../src/ports/fs.ts";
import { ConsumeQueue } from "../../../src/store/consume_queue.ts";
import { Handles } from "../../../src/store/handles.ts";
import { ENTRY_BYTES, entryLogOffset } from "../../../src/store/queue_entry.ts";
import { Segments } from "../../../src/store/segments.ts";
import { test } from "../../harness.ts";
import { MemFs } from "../../support/mem_fs.ts";

const FILE_BYTES = 200; // 10 entries
const FILL = "0000000000000000" + "7fffffff" + "0000000000000000";

function queueIn(fs: MemFs, crashed = false, fileBytes = FILE_BYTES): ConsumeQueue {
  const segments = new Segments(fs.dir("q"), fileBytes, new Handles(2), "a key");
  const queue = new ConsumeQueue("T1", 0, segments, () => {});
  queue.load(crashed, false);
  return queue;
}

/** Adds the entries `from` up to `to`; the record of entry n lies at 1000 * (n + 1). */
function fill(queue: ConsumeQueue, from: number, to: number): void {
  for (let n = from; n < to; n++) queue.put(n, 1000 * (n + 1), 100, n);
}

/** Log offsets of the entries from `from` on. */
function offsetsOf(queue: ConsumeQueue, from: number, count = 100): number[] {
  const bytes = new Uint8Array(count * ENTRY_BYTES);
  const length = queue.read(from, bytes);
  const offsets: number[] = [];
  for (let at = 0; at < length; at += ENTRY_BYTES) offsets.push(entryLogOffset(viewOf(bytes), at));
  return offsets;
}

test("entries can be read at once, from memory, from files, and across both", () => {
  const fs = new MemFs();
  const queue = queueIn(fs);
  fill(queue, 0, 25);
  assertEquals(fs.paths(), []);
  queue.write();
  fill(queue, 25, 33);
  assertEquals([queue.minOffset, queue.maxOffset], [0, 33]);
  const all = Array.from({ length: 33 }, (_, n) => 1000 * (n + 1));
  assertEquals(offsetsOf(queue, 0), all);
  assertEquals(offsetsOf(queue, 5, 10), all.slice(5, 15));
  assertEquals(offsetsOf(queue, 24, 3), all.slice(24, 27));
  assertEquals(offsetsOf(queue, 32), all.slice(32));
  assertEquals(offsetsOf(queue, 33), []);
});

test("files have their full size and entries their layout", () => {
  const fs = new MemFs();
  const queue = queueIn(fs);
  fill(queue, 0, 10);
  queue.put(10, 0x123456789a, 0x55, -2);
  queue.write();
  assertEquals(fs.paths(), ["q/00000000000000000000", "q/00000000000000000200"]);
  assertEquals(fs.bytes("q/00000000000000000200").length, FILE_BYTES);
  assertEquals(
    hexOf(fs.bytes("q/00000000000000000200").subarray(0, 20)),
    "000000123456789a" + "00000055" + "fffffffffffffffe",
  );
});

test("a queue goes on where its files end", () => {
  for (const count of [1, 9, 10, 11, 25]) {
    const fs = new MemFs();
    const queue = queueIn(fs);
    fill(queue, 0, count);
    queue.write();
    const again = queueIn(fs);
    assertEquals([again.maxOffset, again.logEnd], [count, 1000 * count + 100]);
    fill(again, count, count + 3);
    assertEquals(offsetsOf(again, count), [1, 2, 3].map((n) => 1000 * (count + n)));
  }
});

test("an entry that is there already is left alone, however often it comes", () => {
  const queue = queueIn(new MemFs());
  fill(queue, 0, 5);
  fill(queue, 0, 5);
  assertEquals(queue.put(2, 3000, 100, 0), false);
  assertEquals(queue.put(2, 9000, 100, 0), false, "an earlier place in the queue");
  fill(queue, 3, 7);
  assertEquals(queue.maxOffset, 7);
});

test("a queue joined late begins in the file of its first entry, filled up to it", () => {
  const fs = new MemFs();
  const queue = queueIn(fs);
  fill(queue, 23, 25);
  queue.write();
  assertEquals([queue.minOffset, queue.maxOffset], [23, 25]);
  assertEquals(fs.paths(), ["q/00000000000000000400"]);
  assertEquals(
    hexOf(fs.bytes("q/00000000000000000400")),
    FILL.repeat(3) +
      "0000000000005dc0" + "00000064" + "0000000000000017" +
      "00000000000061a8" + "00000064" + "0000000000000018" + "00".repeat(100),
  );
  const again = queueIn(fs);
  again.correctMin(0);
  assertEquals([again.minOffset, again.maxOffset], [23, 25]);
});

test("a gap is filled, damage is not", () => {
  const queue = queueIn(new MemFs());
  fill(queue, 0, 2);
  fill(queue, 15, 16);
  assertEquals(queue.maxOffset, 16);
  assertEquals(offsetsOf(queue, 0), [1000, 2000, ...Array(13).fill(0), 16000]);
  assertThrows(() => queue.put(5_000_000, 99_000, 100, 0), CorruptLogError, "cannot follow");
});

test("correctMin() finds the first entry whose message is still in the log", () => {
  const fs = new MemFs();
  const queue = queueIn(fs);
  fill(queue, 0, 25);
  for (
    const { logMin, min } of [{ logMin: 0, min: 0 }, { logMin: 12_001, min: 12 }, {
      logMin: 26_000,
      min: 25,
    }]
  ) {
    queue.correctMin(logMin);
    assertEquals(queue.minOffset, min);
  }
});

test("cutFrom() drops entries of later records, in memory of the files too", () => {
  for (
    const { logOffset, left } of [
      { logOffset: 0, left: 0 },
      { logOffset: 1000, left: 0 },
      { logOffset: 1001, left: 1 },
      { logOffset: 10_500, left: 10 },
      { logOffset: 13_000, left: 12 },
      { logOffset: 99_000, left: 25 },
    ]
  ) {
    const fs = new MemFs();
    const before = queueIn(fs);
    fill(before, 0, 25);
    before.write();
    const queue = queueIn(fs, true);
    queue.cutFrom(logOffset);
    assertEquals(queue.maxOffset, left);
    assertEquals(queue.logEnd, left === 0 ? 0 : 1000 * left + 100);
    assertEquals(queueIn(fs).maxOffset, left);
    fill(queue, left, left + 1);
    assertEquals(offsetsOf(queue, left), [1000 * (left + 1)]);
  }
});

test("a file that loses all its entries keeps its block, and a crash on the way leaves what can be opened", () => {
  for (const operation of ["truncate", "write"] as const) {
    for (let nth = 1; nth <= 2; nth++) {
      const fs = new MemFs();
      const queue = queueIn(fs);
      fill(queue, 0, 7);
      queue.write();
      const before = fs.counts[operation];
      fs.fault = (kind, _path, count) =>
        kind === operation && count === before + nth
          ? { error: new FsError("other", "EIO") }
          : undefined;
      try {
        queue.cutFrom(0);
      } catch (error) {
        assert(error instanceof FsError);
      }
      assertGreater(fs.bytes("q/00000000000000000000").length, 0, "the block was freed");
      fs.kill();
      const again = queueIn(fs, true);
      again.cutFrom(0);
      assertEquals([again.minOffset, again.maxOffset], [0, 0]);
      assertEquals(fs.bytes("q/00000000000000000000").length, FILE_BYTES);
      assertEquals(queueIn(fs, true).maxOffset, 0);
    }
  }
});

test("a queue without entries keeps no file, in which Java would see one", async () => {
  const fs = new MemFs();
  const queue = queueIn(fs);
  fill(queue, 0, 12);
  queue.write();
  queue.cutFrom(0);
  assertEquals(fs.paths(), ["q/00000000000000000000"]);
  const left = queueIn(fs); // by a process that ended here
  for (const one of [queue, left]) {
    await one.sync();
    assertEquals([fs.paths(), one.minOffset, one.maxOffset], [[], 0, 0]);
    fill(one, 0, 3);
    await one.sync();
    assertEquals([offsetsOf(one, 0), queueIn(fs).maxOffset], [[1000, 2000, 3000], 3]);
    one.cutFrom(0);
  }
});

test("the end of a file is found wherever it is", () => {
  for (
    const [fileBytes, counts] of [[FILE_BYTES, [1, 9, 10]], [10_000, [
      1,
      203,
      204,
      205,
      499,
    ]]] as const
  ) {
    for (const count of counts) {
      const fs = new MemFs();
      const queue = queueIn(fs, false, fileBytes);
      fill(queue, 0, count);
      queue.write();
      assertEquals(queueIn(fs, false, fileBytes).maxOffset, count);
    }
  }
});

test("entries stay in memory while the disk is full, up to a bound, and are written later", () => {
  const fs = new MemFs();
  const queue = queueIn(fs);
  fill(queue, 0, 5);
  queue.write();
  fs.freeBytes = 30;
  fill(queue, 5, 1000);
  assertThrows(() => queue.write(), FsError, "disk is full");
  assertEquals(offsetsOf(queue, 0, 1000), Array.from({ length: 1000 }, (_, n) => 1000 * (n + 1)));
  const full = assertThrows(() => fill(queue, 1000, 100_000), FsError);
  assertEquals(full.code, "full");
  fs.freeBytes = Infinity;
  const { maxOffset } = queue;
  fill(queue, maxOffset, maxOffset + 10);
  queue.write();
  assertEquals(queueIn(fs).maxOffset, maxOffset + 10);
});

test("no more files are open than allowed", () => {
  const fs = new MemFs();
  const queue = queueIn(fs);
  fill(queue, 0, 100);
  queue.write();
  for (let n = 0; n < 100; n += 7) assertEquals(offsetsOf(queue, n, 1), [1000 * (n + 1)]);
  assert(fs.open <= 2, `${fs.open} files are open`);
});
