import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { concat } from "../../../src/base/bytes.ts";
import { FileSizeError, RecordWalk } from "../../../src/ha/record_walk.ts";
import { test } from "../../harness.ts";
import { noise } from "../../support/fake_log.ts";
import { fillerOf, recordOf, recordsBetween } from "../../support/records.ts";

const FILE = 16_384;

/** Walks bytes of a log from 0 in pieces of `size`, which end at file ends as transfers do. */
function walk(bytes: Uint8Array, size: number, fileBytes = FILE): RecordWalk {
  const walked = new RecordWalk(fileBytes, 0);
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(at + size, at - at % fileBytes + fileBytes, bytes.length);
    walked.lookAt([{ logOffset: at, body: bytes.subarray(at, end) }]);
    at = end;
  }
  return walked;
}

for (const size of [1, 3, 7, 8, 9, 100, 999, 1000, 1001, 16_384]) {
  test(`RecordWalk takes three files of our size, in pieces of ${size}`, () => {
    const bytes = recordsBetween(0, 3 * FILE + 2_500, FILE);
    assertEquals(walk(bytes, size).next, 3 * FILE + 2_500);
  });
}

for (const size of [1, 100, 8_192, 16_384]) {
  for (
    const { name, bytes, reason } of [
      {
        name: "files twice as large, at the record over our end",
        bytes: recordsBetween(0, 2 * FILE, 2 * FILE),
        reason: "the master's record at 16000 has 1000 bytes, it does not end within our file of",
      },
      {
        name: "files half as large, at their filler",
        bytes: recordsBetween(0, 2 * FILE, FILE / 2),
        reason: "the master's filler at 7000 has 1192 bytes, our file of 16384 ends in 9384",
      },
      {
        name: "a record larger than our file",
        bytes: recordOf(0, FILE + 10),
        reason:
          "the master's record at 0 has 16394 bytes, it does not end within our file of 16384",
      },
      {
        name: "a file without a record at its start",
        bytes: concat([recordsBetween(0, FILE, FILE), noise(FILE)]),
        reason: "no record begins at 16384, where a file of ours does",
      },
    ]
  ) {
    test(`RecordWalk finds ${name}, in pieces of ${size}`, () => {
      const error = assertThrows(() => walk(bytes, size), FileSizeError);
      assertStringIncludes(error.message, reason);
    });
  }
}

test("RecordWalk passes over damage within a file, as a slave replicates it", () => {
  const bytes = recordsBetween(0, 2 * FILE, FILE);
  bytes.set(noise(2_000), 3_000);
  assertEquals(walk(bytes, 700).next, 2 * FILE);
});

test("RecordWalk takes a file that is filler from its start, as a record too large leaves it", () =>
  assertEquals(walk(concat([fillerOf(FILE), recordOf(FILE, 500)]), 1_000).next, FILE + 500));

test("RecordWalk goes on within a record whose end is still to come", () => {
  const walked = new RecordWalk(FILE, 0);
  const record = recordOf(0, 1_000);
  walked.look(0, record.subarray(0, 5));
  walked.look(5, record.subarray(5, 400));
  assertEquals(walked.next, 1_000);
  walked.look(400, concat([record.subarray(400), recordOf(1_000, 300)]));
  assertEquals(walked.next, 1_300);
});
