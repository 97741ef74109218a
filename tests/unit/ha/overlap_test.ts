import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { concat } from "../../../src/base/bytes.ts";
import { WireError } from "../../../src/base/errors.ts";
import { DifferenceError, Overlap, overlapStart, wholeEnd } from "../../../src/ha/overlap.ts";
import { TURN_MS } from "../../../src/store/turn.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { codecs } from "../../support/codecs.ts";
import { FakeLog, noise } from "../../support/fake_log.ts";
import { fillerOf, recordOf, recordsBetween } from "../../support/records.ts";

const FILE = 16_384;

function logOf(...parts: Uint8Array[]): FakeLog {
  const log = new FakeLog(FILE);
  log.commit(concat(parts));
  return log;
}

/** Compares in transfers of `size` bytes that do not cross a file's end; gives what came behind our log. */
async function compare(
  log: FakeLog,
  from: number,
  theirs: Uint8Array,
  size = 1_000,
): Promise<{ overlap: Overlap; left: number }> {
  const overlap = new Overlap(log, from, new VirtualClock());
  for (let at = from; at < theirs.length && !overlap.done;) {
    const end = Math.min(at + size, at - at % FILE + FILE, theirs.length);
    const rest = await overlap.take({ logOffset: at, body: theirs.subarray(at, end) });
    if (rest.body.length > 0) return { overlap, left: rest.logOffset };
    at = end;
  }
  return { overlap, left: overlap.at };
}

for (
  const { name, log, start } of [
    { name: "a log shorter than that", log: logOf(recordsBetween(0, 3_000, FILE)), start: 0 },
    {
      name: "many records",
      log: logOf(recordsBetween(0, 10_500, FILE)),
      start: 6_000, // holds byte 6404
    },
    {
      name: "one large record",
      log: logOf(recordsBetween(0, 3_000, FILE), recordOf(3_000, 9_000)),
      start: 3_000,
    },
    {
      name: "a place in filler: the record before it",
      log: logOf(recordsBetween(0, FILE, FILE, 5_000), recordOf(FILE, 300)),
      start: 5_000,
    },
    {
      name: "a place in a torn record: the one before it",
      log: logOf(recordsBetween(0, 3_000, FILE), recordOf(3_000, 9_000).subarray(0, 8_000)),
      start: 2_000,
    },
  ]
) {
  test(`overlapStart() ${name}: ${start}`, () => assertEquals(overlapStart(log, codecs), start));
}

test("overlapStart() begins before what the disk may have lost", () => {
  const log = logOf(recordsBetween(0, 40_000, FILE));
  assertEquals(overlapStart(log, codecs), 35_768);
  assertEquals(overlapStart(log, codecs, 20_000), 19_384);
  assertEquals(overlapStart(log, codecs, 39_000), 35_768, "not later than always");
  assertEquals(overlapStart(log, codecs, -5), 0);
});

for (
  const { name, log, end } of [
    { name: "nothing", log: logOf(), end: 0 },
    { name: "whole records", log: logOf(recordsBetween(0, 2_500, FILE)), end: 2_500 },
    { name: "a finished file", log: logOf(recordsBetween(0, FILE, FILE)), end: FILE },
    {
      name: "a torn record",
      log: logOf(recordsBetween(0, 2_000, FILE), recordOf(2_000, 900).subarray(0, 899)),
      end: 2_000,
    },
    { name: "only a torn record", log: logOf(recordOf(0, 900).subarray(0, 899)), end: 0 },
    {
      name: "torn filler",
      log: logOf(recordsBetween(0, FILE, FILE, 6_000).subarray(0, FILE - 1)),
      end: 6_000,
    },
  ]
) {
  test(`wholeEnd() ${name}: ${end}`, () => assertEquals(wholeEnd(log, codecs), end));
}

test("wholeEnd() calls nothing torn that is longer than a record", () => {
  const fileBytes = 64 * 1024 * 1024;
  const log = new FakeLog(fileBytes, { capacity: 32 * 1024 * 1024 });
  log.commit(recordsBetween(0, 2_000, fileBytes));
  log.commit(new Uint8Array(20 * 1024 * 1024).fill(7));
  assertThrows(() => wholeEnd(log, codecs), Error, "no whole record from 2000 on");
});

for (const size of [1, 700, 4_096, FILE]) {
  test(`Overlap compares across files, in transfers of ${size}, and hands on what is new`, async () => {
    const theirs = recordsBetween(0, 3 * FILE, FILE);
    const { overlap, left } = await compare(logOf(theirs.slice(0, 40_000)), 9_000, theirs, size);
    assertEquals([overlap.done, overlap.at, left], [true, 40_000, 40_000]);
  });
}

test("Overlap: filler may hold anything, its head may not", async () => {
  const ours = concat([recordOf(0, 6_000), fillerOf(FILE - 6_000, 0), recordOf(FILE, 500)]);
  const theirs = concat([recordOf(0, 6_000), fillerOf(FILE - 6_000, 0xaa), recordOf(FILE, 500)]);
  assertEquals((await compare(logOf(ours), 0, theirs)).overlap.done, true);
  theirs[6_007] ^= 1;
  await assertRejects(() => compare(logOf(ours), 0, theirs), DifferenceError);
});

for (const at of [9_000, 9_001, 14_999, FILE, FILE + 5_000, 39_999]) {
  test(`Overlap finds one other byte at ${at}`, async () => {
    const theirs = recordsBetween(0, 3 * FILE, FILE);
    const log = logOf(theirs.slice(0, 40_000));
    theirs[at] ^= 1;
    const error = await assertRejects(() => compare(log, 9_000, theirs), DifferenceError);
    assertEquals(error.logOffset, at);
  });
}

test("Overlap from byte 1 takes byte 0 for granted", async () => {
  const theirs = recordsBetween(0, 3_000, FILE);
  const { overlap } = await compare(logOf(theirs.slice()), 1, theirs);
  assertEquals([overlap.done, overlap.unitAt], [true, 3_000]);
});

test("Overlap refuses bytes that are not the next ones", async () => {
  const overlap = new Overlap(logOf(recordsBetween(0, 3_000, FILE)), 1_000, new VirtualClock());
  const error = await assertRejects(
    () => overlap.take({ logOffset: 999, body: noise(10) }),
    WireError,
  );
  assertStringIncludes(error.message, "sends from 999, asked for 1000");
});

test("Overlap needs a record to go by", async () => {
  const theirs = concat([recordOf(0, 6_000), fillerOf(FILE - 6_000)]);
  const error = await assertRejects(() => compare(logOf(theirs.slice()), 6_000, theirs), WireError);
  assertStringIncludes(error.message, "no whole record of ours lies before 16384");
});

test("Overlap knows the record that goes on behind a torn end", async () => {
  const theirs = concat([recordsBetween(0, 3_000, FILE), recordOf(3_000, 5_000)]);
  const { overlap, left } = await compare(logOf(theirs.slice(0, 4_000)), 1_000, theirs, 700);
  assertEquals([overlap.unitAt, left], [3_000, 4_000]);
});

test("Overlap lets others go on when its turn is over", async () => {
  const clock = new VirtualClock();
  const theirs = recordsBetween(0, 12_000, FILE);
  const overlap = new Overlap(logOf(theirs.slice()), 1_000, clock);
  clock.pause(TURN_MS);
  let done = false;
  const taken = overlap.take({ logOffset: 1_000, body: theirs.subarray(1_000) })
    .then(() => done = true);
  for (let i = 0; i < 20; i++) await undefined;
  assert(!done, "it waits for the others");
  await clock.settle();
  await taken;
  assertEquals(overlap.done, true);
});
