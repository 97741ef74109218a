import { assertEquals } from "@std/assert";
import { sizeText } from "../../../src/wire/size_text.ts";
import { test } from "../../harness.ts";

test("sizeText() is as the Java broker writes sizes", () => {
  const sizes = [0, 1023, 1024, 3_420, 270_582_939_648, 1024 ** 4, 3 * 1024 ** 6];
  assertEquals(sizes.map(sizeText), [
    "0 B",
    "1023 B",
    "1.0 KiB",
    "3.3 KiB",
    "252.0 GiB",
    "1.0 TiB",
    "3.0 EiB",
  ]);
});
