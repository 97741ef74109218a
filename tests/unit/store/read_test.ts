import { assertEquals } from "@std/assert";
import { QueueRead, type QueueRequest, READ_LIMITS } from "../../../src/store/read.ts";
import type { Store } from "../../../src/store/store.ts";
import { test } from "../../harness.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { message, openIn } from "../../support/store.ts";

/** A store whose queue T1-0 holds these messages. */
async function withMessages(
  messages: { size?: number; tag?: string }[],
  body: (store: Store, read: (request: Partial<QueueRequest>) => QueueRead) => Promise<void> | void,
): Promise<void> {
  await using store = await openIn(new MemFs(), { logFileBytes: 1 << 20 });
  for (const { size = 10, tag } of messages) {
    const properties = tag === undefined ? "" : `TAGS\x01${tag}`;
    store.append(message({ body: new Uint8Array(size), properties }));
  }
  store.commit();
  await store.dispatch.reached(store.log.tail);
  await body(store, (request) => {
    const read = new QueueRead();
    const queue = store.queues.get("T1", 0);
    read.read(store.log, {
      queue,
      queueOffset: 0,
      maxMessages: 32,
      limits: READ_LIMITS,
      ...request,
    });
    return read;
  });
}

const some = (count: number, one: { size?: number; tag?: string } = {}) => Array(count).fill(one);

test("read() says what an offset beside the queue means, and a master corrects it", () =>
  withMessages(some(10), (_store, read) => {
    for (
      const { request, status, next } of [
        { request: { queue: undefined, queueOffset: 0 }, status: "noMessageInQueue", next: 0 },
        { request: { queue: undefined, queueOffset: 7 }, status: "noMessageInQueue", next: 0 },
        { request: { queueOffset: -1 }, status: "offsetTooSmall", next: 0 },
        { request: { queueOffset: 10 }, status: "offsetOverflowOne", next: 10 },
        { request: { queueOffset: 11 }, status: "offsetOverflowBadly", next: 10 },
        { request: { queueOffset: 3 }, status: "found", next: 10 },
      ]
    ) {
      const master = read(request);
      assertEquals([master.status, master.nextBeginOffset], [status, next]);
      const slave = read({ ...request, keepsOffset: true });
      const stays = status === "found" ? next : request.queueOffset;
      assertEquals([slave.status, slave.nextBeginOffset], [status, stays]);
    }
  }));

test("read() finds messages with their places, sizes and what is left behind them", () =>
  withMessages(some(10), (store, read) => {
    const found = read({ queueOffset: 7, maxMessages: 2 });
    assertEquals([found.status, found.count, found.nextBeginOffset], ["found", 2, 9]);
    assertEquals([found.minOffset, found.maxOffset], [0, 10]);
    assertEquals(found.entries, [7 * 103, 103, 8 * 103, 103]);
    assertEquals([found.totalBytes, found.lagBytes], [206, store.log.tail - 8 * 103]);
  }));

test("read() ends at its limits, and gives the first message whatever its size", () =>
  withMessages([{ size: 300_000 }, ...some(40, { size: 5_000 }), ...some(60)], (_store, read) => {
    assertEquals(read({}).count, 1);
    assertEquals(read({ queueOffset: 1 }).count, 32);
    assertEquals(read({ queueOffset: 1, limits: { ...READ_LIMITS, bytes: 20_000 } }).count, 3);
    assertEquals(read({ queueOffset: 41, limits: { ...READ_LIMITS, messages: 100 } }).count, 32);
    assertEquals(
      read({ queueOffset: 41, maxMessages: 50, limits: { ...READ_LIMITS, messages: 100 } }).count,
      50,
    );
    assertEquals(read({ queueOffset: 41, maxMessages: 1 }).count, 1);
  }));

test("read() gives less of what is far behind the end of the log", () =>
  withMessages(some(100, { size: 20_000 }), (_store, read) => {
    const limits = { ...READ_LIMITS, memoryBytes: 1_000_000 };
    assertEquals(read({ limits }).count, 3); // 65536 bytes
    assertEquals(read({ limits, queueOffset: 90 }).count, 10);
  }).then(() =>
    withMessages(some(100), (_store, read) => {
      assertEquals(read({ limits: { ...READ_LIMITS, memoryBytes: 100 } }).count, 8);
    })
  ));

test("read() with a filter goes on past what it does not want, for 800 entries", () =>
  withMessages([
    ...some(700, { tag: "TagA" }),
    { tag: "TagB" },
    ...some(900, { tag: "TagA" }),
    { tag: "TagB" },
  ], (_store, read) => {
    const tagB = { filter: (tagsCode: number) => tagsCode === 2598920 };
    const first = read(tagB);
    assertEquals([first.status, first.count, first.nextBeginOffset], ["found", 1, 800]);
    assertEquals(first.entries[0], 700 * 112);
    const none = read({ ...tagB, queueOffset: 800 });
    assertEquals([none.status, none.count, none.nextBeginOffset], ["noMatchedMessage", 0, 1600]);
    const last = read({ ...tagB, queueOffset: 1600 });
    assertEquals([last.status, last.count, last.nextBeginOffset], ["found", 1, 1602]);
    const one = read({ queueOffset: 690, maxMessages: 1, filter: () => true });
    assertEquals([one.count, one.nextBeginOffset], [1, 691]);
  }));

test("read() passes over entries of messages that are gone from the log", async () => {
  await using store = await openIn(new MemFs());
  const source = await openIn(new MemFs());
  for (let i = 0; i < 100; i++) source.append(message({ body: new Uint8Array(1000) }));
  source.commit();
  const second = new Uint8Array(source.log.tail - 65536);
  source.log.readAt(65536, second);
  await source.close();
  store.appendRaw(65536, second); // it begins with the second file: entries before are filler
  await store.dispatch.reached(store.log.tail);
  const queue = store.queues.get("T1", 0)!;
  assertEquals(queue.minOffset, 59);
  const read = new QueueRead();
  const request = { queue, maxMessages: 32, limits: READ_LIMITS };
  read.read(store.log, { ...request, queueOffset: 58 });
  assertEquals([read.status, read.nextBeginOffset], ["offsetTooSmall", 59]);
  read.read(store.log, { ...request, queueOffset: 59 });
  assertEquals([read.status, read.count, read.entries[0]], ["found", 32, 65536]);
});

test("one QueueRead serves any number of reads", () =>
  withMessages(some(10), (store) => {
    const read = new QueueRead();
    const queue = store.queues.get("T1", 0);
    const request = { queue, queueOffset: 0, maxMessages: 5, limits: READ_LIMITS };
    read.read(store.log, request);
    read.read(store.log, { ...request, queueOffset: 8 });
    assertEquals([read.count, read.entries.slice(0, 4)], [2, [824, 103, 927, 103]]);
    read.read(store.log, { ...request, queueOffset: 10 });
    assertEquals([read.count, read.totalBytes, read.lagBytes], [0, 0, 0]);
  }));
