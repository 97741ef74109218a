import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../../../src/cli/exit.ts";
import { timeOf } from "../../../src/cli/time.ts";
import { test } from "../../harness.ts";

const NOW = Date.UTC(2026, 0, 31, 12);

test("timeOf() takes a date, ms, or how long ago", () => {
  assertEquals(timeOf("2026-01-31T11:59:00Z", NOW), NOW - 60_000);
  assertEquals(timeOf(String(NOW), NOW), NOW);
  assertEquals(timeOf("10m", NOW), NOW - 600_000);
});

test("timeOf() refuses what is no time", () => {
  for (const text of ["soon", "", "2026-13-45", "-5m"]) {
    const error = assertThrows(() => timeOf(text, NOW), UsageError);
    assertStringIncludes(error.message, `"${text}" is no time`);
  }
});
