import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FsError } from "../../../src/ports/fs.ts";
import { PutRefusal, StoreRefusal } from "../../../src/store/errors.ts";
import type { Store } from "../../../src/store/store.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { closeAt, message, openAt, openIn, textsOf } from "../../support/store.ts";

const FIRST = "store/commitlog/00000000000000000000";
const SECOND = "store/commitlog/00000000000000065536";

/** A store that was killed with as many messages. */
async function killed(count: number): Promise<MemFs> {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const store = await openAt(clock, fs);
  put(store, count);
  fs.kill();
  store.dispatch.close();
  return fs;
}

function put(store: Store, count: number): void {
  for (let i = 0; i < count; i++) store.append(message({ text: String(i).padEnd(1_000) }));
  store.commit();
}

for (
  const { name, path, kept } of [
    { name: "the only one", path: FIRST, kept: 3 },
    { name: "one behind others", path: SECOND, kept: 59 + 3 },
  ]
) {
  test(`a file that a power cut left short, without what was in it, ends the log: ${name}`, async () => {
    const fs = await killed(path === FIRST ? 10 : 80);
    fs.put(path, fs.bytes(path).slice(0, 7_001).fill(0, 4_000));
    await using store = await openIn(fs);
    assertEquals(textsOf(store, "T1", 0).length, kept);
    assertEquals(fs.bytes(path).length, 65536);
  });
}

test("a file of a round size that is alone was written with files of that size", async () => {
  const fs = await killed(10);
  fs.put(FIRST, fs.bytes(FIRST).slice(0, 32_768));
  const error = await assertRejects(() => openIn(fs), StoreRefusal);
  assert(error.message.includes("set mappedFileSizeCommitLog = 32768"), error.message);
});

test("what a failed write left is taken back also when nobody comes who would store something", async () => {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const store = await openAt(clock, fs);
  put(store, 1);
  const broken = { error: new FsError("other", "EIO"), keep: 3_000 };
  fs.fault = (operation) => operation === "write" || operation === "truncate" ? broken : undefined;
  assertThrows(() => put(store, 2), PutRefusal);
  fs.fault = undefined;
  await clock.advance(1_000);
  fs.kill();
  store.dispatch.close();
  const next = await openAt(clock, fs);
  assertEquals(textsOf(next, "T1", 0).length, 1);
  fs.fault = (operation) => operation === "write" || operation === "truncate" ? broken : undefined;
  assertThrows(() => put(next, 2), PutRefusal);
  fs.fault = undefined;
  await closeAt(clock, next);
  const last = await openAt(clock, fs);
  assertEquals([textsOf(last, "T1", 0).length, last.recovered], [1, false]);
  await closeAt(clock, last);
});

test("a start on a full disk serves what is there, and stores when there is room", async () => {
  const fs = await killed(10);
  fs.dir("store").remove("abort");
  fs.freeBytes = 0;
  const clock = new VirtualClock();
  const store = await openAt(clock, fs);
  assertEquals(textsOf(store, "T1", 0).length, 10);
  assertThrows(() => put(store, 1), PutRefusal);
  fs.freeBytes = Infinity;
  put(store, 1);
  await clock.settle();
  assertEquals(textsOf(store, "T1", 0).length, 11);
  await closeAt(clock, store);
});
