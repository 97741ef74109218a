import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FsError } from "../../../src/ports/fs.ts";
import { PutRefusal } from "../../../src/store/errors.ts";
import { recordAt } from "../../../src/store/records.ts";
import type { Appended, Store } from "../../../src/store/store.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { runtime } from "../../support/runtime.ts";
import { everySeed } from "../../support/seeds.ts";
import { closeAt, message, openAt, openIn, textsOf } from "../../support/store.ts";

const { crc32 } = runtime.codecs;
const FILES = "store/commitlog/";

/** Stores messages whose texts begin with their number, in two queues by turns. */
function put(store: Store, from: number, count: number, size = 3_000): Appended[] {
  const placed = Array.from({ length: count }, (_, i) => {
    const text = `${from + i} ${"x".repeat(size)}`;
    return store.append(message({ text, queueId: (from + i) % 2 }));
  });
  store.commit();
  return placed;
}

/** Appends the log of one store to another, as replication does. */
function copyLog(from: Store, to: Store, start = 0): void {
  for (let at = start; at < from.log.tail;) {
    const bytes = new Uint8Array(from.log.available(at));
    to.appendRaw(at, bytes.subarray(0, from.log.readAt(at, bytes)));
    at += bytes.length;
  }
}

const numbers = (store: Store, queueId: number) =>
  textsOf(store, "T1", queueId).map((text) => Number(text.split(" ")[0]));

const dispatched = (store: Store) => store.dispatch.reached(store.log.tail);

for (
  const { name, at, files } of [
    { name: "within the last file", at: 45, files: 3 },
    { name: "within an earlier file", at: 10, files: 1 },
    { name: "at a file's first record", at: 21, files: 1 },
    { name: "at the first record", at: 0, files: 1 },
    { name: "at the end", at: 50, files: 3 },
  ]
) {
  test(`cut() takes back log, queues and numbers: ${name}`, async () => {
    const fs = new MemFs();
    await using store = await openIn(fs);
    const placed = put(store, 0, 50);
    await dispatched(store);
    const end = placed[at]?.logOffset ?? store.log.tail;
    await store.cut(end);
    const numbered = Array.from({ length: at }, (_, i) => i);
    assertEquals(store.log.tail, end);
    assertEquals(store.dispatch.position, end);
    assertEquals([0, 1].flatMap((id) => numbers(store, id)).sort((a, b) => a - b), numbered);
    assertEquals(store.nextQueueOffset("T1", 0), Math.ceil(at / 2));
    assertEquals(recordAt(store.log, end), undefined);
    assertEquals(fs.paths(FILES).length, files);
    const again = put(store, 100, 30, 2_000);
    assertEquals(again[0].queueOffset, Math.ceil(at / 2));
    await dispatched(store);
    assertEquals(numbers(store, 0).length + numbers(store, 1).length, at + 30);
  });
}

test("cut() zeroes the rest of the file, and a clean restart finds the same", async () => {
  const fs = new MemFs();
  let end = 0;
  {
    await using store = await openIn(fs, { queueFileBytes: 100 });
    end = put(store, 0, 50)[30].logOffset;
    await dispatched(store);
    await store.cut(end);
    const file = fs.bytes(fs.paths(FILES).at(-1)!);
    assertEquals(file.subarray(end % 65536).every((byte) => byte === 0), true);
    assertEquals(file.length, 65536);
  }
  await using store = await openIn(fs, { queueFileBytes: 100 });
  assertEquals([store.log.tail, store.recovered, store.born], [end, false, end]);
  assertEquals([numbers(store, 0).at(-1), numbers(store, 1).at(-1)], [28, 29]);
});

test("cut() forgets entries that were in memory only, and queues that had no others", async () => {
  const clock = new VirtualClock();
  const store = await openAt(clock, new MemFs());
  const [first] = put(store, 0, 3);
  store.append(message({ topic: "T2", text: "new" }));
  store.commit();
  await clock.settle();
  const cut = store.cut(first.end);
  await clock.settle();
  await cut;
  assertEquals([numbers(store, 0), numbers(store, 1), textsOf(store, "T2", 0)], [[0], [], []]);
  assertEquals(store.nextQueueOffset("T2", 0), 0);
  await closeAt(clock, store);
});

test("cut() tells followers the new end before anything else happens", async () => {
  await using store = await openIn(new MemFs());
  const placed = put(store, 0, 10);
  await dispatched(store);
  const heard: unknown[] = [];
  const stop = store.log.onCut((end) => {
    heard.push(end, store.log.tail, store.log.available(end), store.log.available(end + 1));
  });
  await store.cut(placed[5].logOffset);
  stop();
  await store.cut(placed[3].logOffset);
  assertEquals(heard, [placed[5].logOffset, placed[5].logOffset, 0, -1]);
});

test("nothing is appended while a cut is under way, and everything after it", async () => {
  await using store = await openIn(new MemFs());
  const placed = put(store, 0, 50);
  await dispatched(store);
  const cut = store.cut(placed[5].logOffset);
  while (store.log.tail > placed[5].logOffset) await undefined;
  assertThrows(() => store.appendRaw(store.log.tail, new Uint8Array(10)), PutRefusal, "being cut");
  await cut;
  put(store, 5, 3);
});

test("who waits for dispatch behind a cut hears of it; who waits before it does not", async () => {
  await using store = await openIn(new MemFs());
  const placed = put(store, 0, 10);
  await dispatched(store);
  const later = store.log.tail + 10_000;
  const never = assertRejects(() => store.dispatch.reached(later), Error, "the log was cut at");
  await store.cut(placed[5].logOffset);
  await never;
  const next = store.dispatch.reached(placed[5].end);
  put(store, 5, 1);
  await next;
});

test("dispatch goes on behind a cut that takes away what it could not read", async () => {
  const fs = new MemFs();
  await using store = await openIn(fs);
  const placed = put(store, 0, 3);
  await dispatched(store);
  store.appendRaw(store.log.tail, new Uint8Array(100).fill(7));
  await assertRejects(() => store.dispatch.reached(store.log.tail));
  await store.cut(placed[2].logOffset);
  put(store, 2, 2);
  await dispatched(store);
  assertEquals([numbers(store, 0), numbers(store, 1)], [[0, 2], [1, 3]]);
});

test("what comes after a cut is not taken for safe by an older checkpoint", async () => {
  const clock = new VirtualClock();
  const other = await openAt(clock, new MemFs());
  put(other, 0, 60);
  const fs = new MemFs();
  const store = await openAt(clock, fs);
  for (let i = 0; i < 5; i++) {
    put(store, 10 * i, 10);
    await clock.advance(10_000);
  }
  const cut = store.cut(0);
  await clock.settle();
  await cut;
  copyLog(other, store); // stored when ours was
  fs.bytes(fs.paths(FILES)[0])[40_000] ^= 1; // as a power cut may leave it
  fs.kill();
  store.dispatch.close();
  const again = await openAt(clock, fs);
  assertEquals(again.log.tail < 40_000, true, "the damage is found");
  await closeAt(clock, again);
  await closeAt(clock, other);
});

test("after a cut and a clean stop a power cut changes nothing", () =>
  everySeed(10, async (random) => {
    const fs = new MemFs();
    const clock = new VirtualClock();
    const store = await openAt(clock, fs, { queueFileBytes: 100 });
    const placed = put(store, 0, 30);
    await clock.advance(11_000); // a checkpoint
    const cut = store.cut(random.pick(placed).logOffset);
    await clock.settle();
    await cut;
    await closeAt(clock, store);
    const paths = () => fs.paths("store").filter((path) => !path.endsWith("/lock"));
    const files = () => new Map(paths().map((path) => [path, crc32(fs.bytes(path))]));
    const before = files();
    fs.powerCut(random);
    assertEquals(files(), before);
  }));

test("cut() of what no queue knows yet leaves the numbers right", async () => {
  await using store = await openIn(new MemFs());
  const placed = put(store, 0, 10);
  await store.cut(placed[6].logOffset);
  assertEquals([store.nextQueueOffset("T1", 0), numbers(store, 0)], [3, [0, 2, 4]]);
});

test("cut() leaves nothing of a queue that this store joined late", async () => {
  await using other = await openIn(new MemFs());
  for (let i = 0; i < 12; i++) put(other, i, 1, 40_000); // one a file
  const fs = new MemFs();
  await using store = await openIn(fs, { queueFileBytes: 100 });
  copyLog(other, store, 10 * 65536);
  await dispatched(store);
  const queue = store.queues.get("T1", 0)!;
  assertEquals([queue.minOffset, queue.maxOffset], [5, 6]);
  await store.cut(10 * 65536);
  assertEquals([queue.minOffset, queue.maxOffset, store.log.tail], [5, 5, 655360]);
});

test("reset() empties the store, and the log may begin at any file", async () => {
  const fs = new MemFs();
  await using store = await openIn(fs);
  put(store, 0, 50);
  await dispatched(store);
  await store.reset();
  assertEquals([store.log.minOffset, store.log.tail, store.dispatch.position, store.born], [
    0,
    0,
    0,
    0,
  ]);
  assertEquals([fs.paths(FILES), fs.paths("store/consumequeue")], [[], []]);
  assertEquals([...store.queues.all()], []);
  assertEquals(store.nextQueueOffset("T1", 0), 0);
  store.appendRaw(131072, new Uint8Array(10));
  assertEquals([store.log.minOffset, store.log.tail], [131072, 131082]);
});

for (
  const { broken, operation, left } of [
    { broken: "consumequeue", operation: "truncate", left: [[0, 2, 4], [1, 3]] },
    { broken: "commitlog", operation: "sync", left: [[0, 2, 4], [1, 3]] },
    { broken: "commitlog", operation: "truncate", left: [[0, 2, 4], [1, 3]] },
  ]
) {
  test(`a disk that fails ${operation} of ${broken} in a cut: that is said, the next start recovers`, async () => {
    const fs = new MemFs();
    {
      await using store = await openIn(fs);
      put(store, 0, 5);
    }
    {
      await using store = await openIn(fs);
      const [first] = put(store, 5, 5);
      await dispatched(store);
      for (const queue of store.queues.all()) queue.write();
      fs.fault = (attempted, path) =>
        operation === attempted && path.includes(broken)
          ? { error: new FsError("other", "the disk is broken") }
          : undefined;
      await assertRejects(() => store.cut(first.logOffset), FsError, "the disk is broken");
      fs.fault = undefined;
      assertThrows(
        () => put(store, 5, 1),
        PutRefusal,
        "the log could not be cut: the disk is broken",
      );
      assertEquals(store.log.tail, first.logOffset);
    }
    await using store = await openIn(fs);
    assertEquals(store.recovered, true);
    assertEquals([numbers(store, 0), numbers(store, 1)], left);
  });
}
