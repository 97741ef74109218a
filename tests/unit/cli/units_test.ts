import { assertEquals } from "@std/assert";
import { bytesText, durationText } from "../../../src/cli/units.ts";
import { test } from "../../harness.ts";

test("bytesText() takes the unit that gives few digits", () => {
  const sizes = [0, 1023, 1024, 1536, 240 * 1024 * 1024, 3 * 1024 ** 4 * 1024];
  assertEquals(sizes.map(bytesText), [
    "0 B",
    "1023 B",
    "1.0 KiB",
    "1.5 KiB",
    "240 MiB",
    "3072 TiB",
  ]);
});

test("durationText() rounds up, to what one waits for", () => {
  assertEquals(
    [0, 1, 40_000, 119_001, 121_000, 7_199_000, 11_100_000].map(durationText),
    ["0 s", "1 s", "40 s", "2 min", "3 min", "2 h 0 min", "3 h 5 min"],
  );
});
