import { assertEquals } from "@std/assert";
import { durationMs, durationText } from "../../../src/base/duration.ts";
import { test } from "../../harness.ts";

test("durationMs() knows seconds, minutes, hours and days, and nothing else", () => {
  assertEquals(["1s", "2m", "3h", "4d"].map(durationMs), [1e3, 12e4, 108e5, 3456e5]);
  for (const text of ["", "5", "s", "1.5h", "-1s", "1w", "1s ", "1234567s"]) {
    assertEquals(durationMs(text), undefined, text);
  }
});

test("durationText() is what durationMs() reads, in the largest unit", () => {
  const texts = ["1s", "90s", "2m", "61m", "3h", "25h", "4d", "0s"];
  assertEquals(texts.map((text) => durationText(durationMs(text)!)), texts);
  assertEquals(durationText(3_600_000), "1h");
});
