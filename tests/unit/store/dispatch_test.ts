import { assertEquals, assertRejects } from "@std/assert";
import { viewOf } from "../../../src/base/bytes.ts";
import { FsError } from "../../../src/ports/fs.ts";
import { ENTRY_BYTES, entryTagsCode } from "../../../src/store/queue_entry.ts";
import type { Store } from "../../../src/store/store.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { closeAt, Lines, message, openAt, openIn } from "../../support/store.ts";

/** The log of a store that got these messages, and where each record ends. */
async function logOf(...messages: ReturnType<typeof message>[]): Promise<{
  bytes: Uint8Array;
  ends: number[];
}> {
  const fs = new MemFs();
  await using store = await openIn(fs);
  const ends = messages.map((one) => store.append(one).end);
  store.commit();
  const files = fs.paths("store/commitlog").map((path) => fs.bytes(path));
  const bytes = new Uint8Array(files.length * 65536);
  files.forEach((file, i) => bytes.set(file, i * 65536));
  return { bytes: bytes.subarray(0, store.log.tail), ends };
}

function tagsCodesOf(store: Store, topic: string, queueId: number): number[] {
  const queue = store.queues.get(topic, queueId)!;
  const bytes = new Uint8Array(queue.maxOffset * ENTRY_BYTES);
  queue.read(0, bytes);
  return Array.from(
    { length: queue.maxOffset },
    (_, n) => entryTagsCode(viewOf(bytes), n * ENTRY_BYTES),
  );
}

test("entries carry the hash of the tag, sign included", async () => {
  await using store = await openIn(new MemFs());
  for (
    const properties of ["TAGS\x01TagA", "KEYS\x01k\x02TAGS\x01TagB\x02", "", "TAGS\x01zzzzzzzz"]
  ) {
    store.append(message({ properties }));
  }
  store.commit();
  await store.dispatch.reached(store.log.tail);
  assertEquals(tagsCodesOf(store, "T1", 0), [2598919, 2598920, 0, hashOfZ()]);
});

/** String.hashCode of eight z, which is negative. */
function hashOfZ(): number {
  let hash = 0;
  for (let i = 0; i < 8; i++) hash = (Math.imul(31, hash) + 0x7a) | 0;
  return hash;
}

test("entries of delayed messages carry the time they are due", async () => {
  const clock = new VirtualClock();
  const store = await openAt(clock, new MemFs());
  for (
    const properties of [
      "DELAY\x011",
      "TAGS\x01TagA\x02DELAY\x0118",
      "DELAY\x0199",
      "DELAY\x010",
      "",
    ]
  ) {
    store.append(message({ topic: "SCHEDULE_TOPIC_XXXX", properties }));
  }
  store.commit();
  const now = clock.now();
  await clock.settle();
  assertEquals(tagsCodesOf(store, "SCHEDULE_TOPIC_XXXX", 0), [
    now + 1_000,
    now + 7_200_000,
    now + 7_200_000, // a level the table does not have is its last
    0,
    0,
  ]);
  await closeAt(clock, store);
});

test("arrivals are told once a queue, after the entries can be read", async () => {
  const clock = new VirtualClock();
  const store = await openAt(clock, new MemFs());
  const arrivals: string[] = [];
  const stop = store.dispatch.onArrival(({ topic, maxOffset }) =>
    arrivals.push(`${topic} ${maxOffset}`)
  );
  for (const topic of ["A", "B", "A", "A"]) store.append(message({ topic }));
  store.commit();
  assertEquals(arrivals, [], "senders are answered first");
  await clock.settle();
  assertEquals(arrivals, ["A 3", "B 1"]);
  stop();
  store.append(message({ topic: "A" }));
  store.commit();
  await clock.settle();
  assertEquals(arrivals.length, 2);
  await closeAt(clock, store);
});

test("a slave dispatches records once they are whole, wherever the stream was cut", async () => {
  const messages = [60_000, 100, 20_000, 300].map((size) =>
    message({ body: new Uint8Array(size) })
  );
  const { bytes, ends } = await logOf(...messages);
  for (const step of [7, 1_000, 32_768]) {
    await using store = await openIn(new MemFs());
    for (let at = 0, count = 1; at < bytes.length; count++) {
      const end = Math.min(at + step, bytes.length, at - at % 65536 + 65536);
      store.appendRaw(at, bytes.subarray(at, end));
      at = end;
      if (step === 7 && count % 100 !== 0 && at < bytes.length) continue;
      const whole = ends.filter((end) => end <= at).length;
      await store.dispatch.reached(ends[whole - 1] ?? 0);
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      assertEquals(store.queues.get("T1", 0)?.maxOffset ?? 0, whole, `${at} bytes came`);
    }
    assertEquals(store.dispatch.position, bytes.length);
  }
});

test("a record larger than what is read at a time is dispatched", async () => {
  await using store = await openIn(new MemFs(), { logFileBytes: 1 << 20 });
  for (const size of [10, 500_000, 300_000, 10]) {
    store.append(message({ body: new Uint8Array(size) }));
    store.commit();
  }
  await store.dispatch.reached(store.log.tail);
  assertEquals(store.queues.get("T1", 0)?.maxOffset, 4);
});

test("a damaged record ends dispatch, with one line", async () => {
  const { bytes, ends } = await logOf(message(), message(), message());
  bytes[ends[0] + 4] ^= 1; // its magic
  const lines = new Lines();
  const store = await openIn(new MemFs(), {}, lines);
  store.appendRaw(0, bytes.subarray(0, ends[1]));
  await assertRejects(() => store.dispatch.reached(ends[1]), Error, "magic is 0xdba320a7");
  store.appendRaw(ends[1], bytes.subarray(ends[1]));
  await assertRejects(() => store.dispatch.reached(ends[2]));
  assertEquals(store.dispatch.position, ends[0]);
  assertEquals(lines.lines, [
    `error dispatch ends at a record that cannot be read {"at":${
      ends[0]
    },"reason":"commit log at byte ${ends[0]}: magic is 0xdba320a7"}`,
  ]);
  await store.close();
});

test("a topic that cannot name a folder gets no queue and stops nothing", async () => {
  const fs = new MemFs();
  await using store = await openIn(fs);
  for (const topic of ["../../T", "..", "a/b", "T1"]) store.append(message({ topic }));
  store.commit();
  await store.dispatch.reached(store.log.tail);
  assertEquals([...store.queues.all()].map(({ topic }) => topic), ["T1"]);
});

test("dispatch waits for a disk that takes no entries and loses none", async () => {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const lines = new Lines();
  const store = await openAt(clock, fs, {}, lines);
  fs.fault = (kind, path) =>
    kind === "open" && path.includes("consumequeue")
      ? { error: new FsError("full", "no space") }
      : undefined;
  for (let i = 0; i < 60_000; i++) {
    store.append(message({ body: new Uint8Array(1) }));
    if (i % 100 === 99) store.commit();
  }
  await clock.advance(3_000);
  assertEquals(store.dispatch.position < store.log.tail, true);
  assertEquals(
    lines.lines.map((line) => line.slice(0, 40)).sort(),
    [
      "error cannot write queue entries, they wa",
      'error dispatch waits for the disk {"at":',
    ].map((line) => line.slice(0, 40)),
  );
  fs.fault = undefined;
  await clock.advance(2_000);
  assertEquals(store.dispatch.position, store.log.tail);
  assertEquals(store.queues.get("T1", 0)?.maxOffset, 60_000);
  await closeAt(clock, store);
});

test("a listener that throws stops neither commits nor dispatch", async () => {
  const lines = new Lines();
  const fs = new MemFs();
  await using store = await openIn(fs, {}, lines);
  const fail = () => {
    throw new Error("oops");
  };
  store.log.onMoved(fail);
  store.dispatch.onArrival(fail);
  store.append(message());
  store.commit();
  await store.dispatch.reached(store.log.tail);
  assertEquals(store.queues.get("T1", 0)?.maxOffset, 1);
  assertEquals(lines.lines, [
    'error a follower of the log failed {"reason":"oops"}',
    'error a listener to arrivals failed {"reason":"oops"}',
  ]);
});

test("bytes at hand are dispatched at once, from the record on that is due", async () => {
  const { bytes, ends } = await logOf(
    ...[100, 200, 300].map((size) =>
      message({ body: new Uint8Array(size), properties: "TAGS\x01TagA" })
    ),
  );
  const clock = new VirtualClock();
  const store = await openAt(clock, new MemFs());
  const arrivals: number[] = [];
  store.dispatch.onArrival(({ maxOffset }) => arrivals.push(maxOffset));
  const cut = ends[1] + 40;
  store.appendRaw(0, bytes.subarray(0, cut));
  assertEquals(store.derive(0, bytes.subarray(0, cut)), ends[1]);
  assertEquals(arrivals, [2]);
  store.appendRaw(cut, bytes.subarray(cut));
  assertEquals(store.derive(cut, bytes.subarray(cut)), ends[1], "the record's begin is not there");
  assertEquals(store.derive(ends[0], bytes.subarray(ends[0])), ends[2]);
  assertEquals(arrivals, [2, 3]);
  assertEquals(tagsCodesOf(store, "T1", 0), [2598919, 2598919, 2598919]);
  await closeAt(clock, store);
});

test("a record that is not whole is not read again before it can be", async () => {
  const { bytes, ends } = await logOf(
    ...[100, 9_000].map((size) => message({ body: new Uint8Array(size) })),
  );
  const clock = new VirtualClock();
  const fs = new MemFs();
  const store = await openAt(clock, fs);
  const reads = countReads(store);
  for (let at = 0; at < ends[1]; at += 500) {
    store.appendRaw(at, bytes.subarray(at, Math.min(ends[1], at + 500)));
    await clock.settle();
  }
  assertEquals(store.dispatch.position, ends[1]);
  assertEquals(reads() < 6, true, `${reads()} reads`);
  await closeAt(clock, store);
});

function countReads({ log }: Store): () => number {
  let count = 0;
  const readAt = log.readAt.bind(log);
  log.readAt = (logOffset, into) => (count++, readAt(logOffset, into));
  return () => count;
}
