import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type Dir, FsError } from "../../../src/ports/fs.ts";
import { FlushError, PutRefusal } from "../../../src/store/errors.ts";
import type { StoreOptions } from "../../../src/store/options.ts";
import type { Store } from "../../../src/store/store.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { closeAt, Lines, message, openAt } from "../../support/store.ts";

/** A store on a clock that stands still, and a count of the syncs of its log. */
async function withStore(
  options: Partial<StoreOptions>,
  body: (parts: { fs: MemFs; store: Store; clock: VirtualClock; lines: Lines }) => Promise<void>,
): Promise<void> {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const lines = new Lines();
  const store = await openAt(clock, fs, options, lines);
  try {
    await body({ fs, store, clock, lines });
  } finally {
    await closeAt(clock, store);
    assertEquals(clock.waiting, 0);
  }
}

const append = (store: Store, bytes = 100): number => {
  const { end } = store.append(message({ body: new Uint8Array(bytes) }));
  store.commit();
  return end;
};

test("reached() makes safe what is asked for", () =>
  withStore({ flush: "sync" }, async ({ store, clock }) => {
    const end = append(store);
    assertEquals(store.flush.durable, 0);
    const reached = store.flush.reached(end);
    await clock.settle();
    await reached;
    assertEquals(store.flush.durable, end);
    await store.flush.reached(end); // at once
  }));

test("patiently() does not wait for what was never written", () =>
  withStore({}, async ({ store }) => {
    const end = append(store);
    await assertRejects(() => store.flush.patiently(end + 1), Error, "was not written");
  }));

test("all who wait for one sync share it, and those who come during it share the next", () =>
  withStore({ flush: "sync" }, async ({ fs, store, clock }) => {
    const before = fs.counts.sync;
    const first = store.flush.reached(append(store));
    const ends = [append(store), append(store), append(store)];
    const next = ends.map((end) => store.flush.reached(end));
    assert(next[0] === next[1] && next[1] === next[2] && next[0] !== first);
    await clock.settle();
    await Promise.all([first, ...next]);
    assertEquals(fs.counts.sync - before, 3); // the first one syncs the new file's folder, too
  }));

test("a commit that fills files makes all of them safe", () =>
  withStore({ flush: "sync" }, async ({ store, clock }) => {
    let end = 0;
    for (let i = 0; i < 5; i++) end = append(store, 40_000);
    const reached = store.flush.reached(end);
    await clock.settle();
    await reached;
    assertEquals(store.flush.durable, end);
  }));

test("async flush waits for 4 pages, for a full file, or for its longest interval", () =>
  withStore({}, async ({ store, clock }) => {
    const one = append(store);
    await clock.advance(1_000);
    assertEquals(store.flush.durable, 0, "less than 4 pages are dirty");
    const pages = append(store, 4 * 4096);
    await clock.advance(500);
    assertEquals(store.flush.durable, pages);
    assert(one < pages);
    const little = append(store);
    await clock.advance(8_000);
    assertEquals(store.flush.durable, pages);
    await clock.advance(2_500);
    assertEquals(store.flush.durable, little);
    append(store, 47_000);
    await clock.advance(500);
    const roll = append(store, 2_000);
    await clock.advance(500);
    assertEquals(
      store.flush.durable,
      roll,
      "a finished file is flushed however little of it is dirty",
    );
  }));

test("sync flush makes safe within an interval what nobody waits for", () =>
  withStore({ flush: "sync" }, async ({ store, clock }) => {
    const end = append(store);
    await clock.advance(500);
    assertEquals(store.flush.durable, end);
  }));

test("a sync that fails ends everything that needs one, and is not tried again", async () => {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const lines = new Lines();
  const store = await openAt(clock, fs, { flush: "sync" }, lines);
  const end = append(store);
  fs.fault = (kind) => kind === "sync" ? { error: new FsError("other", "EIO") } : undefined;
  const refused = assertRejects(() => store.flush.reached(end), FlushError, "EIO");
  await clock.settle();
  assertEquals((await refused).kind, "failed");
  fs.fault = undefined;
  await assertRejects(() => store.flush.reached(end), FlushError);
  assertEquals(assertThrows(() => store.append(message()), PutRefusal).status, "unavailable");
  assertThrows(() => store.appendRaw(end, new Uint8Array(1)), PutRefusal, "EIO");
  assertEquals(store.log.readAt(0, new Uint8Array(10)), 10, "reads go on");
  assertEquals(store.flush.durable, 0);
  await closeAt(clock, store);
  assert(fs.dir("store").stat("abort"), "the next start recovers");
});

test("reached() says late when the disk takes too long, and the sync goes on", () =>
  withStore({ flush: "sync" }, async ({ fs, store, clock }) => {
    const slow = Promise.withResolvers<void>();
    const file = Object.getPrototypeOf(fs.dir("store").open("lock", "write")) as Dir;
    const { sync } = file;
    file.sync = function (this: Dir): Promise<void> {
      file.sync = sync;
      return slow.promise.then(() => sync.call(this));
    };
    const end = append(store);
    const late = assertRejects(() => store.flush.reached(end), FlushError, "5000 ms");
    await clock.advance(5_000);
    assertEquals((await late).kind, "late");
    const again = store.flush.reached(end);
    slow.resolve();
    await clock.settle();
    await again;
    assertEquals(store.flush.durable, end);
  }));

test("close() and a checkpoint wait for a disk however slow, and the store is closed in order", async () => {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const lines = new Lines();
  const store = await openAt(clock, fs, {}, lines);
  append(store);
  const slow = Promise.withResolvers<void>();
  const file = Object.getPrototypeOf(fs.dir("store").open("lock", "write")) as Dir;
  const { sync } = file;
  file.sync = function (this: Dir): Promise<void> {
    file.sync = sync;
    return slow.promise.then(() => sync.call(this));
  };
  try {
    await clock.advance(60_000); // the checkpoint of the tenth second waits now
    const closed = store.close();
    await clock.advance(60_000);
    slow.resolve();
    await Promise.all([closed, clock.advance(1)]);
  } finally {
    file.sync = sync;
  }
  assertEquals(lines.lines, []);
  assertEquals(fs.dir("store").stat("abort"), undefined, "the next start need not recover");
  assertEquals(clock.waiting, 0);
});
