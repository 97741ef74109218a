import { assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { concat } from "../../../src/base/bytes.ts";
import { WireError } from "../../../src/base/errors.ts";
import { decodeFrames, FRAME_BYTES_MAX, FrameReader } from "../../../src/wire/frame.ts";
import { test } from "../../harness.ts";

/** A frame with its length word around `inner` (header word, header and body). */
function framed(inner: Uint8Array): Uint8Array {
  const frame = new Uint8Array(4 + inner.length);
  new DataView(frame.buffer).setInt32(0, inner.length);
  frame.set(inner, 4);
  return frame;
}

/** Header word with a header of `headerBytes`, then `bytes`. */
function inner(headerBytes: number, bytes: Uint8Array): Uint8Array {
  const word = new Uint8Array(4);
  new DataView(word.buffer).setUint32(0, headerBytes);
  return concat([word, bytes]);
}

function words(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  values.forEach((value, i) => new DataView(bytes.buffer).setInt32(4 * i, value));
  return bytes;
}

function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const end = Math.min(bytes.length, at + sizes[i % sizes.length]);
    pieces.push(bytes.slice(at, end));
    at = end;
  }
  return pieces;
}

function readAll(pieces: readonly Uint8Array[]): Uint8Array[] {
  const reader = new FrameReader();
  return pieces.flatMap((piece) => {
    reader.push(piece);
    return reader.take();
  });
}

const frames = fc.array(
  fc.uint8Array({ maxLength: 300 }).chain((bytes) =>
    fc.integer({ min: 0, max: bytes.length }).map((headerBytes) => inner(headerBytes, bytes))
  ),
  { maxLength: 12 },
);

test("FrameReader gives the same frames wherever the stream is cut", () => {
  fc.assert(fc.property(
    frames,
    fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 }),
    (inners, sizes) => {
      assertEquals(readAll(cut(concat(inners.map(framed)), sizes)), inners);
    },
  ));
});

test("FrameReader throws only WireError, whatever arrives", () => {
  const garbage = fc.array(
    fc.oneof(fc.uint8Array({ maxLength: 40 }), frames.map((inners) => concat(inners.map(framed)))),
  );
  fc.assert(fc.property(garbage, (chunks) => {
    try {
      readAll(chunks);
    } catch (error) {
      assertInstanceOf(error, WireError);
    }
  }));
});

for (
  const { name, bytes, message } of [
    { name: "a negative length", bytes: words(-2), message: "frame length -2, at least 4" },
    { name: "a length of 3", bytes: words(3, 0), message: "frame length 3, at least 4" },
    {
      name: "a length past the bound",
      bytes: words(FRAME_BYTES_MAX - 3),
      message: "frame of 16777217 bytes, at most 16777216",
    },
    {
      name: "a TLS hello",
      bytes: words(0x16030100),
      message: "frame of 369295620 bytes, at most 16777216",
    },
    {
      name: "a header longer than its frame",
      bytes: words(8, 5, 0),
      message: "header of 5 bytes, the frame has 4",
    },
  ]
) {
  test(`FrameReader refuses ${name}`, () => {
    assertThrows(() => new FrameReader().push(bytes), WireError, message);
    assertThrows(() => readAll(cut(bytes, [1])), WireError, message);
  });
}

test("FrameReader takes a frame of exactly the bound", () => {
  const frame = framed(new Uint8Array(FRAME_BYTES_MAX - 4));
  assertEquals(readAll(cut(frame, [64 * 1024 + 1])).map((f) => f.length), [FRAME_BYTES_MAX - 4]);
});

test("FrameReader gives views of the chunk, not copies, for frames within it", () => {
  const chunk = concat([framed(inner(0, new Uint8Array(9))), framed(inner(1, new Uint8Array(2)))]);
  const got = readAll([chunk]);
  assertEquals(got.length, 2);
  for (const frame of got) assertEquals(frame.buffer, chunk.buffer);
});

test("FrameReader holds no chunk of a split frame back, only the frame's bytes", () => {
  const size = 1024 * 1024;
  const frame = framed(inner(0, new Uint8Array(size)));
  const reader = new FrameReader();
  const chunk = new Uint8Array(size); // each piece is a small view of it, as adapters cut them
  for (let at = 0; at < frame.length; at += 7) {
    const end = Math.min(frame.length, at + 7);
    chunk.set(frame.subarray(at, end));
    reader.push(chunk.subarray(0, end - at)); // the next turn overwrites it
  }
  assertEquals(reader.take(), [frame.subarray(4)]);
});

test("decodeFrames() passes the frames of one read on together", async () => {
  const a = inner(0, new Uint8Array([1, 2]));
  const b = inner(1, new Uint8Array([3]));
  const stream = ReadableStream.from([
    concat([framed(a), framed(b), framed(a).subarray(0, 5)]),
    framed(a).subarray(5),
  ]).pipeThrough(decodeFrames());
  assertEquals(await Array.fromAsync(stream), [[a, b], [a]]);
});

test("decodeFrames() fails the stream at bytes that cannot be a frame", async () => {
  const stream = ReadableStream.from([words(-1)]).pipeThrough(decodeFrames());
  await assertRejects(() => Array.fromAsync(stream), WireError);
});
