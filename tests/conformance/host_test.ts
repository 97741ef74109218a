import { existsSync, readFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";
import { assert, assertEquals, assertGreater, assertMatch, assertThrows } from "@std/assert";
import { test } from "../harness.ts";
import { runtime } from "../support/runtime.ts";
import { pair, patternAt, pause } from "./net_support.ts";

const { clock, codecs } = runtime;
const text = (ascii: string) => new TextEncoder().encode(ascii);

test("the runtime says what it is", () => {
  assert(runtime.name === "deno" || runtime.name === "bun");
  assertMatch(runtime.version, /^\d+\.\d+\.\d+/);
  assertGreater(runtime.processId, 1);
});

test("clock.monotonic never goes back and has fractions", async () => {
  const readings: number[] = [];
  for (let i = 0; i < 50; i++) {
    readings.push(clock.monotonic());
    if (i % 10 === 0) await pause(1);
  }
  for (let i = 1; i < readings.length; i++) assert(readings[i] >= readings[i - 1]);
  assert(readings.some((ms) => !Number.isInteger(ms)));
});

test("clock.now is the wall clock in ms", () => {
  assertEquals(Math.abs(clock.now() - Date.now()) < 1000, true);
  assert(Number.isInteger(clock.now()));
});

test("clock.after calls once, later, unless it was cancelled", async () => {
  const calls: string[] = [];
  const cancel = clock.after(5, () => calls.push("cancelled"));
  clock.after(10, () => calls.push("kept"));
  cancel();
  assertEquals(calls, []);
  await pause(40);
  cancel(); // too late, and harmless
  assertEquals(calls, ["kept"]);
});

test("clock.after of a year does not fire at once", async () => {
  let fired = false;
  const cancel = clock.after(365 * 24 * 3600 * 1000, () => fired = true);
  await pause(10);
  cancel();
  assertEquals(fired, false);
});

test("clock.soon comes after promises, in order, and well before a timer", async () => {
  const order: string[] = [];
  const done = new Promise<void>((resolve) => {
    clock.soon(() => order.push("soon 1"));
    clock.soon(() => order.push("soon 2"));
    clock.after(20, () => {
      order.push("timer");
      resolve();
    });
    Promise.resolve().then(() => order.push("promise"));
    order.push("now");
  });
  await done;
  assertEquals(order, ["now", "promise", "soon 1", "soon 2", "timer"]);
});

test("clock.soon takes no millisecond", async () => {
  const turns = 500;
  const started = clock.monotonic();
  for (let i = 0; i < turns; i++) await new Promise<void>((resolve) => clock.soon(resolve));
  assert(clock.monotonic() - started < turns * 0.5, `${clock.monotonic() - started} ms`);
});

test("clock.soon asked for again and again lets sockets and timers through", async () => {
  using both = await pair();
  let turns = 0;
  let spinning = true;
  const spin = () => {
    turns++;
    if (spinning) clock.soon(spin);
  };
  spin();
  try {
    await both.near.writable.getWriter().write(Uint8Array.of(1));
    const { value } = await both.far.readable.getReader().read();
    await pause(5);
    assertEquals(value, Uint8Array.of(1));
    assertGreater(turns, 1);
  } finally {
    spinning = false;
  }
});

test("codecs.crc32 gives the known values as unsigned numbers", () => {
  assertEquals(codecs.crc32(text("123456789")), 0xcbf43926);
  assertEquals(codecs.crc32(text("")), 0);
  assertEquals(codecs.crc32(text("a")), 0xe8b7be43);
  assertEquals(codecs.crc32(new Uint8Array(32)), 0x190a55ad);
});

test("codecs.crc32 goes on from a seed", () => {
  const whole = patternAt(0, 10_000);
  for (const cut of [0, 1, 7, 4096, 9_999, 10_000]) {
    const head = codecs.crc32(whole.subarray(0, cut));
    assertEquals(codecs.crc32(whole.subarray(cut), head), codecs.crc32(whole));
  }
});

test("codecs.crc32 looks only at its part of a buffer", () => {
  const buffer = new Uint8Array(20).fill(255);
  buffer.set(text("123456789"), 5);
  assertEquals(codecs.crc32(buffer.subarray(5, 14)), 0xcbf43926);
});

test("codecs.inflate gives back what deflate took", () => {
  for (const level of [undefined, 0, 1, 5, 9]) {
    const body = patternAt(0, 50_000);
    const packed = codecs.deflate(body, level);
    assertEquals(packed[0], 0x78); // RFC 1950
    assertEquals(codecs.inflate(packed, 50_000), body);
  }
  assertEquals(codecs.inflate(codecs.deflate(new Uint8Array(0)), 10), new Uint8Array(0));
});

test("codecs.inflate stops at its bound", () => {
  const packed = codecs.deflate(new Uint8Array(64 * 1024 * 1024)); // 64 KiB that would become 64 MiB
  assertThrows(() => codecs.inflate(packed, 1024 * 1024), Error);
});

test("codecs.inflate refuses what is no zlib stream", () => {
  const packed = codecs.deflate(patternAt(0, 1000));
  assertThrows(() => codecs.inflate(text("no zlib at all"), 1000), Error);
  assertThrows(() => codecs.inflate(packed.subarray(0, packed.length - 5), 1000), Error);
  assertThrows(() => codecs.inflate(new Uint8Array(deflateRawSync(text("raw"))), 1000), Error);
  const flipped = packed.slice();
  flipped[flipped.length - 1] ^= 1; // its checksum
  assertThrows(() => codecs.inflate(flipped, 1000), Error);
});

test("random fills any length and never alike", () => {
  const a = new Uint8Array(200_000);
  const b = new Uint8Array(200_000);
  runtime.random(a);
  runtime.random(b);
  const alike = a.filter((byte, i) => byte === b[i]).length;
  assert(alike < 2_000, `${alike} of 200000 alike`);
  assert(a.subarray(131_072).some((byte) => byte !== 0));
});

test("addresses() are IPv4, loopback last", () => {
  const found = runtime.addresses();
  for (const address of found) assertMatch(address, /^\d+\.\d+\.\d+\.\d+$/);
  const firstLoopback = found.findIndex((address) => address.startsWith("127."));
  assert(firstLoopback >= 0, found.join());
  for (const address of found.slice(firstLoopback)) assert(address.startsWith("127."));
});

test("unservedMs() grows, where the system tells", () => {
  const { unservedMs } = runtime;
  assertEquals(unservedMs !== undefined, existsSync("/proc/self/schedstat"));
  if (unservedMs === undefined) return;
  const before = unservedMs();
  assert(before >= 0 && unservedMs() >= before && before < 1e9, String(before));
});

test("memory() is in bytes", () => {
  const { totalBytes, residentBytes } = runtime.memory();
  assertGreater(totalBytes, 128 * 1024 * 1024);
  assertGreater(residentBytes, 5 * 1024 * 1024);
  assertGreater(totalBytes, residentBytes);
});

test("bootId is the name Linux gives this run of the machine", () => {
  const path = "/proc/sys/kernel/random/boot_id";
  const wanted = existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
  assertEquals(runtime.bootId, wanted);
});
