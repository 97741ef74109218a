import { assertEquals } from "@std/assert";
import { tableOf } from "../../../src/cli/table.ts";
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
