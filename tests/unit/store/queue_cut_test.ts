import { assertEquals } from "@std/assert";
import { ConsumeQueue } from "../../../src/store/consume_queue.ts";
import { Handles } from "../../../src/store/handles.ts";
import { ENTRY_BYTES } from "../../../src/store/queue_entry.ts";
import { Segments } from "../../../src/store/segments.ts";
import { test } from "../../harness.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { tornAt } from "../../support/mem_fs/power.ts";

const FILE = "q/00000000000000000000";

function queueIn(fs: MemFs, entries: number, crashed = true): ConsumeQueue {
  const segments = new Segments(fs.dir("q"), entries * ENTRY_BYTES, new Handles(2), "a key");
  const queue = new ConsumeQueue("T1", 0, segments, () => {});
  queue.load(crashed, false);
  return queue;
}

/** A file of entries whose records lie at 1000, 2000, and so on. */
function filled(entries: number, count: number): MemFs {
  const fs = new MemFs();
  const queue = queueIn(fs, entries, false);
  for (let n = 0; n < count; n++) queue.put(n, 1000 * (n + 1), 100, n);
  queue.write();
  return fs;
}

test("an entry that lost half its log offset with the page before is no older one", () => {
  const fs = filled(204, 204);
  fs.bytes(FILE).fill(0, 60 * ENTRY_BYTES, 2048); // entry 102 lies across the pages, and is looked at first
  const queue = queueIn(fs, 204);
  queue.cutFrom(61_000);
  assertEquals(queue.maxOffset, 60);
  assertEquals(queue.put(60, 61_000, 100, 0), true);
});

test("a first entry whose removal was torn anywhere is gone, or what it was", () => {
  for (let bytes = 0; bytes <= ENTRY_BYTES; bytes++) {
    const fs = filled(10, 1);
    for (const path of fs.paths()) fs.put(path, fs.bytes(path)); // and safe
    queueIn(fs, 10).cutFrom(500);
    fs.crash((names) => names, tornAt(bytes));
    const queue = queueIn(fs, 10);
    queue.cutFrom(500);
    assertEquals(queue.maxOffset, 0, `torn at ${bytes}`);
  }
});
