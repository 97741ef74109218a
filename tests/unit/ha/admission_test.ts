import { assertEquals, assertThrows } from "@std/assert";
import { WireError } from "../../../src/base/errors.ts";
import { foreignOf, type Held, startOf } from "../../../src/ha/admission.ts";
import { test } from "../../harness.ts";

const FILE = 65_536;

for (
  const { first, sent, held, foreign } of [
    { first: 0, sent: 0, held: "unknown", foreign: false },
    { first: 0, sent: 0, held: "other", foreign: false },
    { first: 1, sent: 0, held: "other", foreign: false },
    { first: 500, sent: 0, held: "unknown", foreign: false },
    { first: 500, sent: 500, held: "other", foreign: true },
    { first: 501, sent: 0, held: "unknown", foreign: true },
    { first: 501, sent: 500, held: "unknown", foreign: true },
    { first: 501, sent: 501, held: "unknown", foreign: false },
    { first: 501, sent: 501, held: "other", foreign: true },
    { first: 501, sent: 0, held: "ours", foreign: false },
  ] satisfies { first: number; sent: number; held: Held; foreign: boolean }[]
) {
  test(`foreignOf() born at 500: report ${first}, sent ${sent}, its bytes ${held}: ${foreign}`, () =>
    assertEquals(foreignOf(first, { born: 500, sent, held })?.kind === "FOREIGN", foreign));
}

test("startOf() serves the first file's start to report 0 when older files are gone", () => {
  const log = { minOffset: 2 * FILE, tail: 3 * FILE, fileBytes: FILE };
  assertEquals(startOf(0, log, "min"), 2 * FILE);
  assertEquals(startOf(0, log, "last"), 3 * FILE); // a tail at a file end: nothing older at all
  assertEquals(startOf(0, log, 5), 2 * FILE);
  assertEquals(startOf(0, log, 2 ** 50), 3 * FILE);
  assertEquals(startOf(3 * FILE, log, "min"), 3 * FILE);
  assertThrows(() => startOf(3 * FILE + 1, log, "min"), WireError);
});
