import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  ByteQueue,
  bytesOfHex,
  concat,
  hexOf,
  Outbox,
  readInt64,
  sameBytes,
  textOf,
  utf8,
  viewOf,
  writeInt64,
} from "../../../src/base/bytes.ts";
import { test } from "../../harness.ts";

test("int64 keeps every safe integer, as BigInt would write it", () => {
  const view = new DataView(new ArrayBuffer(16));
  fc.assert(fc.property(fc.maxSafeInteger(), fc.integer({ min: 0, max: 8 }), (value, at) => {
    writeInt64(view, at, value);
    assertEquals(view.getBigInt64(at), BigInt(value));
    assertEquals(readInt64(view, at), value);
  }));
});

test("int64 is right at its corners", () => {
  const view = new DataView(new ArrayBuffer(8));
  const corners = [0, 1, -1, 2 ** 31, -(2 ** 31), 2 ** 32, -(2 ** 32), 2 ** 32 - 1, 2 ** 53 - 1];
  for (const value of corners) {
    writeInt64(view, 0, value);
    assertEquals(view.getBigInt64(0), BigInt(value));
    assertEquals(readInt64(view, 0), value);
  }
});

test("readInt64() of what is not safe is the nearest number", () => {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigInt64(0, 2n ** 63n - 1n);
  assertEquals(readInt64(view, 0), 2 ** 63);
  view.setBigInt64(0, -(2n ** 63n));
  assertEquals(readInt64(view, 0), -(2 ** 63));
});

test("viewOf() sees only the part that was handed in", () => {
  const whole = new Uint8Array(10);
  const view = viewOf(whole.subarray(2, 6));
  view.setInt32(0, -1);
  assertEquals(view.byteLength, 4);
  assertEquals([...whole], [0, 0, 255, 255, 255, 255, 0, 0, 0, 0]);
});

test("hex and text come back as they were", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    assertEquals(bytesOfHex(hexOf(bytes)), bytes);
  }));
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
    assertEquals(textOf(utf8(text)), text);
  }));
  assertEquals(bytesOfHex("0A ff\n00"), Uint8Array.of(10, 255, 0));
  assertEquals(textOf(Uint8Array.of(0x61, 0xff)), "a\ufffd");
  assertThrows(() => bytesOfHex("abc"), Error, "even number");
  assertThrows(() => bytesOfHex("zz"), Error, "even number");
});

test("concat() joins parts in order", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array()), (parts) => {
    assertEquals([...concat(parts)], parts.flatMap((part) => [...part]));
  }));
});

test("sameBytes() compares content and length", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), (bytes, at) => {
    assert(sameBytes(bytes, bytes.slice()));
    assert(!sameBytes(bytes, bytes.subarray(1)));
    const other = bytes.slice();
    other[at % bytes.length] ^= 1;
    assert(!sameBytes(bytes, other));
  }));
});

test("ByteQueue gives the bytes back in order, whatever the sizes of chunks and pieces", () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 200 });
  const steps = fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 50 });
  fc.assert(fc.property(chunks, steps, (chunks, steps) => {
    const queue = new ByteQueue();
    const expected = concat([new Uint8Array(0), ...chunks]);
    let pushed = 0;
    let at = 0;
    for (let i = 0; at < expected.length || pushed < chunks.length; i++) {
      const n = steps[i % steps.length];
      for (let more = n % 5 + 1; more > 0 && pushed < chunks.length; more--) {
        queue.push(chunks[pushed++]); // several before a take, as well as one
      }
      if (queue.length >= 4 + n) {
        assertEquals(queue.peekInt32(n), viewOf(expected).getInt32(at + n));
      }
      const take = Math.min(pushed === chunks.length ? n + 1 : n, queue.length);
      assertEquals(queue.take(take), expected.slice(at, at + take));
      at += take;
    }
    assertEquals(queue.length, 0);
  }));
});

test("ByteQueue copies only a piece that spans chunks", () => {
  const queue = new ByteQueue();
  const chunk = new Uint8Array(100);
  queue.push(chunk);
  queue.push(new Uint8Array(100));
  assertStrictEquals(queue.take(60).buffer, chunk.buffer);
  assert(queue.take(60).buffer !== chunk.buffer);
  assertEquals(queue.length, 80);
});

test("ByteQueue never gives more than it holds", () => {
  const queue = new ByteQueue();
  queue.push(new Uint8Array(3));
  assertThrows(() => queue.take(4), Error, "only what it holds");
  assertEquals(queue.take(0).length, 0);
  assertEquals(queue.length, 3);
});

test("ByteQueue takes thousands of tiny chunks in its stride", () => {
  const queue = new ByteQueue();
  for (let i = 0; i < 50_000; i++) queue.push(Uint8Array.of(i));
  for (let i = 0; i < 50_000; i++) {
    if (queue.take(1)[0] !== (i & 0xff)) throw new Error(`byte ${i}`);
  }
  assertEquals(queue.length, 0);
});

test("Outbox gives what was put in, and never writes again on what was taken", () => {
  const put = fc.record({ bytes: fc.uint8Array({ maxLength: 100 }), take: fc.boolean() });
  fc.assert(fc.property(fc.array(put), fc.integer({ min: 1, max: 64 }), (steps, slabBytes) => {
    const outbox = new Outbox(slabBytes);
    const taken: { bytes: Uint8Array; wanted: number[] }[] = [];
    let pending: number[] = [];
    for (const { bytes, take } of steps) {
      outbox.put(bytes);
      pending.push(...bytes);
      assertEquals(outbox.length, pending.length);
      if (!take) continue;
      taken.push({ bytes: outbox.take(), wanted: pending });
      pending = [];
    }
    assertEquals([...outbox.take()], pending);
    for (const { bytes, wanted } of taken) assertEquals([...bytes], wanted);
  }));
});

test("Outbox can be filled in place", () => {
  const outbox = new Outbox(8);
  outbox.put(Uint8Array.of(1, 2, 3));
  outbox.reserve(8); // moves to a larger slab with what is pending
  outbox.view.setInt32(outbox.at, 0x04050607);
  outbox.advance(4);
  assertEquals(outbox.length, 7);
  assertEquals([...outbox.take()], [1, 2, 3, 4, 5, 6, 7]);
  assertEquals(outbox.take().length, 0);
});

test("Outbox refuses to count bytes it has no room for", () => {
  const outbox = new Outbox(8);
  assertThrows(() => outbox.advance(9), Error, "not overrun");
});

test("Outbox takes no memory before it is used: most connections are idle", () => {
  const outbox = new Outbox();
  assertEquals([outbox.slab.length, outbox.take().length], [0, 0]);
  outbox.put(new Uint8Array([1, 2]));
  assertEquals([...outbox.take()], [1, 2]);
  assert(outbox.slab.length >= 1024);
});

test("Outbox takes back the last that was put in", () => {
  const outbox = new Outbox(8);
  outbox.put(new Uint8Array([1, 2]));
  outbox.take();
  outbox.put(new Uint8Array([3, 4, 5]));
  outbox.takeBack(2);
  assertEquals([...outbox.take()], [3]);
  assertThrows(() => outbox.takeBack(1));
});
