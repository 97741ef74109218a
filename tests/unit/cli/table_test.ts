import { assertEquals } from "@std/assert";
import { tableOf, widthOf } from "../../../src/cli/table.ts";
import { test } from "../../harness.ts";

test("tableOf() aligns columns and leaves no spaces at the end of a line", () => {
  assertEquals(
    tableOf([["a", "bb", "c"], ["aaa", "", ""], ["", "b", "ccc"]], "  "),
    [
      "  a    bb  c",
      "  aaa",
      "       b   ccc",
      "",
    ].join("\n"),
  );
  assertEquals(tableOf([]), "");
});

test("tableOf() aligns letters that are wide, and those that take no place", () => {
  for (
    const [text, columns] of [
      ["abc", 3],
      ["訂單", 4],
      ["ｶﾅ", 2],
      ["전표", 4],
      ["Ａ", 2],
      ["e\u0301", 1],
      ["é", 1],
      ["🚀", 2],
      ["👩\u200d🚀", 4], // two pictures where a terminal cannot join them
      ["Zürich→", 7],
    ] as const
  ) assertEquals(widthOf(text), columns, text);
  assertEquals(tableOf([["訂單", "1"], ["orders", "2"]]), "訂單    1\norders  2\n");
});

test("tableOf() shows control characters, so that a key cannot break a line or move the cursor", () => {
  const rows = [["a\nb\tc", "1"], ["\x1b[2Jd\x07", "2"], ["\x9bK\x7f", "3"]];
  assertEquals(
    tableOf(rows),
    "a\\nb\\tc           1\n\\u001b[2Jd\\u0007  2\n\\u009bK\\u007f     3\n",
  );
});
