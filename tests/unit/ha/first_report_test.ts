import { assertEquals, assertStringIncludes } from "@std/assert";
import { type FirstReport, firstReport, type Logs } from "../../../src/ha/first_report.ts";
import { test } from "../../harness.ts";

const FILE = 1000;

/** Logs where ours is a part of the master's. */
function logs(fields: Partial<Logs>): Logs {
  return {
    fileBytes: FILE,
    master: { min: 0, max: 2500 },
    own: { fileBytes: FILE, min: 0, end: 2000 },
    syncFrom: "min",
    lastRecord: 1900,
    lastRecordIsSame: true,
    overlapFrom: 1500,
    ...fields,
  };
}

const EMPTY = {
  own: { fileBytes: FILE, min: 0, end: 0 },
  lastRecord: undefined,
  lastRecordIsSame: undefined,
};

function shown(first: FirstReport): string {
  return first.kind === "begin"
    ? `report ${first.report}, from ${first.from}`
    : `${first.state}: ${first.why.reason}`;
}

for (
  const { name, given, wanted } of [
    { name: "empty, so is the master", given: { ...EMPTY, master: { min: 0, max: 0 } }, wanted: 0 },
    { name: "empty, one file", given: { ...EMPTY, master: { min: 0, max: 999 } }, wanted: 0 },
    {
      name: "empty, exactly one file: a Java master would begin at the next",
      given: { ...EMPTY, master: { min: 0, max: 1000 } },
      wanted: 1,
    },
    { name: "empty, several files", given: EMPTY, wanted: 1 },
    {
      name: "empty, min above 0",
      given: { ...EMPTY, master: { min: 1000, max: 2500 } },
      wanted: 1000,
    },
    {
      name: "empty, min above 0, exactly its end",
      given: { ...EMPTY, master: { min: 2000, max: 2000 } },
      wanted: 0,
      from: 2000,
    },
    { name: "empty, the last file", given: { ...EMPTY, syncFrom: "last" }, wanted: 2000 },
    {
      name: "empty, the last file is the only one",
      given: { ...EMPTY, syncFrom: "last", master: { min: 0, max: 500 } },
      wanted: 0,
    },
    { name: "empty, an offset", given: { ...EMPTY, syncFrom: 1700 }, wanted: 1000 },
    { name: "empty, an offset in the first file", given: { ...EMPTY, syncFrom: 700 }, wanted: 1 },
    {
      name: "empty, an offset above the master's",
      given: { ...EMPTY, syncFrom: 9e9 },
      wanted: 2000,
    },
    {
      name: "empty, an offset below the master's",
      given: { ...EMPTY, syncFrom: 0, master: { min: 1000, max: 2500 } },
      wanted: 1000,
    },
    {
      name: "our end above its max",
      given: { master: { min: 0, max: 1999 } },
      wanted: "AHEAD: our log ends at 2000, the master's at 1999",
    },
    {
      name: "our end below its min",
      given: { master: { min: 3000, max: 3500 } },
      wanted: "PURGED: our log ends at 2000, the master's begins at 3000",
    },
    {
      name: "none of our records is left in it",
      given: { master: { min: 2000, max: 2500 } },
      wanted: "PURGED: the master's log begins at 2000 and none of our records",
    },
    {
      name: "its record differs",
      given: { lastRecordIsSame: false },
      wanted: "DIVERGED: the master has other bytes than we have at 1900",
    },
    {
      name: "its file size differs",
      given: { fileBytes: 2000 },
      wanted: "WRONG_FILE_SIZE: the master's log files have 2000 bytes, ours have 1000",
    },
    {
      name: "its file size differs, ours is empty",
      given: { ...EMPTY, fileBytes: 2000 },
      wanted: "WRONG_FILE_SIZE",
    },
    {
      name: "another file size comes before all else",
      given: { fileBytes: 2000, lastRecordIsSame: false, master: { min: 0, max: 5 } },
      wanted: "WRONG_FILE_SIZE",
    },
    { name: "equal", given: {}, wanted: 1500 },
    { name: "equal, both end alike", given: { master: { min: 0, max: 2000 } }, wanted: 1500 },
    {
      name: "equal, the overlap begins before its min",
      given: { master: { min: 1000, max: 2500 }, overlapFrom: 900 },
      wanted: 1000,
    },
    {
      name: "equal, the overlap begins at 0, which would mean something else",
      given: { overlapFrom: 0 },
      wanted: 1,
    },
    { name: "not asked yet", given: { lastRecordIsSame: undefined }, wanted: 1500 },
  ] as { name: string; given: Partial<Logs>; wanted: number | string; from?: number }[]
) {
  test(`firstReport() ${name}: ${wanted}`, () => {
    const first = firstReport(logs(given));
    if (typeof wanted === "string") {
      assertStringIncludes(shown(first), wanted);
      assertEquals(first.kind === "stop" && first.why.advice.length > 20, true);
      return;
    }
    assertEquals(first.kind === "begin" && first.report, wanted, shown(first));
  });
}

test("firstReport() 0 for a log that does not begin at 0 still means its first byte", () =>
  assertEquals(firstReport(logs({ ...EMPTY, master: { min: 3000, max: 3400 } })), {
    kind: "begin",
    report: 0,
    from: 3000,
  }));
