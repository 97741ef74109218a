import { createHash } from "node:crypto";
import { assert, assertEquals, assertLess } from "@std/assert";
import { test } from "../harness.ts";
import { runtime } from "../support/runtime.ts";
import { outcome, pair, patternAt, pause } from "./net_support.ts";

const MIB = 1024 * 1024;

test("64 MiB arrive unchanged", async () => {
  using both = await pair();
  const sent = createHash("sha256");
  const sending = (async () => {
    const writer = both.near.writable.getWriter();
    for (let at = 0, size = 1; at < 64 * MIB; at += size) {
      size = Math.min(64 * MIB - at, (size * 7 + 11) % 300_000 + 1); // sizes of all kinds
      const chunk = patternAt(at, size);
      sent.update(chunk);
      await writer.write(chunk);
    }
    await writer.close();
  })();
  const got = createHash("sha256");
  let bytes = 0;
  for await (const chunk of both.far.readable) {
    got.update(chunk);
    bytes += chunk.length;
  }
  await sending;
  assertEquals(bytes, 64 * MIB);
  assertEquals(got.digest("hex"), sent.digest("hex"));
});

test("a reader that gives its chunks back gets the same bytes, in few buffers", async () => {
  using both = await pair();
  const total = 64 * MIB;
  const sending = (async () => {
    const writer = both.near.writable.getWriter();
    for (let at = 0; at < total; at += MIB) await writer.write(patternAt(at, MIB));
    await writer.write(patternAt(total, 100)); // the bulk is over
    await pause(50);
    await writer.write(patternAt(total + 100, 100));
    await writer.close();
  })();
  const buffers = new Set<ArrayBufferLike>();
  let chunks = 0;
  let at = 0;
  for await (const chunk of both.far.readable) {
    buffers.add(chunk.buffer);
    if (++chunks % 20 === 0) await pause(2); // the next is read meanwhile, into another buffer
    assertEquals(firstDifference(chunk, patternAt(at, chunk.length)), -1, `from byte ${at}`);
    at += chunk.length;
    both.far.recycle!(chunk);
  }
  await sending;
  assertEquals(at, total + 200);
  assertLess(buffers.size, chunks / 2);
});

test("a peer that leaves in the middle of much is noticed by a reader that gives chunks back", async () => {
  for (const leave of ["closes", "resets"] as const) {
    using both = await pair();
    const filling = fill(both.near.writable);
    const reader = both.far.readable.getReader();
    for (let bytes = 0; bytes < 16 * MIB;) {
      const { value } = await reader.read();
      bytes += value!.length;
      both.far.recycle!(value!);
    }
    if (leave === "closes") both.near.close();
    else both.far.close(); // here it is us: the peer hears a reset, and we an end
    assert(await filling, leave);
    const rest = (async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return { done };
        both.far.recycle!(value);
      }
    })();
    assert(["ended", "failed"].includes(await outcome(rest)), leave);
  }
});

test("a reader that stops makes the writer wait, and nothing is lost or doubled when it goes on", async () => {
  using both = await pair();
  const total = 96 * MIB;
  const residentBefore = runtime.memory().residentBytes;
  let taken = 0;
  const sending = (async () => {
    const writer = both.near.writable.getWriter();
    while (taken < total) {
      const size = Math.min(128 * 1024, total - taken);
      await writer.write(patternAt(taken, size));
      taken += size;
    }
    await writer.close();
  })();

  await settled(() => taken);
  assertLess(taken, 24 * MIB); // what the system's two socket buffers hold, and our 256 KiB
  assertLess(runtime.memory().residentBytes - residentBefore, 64 * MIB);

  let at = 0;
  for await (const chunk of both.far.readable) {
    const wanted = patternAt(at, chunk.length);
    for (let i = 0; i < chunk.length; i++) {
      if (chunk[i] !== wanted[i]) assertEquals(chunk[i], wanted[i], `byte ${at + i}`);
    }
    at += chunk.length;
  }
  await sending;
  assertEquals(at, total);
});

test("stopping again and again loses nothing", async () => {
  using both = await pair();
  const total = 24 * MIB;
  const sending = (async () => {
    const writer = both.near.writable.getWriter();
    for (let at = 0; at < total; at += 32 * 1024) await writer.write(patternAt(at, 32 * 1024));
    await writer.close();
  })();
  const reader = both.far.readable.getReader();
  let at = 0;
  for (let reads = 0;; reads++) {
    const { done, value } = await reader.read();
    if (done) break;
    if (value[0] !== patternAt(at, 1)[0]) assertEquals(value[0], patternAt(at, 1)[0], `byte ${at}`);
    at += value.length;
    if (reads % 50 === 0) await pause(5);
  }
  await sending;
  assertEquals(at, total);
});

test("one stuck connection does not hold up another", async () => {
  using stuck = await pair();
  using free = await pair();
  const filling = fill(stuck.near.writable);
  await pause(50);
  await free.near.writable.getWriter().write(Uint8Array.of(1));
  const { value } = await free.far.readable.getReader().read();
  assertEquals(value, Uint8Array.of(1));
  stuck.near.close();
  assert(await filling);
});

/** Place of the first byte that differs, -1 without one. */
function firstDifference(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return i;
  return -1;
}

/** Writes until the connection is closed; true then. */
async function fill(writable: WritableStream<Uint8Array>): Promise<boolean> {
  const writer = writable.getWriter();
  try {
    for (;;) await writer.write(new Uint8Array(256 * 1024));
  } catch {
    return true;
  }
}

/** Waits until a number stands still. */
async function settled(read: () => number): Promise<void> {
  for (let last = -1; last !== read();) {
    last = read();
    await pause(300);
  }
}
