import { assertEquals } from "@std/assert";
import { viewOf, writeInt64 } from "../../../src/base/bytes.ts";
import { type Place, recordHolding } from "../../../src/store/record_search.ts";
import { recordAt } from "../../../src/store/records.ts";
import type { Store } from "../../../src/store/store.ts";
import { putRecord } from "../../../src/wire/message.ts";
import { PHYSICAL_OFFSET_AT } from "../../../src/wire/record_layout.ts";
import { test } from "../../harness.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { runtime } from "../../support/runtime.ts";
import { everySeed, type Random } from "../../support/seeds.ts";
import { message, openIn } from "../../support/store.ts";

const { codecs } = runtime;

/** Stores one message; gives its place. */
function put(store: Store, body: Uint8Array): Place {
  const { logOffset, end } = store.append(message({ body }));
  store.commit();
  return { at: logOffset, size: end - logOffset };
}

const holding = (store: Store, logOffset: number) => recordHolding(store.log, codecs, logOffset);

/** A whole record that says it lies at `logOffset`. */
function recordSaying(logOffset: number, body: Uint8Array): Uint8Array {
  const { topicBytes, ...rest } = message({ body });
  const bytes = new Uint8Array(body.length + 200);
  const bodyCrc = codecs.crc32(body) & 0x7fffffff;
  const fields = { ...rest, topic: topicBytes, queueOffset: 7, logOffset, storeTimestamp: 1 };
  const size = putRecord(bytes, viewOf(bytes), 0, { ...fields, preparedOffset: 0, bodyCrc });
  return bytes.slice(0, size);
}

test("recordHolding() finds the record of any byte of a log", () =>
  everySeed(15, async (random) => {
    const fileBytes = random.pick([4096, 16384, 65536]);
    await using store = await openIn(new MemFs(), { logFileBytes: fileBytes });
    const places: Place[] = [];
    for (let i = random.between(1, 120); i > 0; i--) {
      const before = places.at(-1);
      places.push(put(store, bodyOf(random, fileBytes - 200, store, before)));
    }
    for (const [i, place] of places.entries()) {
      const end = place.at + place.size;
      const next = places[i + 1]?.at ?? end;
      const inside = [place.at, place.at + 1, place.at + random.below(place.size), end - 1];
      const filler = next > end ? [end, end + 7, end + random.below(next - end), next - 1] : [];
      for (const at of [...inside, ...filler]) assertEquals(holding(store, at), place, `${at}`);
    }
    assertEquals([-1, store.log.tail].map((at) => holding(store, at)), [undefined, undefined]);
  }));

/** Chance bytes, magic numbers, or a copy of the record before, which names another place. */
function bodyOf(random: Random, most: number, store: Store, before?: Place): Uint8Array {
  const kind = random.below(4);
  if (kind === 0) return random.bytes(random.below(Math.min(most, 3000)));
  if (kind === 1) return new Uint8Array(random.below(300) * 4).fill(0xda);
  const copy = before && recordAt(store.log, before.at);
  if (!copy || copy.length * 2 > most) return new Uint8Array(random.below(50));
  const body = new Uint8Array(copy.length * 2);
  body.set(copy, random.below(copy.length));
  return body;
}

test("recordHolding() finds a record of 4 MiB by any of its bytes", async () => {
  await using store = await openIn(new MemFs(), { logFileBytes: 16 * 1024 * 1024 });
  const first = put(store, new Uint8Array(10));
  const large = put(store, new Uint8Array(4 * 1024 * 1024));
  const last = put(store, new Uint8Array(10));
  for (const at of [0, 1, 65535, 65536, 3_000_000, large.size - 1]) {
    assertEquals(holding(store, large.at + at), large);
  }
  assertEquals([holding(store, 3), holding(store, last.at)], [first, last]);
});

test("recordHolding() gives the whole record before one that is still to come", async () => {
  await using other = await openIn(new MemFs());
  const places = [60_000, 3_000, 4_000].map((size) => put(other, new Uint8Array(size)));
  const bytes = new Uint8Array(other.log.tail);
  other.log.readAt(0, bytes.subarray(0, 65536));
  other.log.readAt(65536, bytes.subarray(65536));
  for (
    const { length, record, name } of [
      { length: 20, record: undefined, name: "nothing whole yet" },
      { length: 60_200, record: 0, name: "the head of the second" },
      { length: 62_000, record: 0, name: "much of the second" },
      { length: 65_536 + 5, record: 1, name: "behind filler, a size and no more" },
      { length: 65_536 + 3_000, record: 1, name: "behind filler, most of the third" },
    ]
  ) {
    await using store = await openIn(new MemFs());
    store.appendRaw(0, bytes.subarray(0, Math.min(length, 65536)));
    if (length > 65536) store.appendRaw(65536, bytes.subarray(65536, length));
    const expected = record === undefined ? undefined : places[record];
    assertEquals(holding(store, length - 1), expected, name);
  }
});

test("recordHolding() takes no record in a body, not even one that names its true place", async () => {
  await using store = await openIn(new MemFs());
  const first = put(store, new Uint8Array(300));
  const body = new Uint8Array(2_000);
  const inner = first.size + 88 + 500; // where the bytes at 500 of the next body lie in the log
  body.set(recordSaying(inner, new Uint8Array(700)), 500);
  const outer = put(store, body);
  assertEquals(recordAt(store.log, inner)?.length, 700 + 93, "it looks like one");
  for (const at of [inner, inner + 400, outer.at + 10, outer.at + outer.size - 1]) {
    assertEquals(holding(store, at), outer);
  }
});

test("recordHolding() takes no record whose body was damaged", async () => {
  const fs = new MemFs();
  await using store = await openIn(fs);
  const first = put(store, new Uint8Array(300));
  const second = put(store, new Uint8Array(300));
  fs.bytes("store/commitlog/00000000000000000000")[second.at + 100] ^= 1;
  assertEquals(holding(store, second.at + 50), first);
});

test("recordHolding() finds the record around thousands of claims to be one", async () => {
  await using store = await openIn(new MemFs(), { logFileBytes: 1024 * 1024 });
  const body = new Uint8Array(500_000);
  const view = viewOf(body);
  for (let at = 0; at + 40 <= body.length; at += 40) {
    view.setInt32(at, 600_000);
    view.setInt32(at + 4, 0xdaa320a7 | 0);
    writeInt64(view, at + PHYSICAL_OFFSET_AT, 88 + at);
  }
  const place = put(store, body);
  assertEquals(holding(store, 450_000), place);
});
