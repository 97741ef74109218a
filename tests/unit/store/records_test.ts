import { assertEquals } from "@std/assert";
import {
  earliestStoreTime,
  earliestStoreTimeOf,
  offsetAt,
  recordAt,
} from "../../../src/store/records.ts";
import { decodeRecord } from "../../../src/wire/message.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { closeAt, message, openAt, openIn } from "../../support/store.ts";

test("offsetAt() finds the message stored then, or the nearest one", async () => {
  const clock = new VirtualClock();
  const store = await openAt(clock, new MemFs());
  const start = clock.now();
  const queue = () => store.queues.get("T1", 0);
  assertEquals(offsetAt(store.log, queue(), start), 0, "a queue without messages");
  for (const at of [0, 100, 200, 200, 200, 210]) {
    clock.pause(start + at - clock.now());
    store.append(message());
    store.commit();
  }
  await clock.settle();
  for (
    const { at, offset } of [
      { at: -1000, offset: 0 },
      { at: 0, offset: 0 },
      { at: 49, offset: 0 },
      { at: 50, offset: 0 }, // as near to both: the earlier one
      { at: 51, offset: 1 },
      { at: 100, offset: 1 },
      { at: 190, offset: 2 },
      { at: 200, offset: 2 },
      { at: 203, offset: 4 },
      { at: 210, offset: 5 },
      { at: 9000, offset: 5 },
    ]
  ) assertEquals(offsetAt(store.log, queue(), start + at), offset, `${at} ms`);
  assertEquals(offsetAt(store.log, undefined, start), 0);
  assertEquals([earliestStoreTime(store.log), earliestStoreTimeOf(store.log, queue())], [
    start,
    start,
  ]);
  await closeAt(clock, store);
});

test("recordAt() gives whole records and nothing else", async () => {
  await using store = await openIn(new MemFs());
  const places = [1, 5_000, 30_000, 40_000].map((size) =>
    store.append(message({ body: new Uint8Array(size), topic: `T${size}` }))
  );
  store.commit();
  for (const { logOffset, end } of places) {
    const record = recordAt(store.log, logOffset)!;
    assertEquals([record.length, decodeRecord(record).logOffset], [end - logOffset, logOffset]);
    assertEquals(recordAt(store.log, logOffset + 1), undefined);
  }
  assertEquals(recordAt(store.log, places[2].end), undefined, "filler");
  assertEquals(recordAt(store.log, store.log.tail), undefined);
  assertEquals(recordAt(store.log, -1), undefined);
});

test("a log without records has no earliest time", async () => {
  await using store = await openIn(new MemFs());
  assertEquals([earliestStoreTime(store.log), earliestStoreTimeOf(store.log, undefined)], [-1, -1]);
});
