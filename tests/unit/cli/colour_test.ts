import { assertEquals } from "@std/assert";
import { coloured, paintFor, plain } from "../../../src/cli/colour.ts";
import { tableOf } from "../../../src/cli/table.ts";
import { test } from "../../harness.ts";

test("paintFor() colours on a terminal, unless NO_COLOR or a dumb terminal says no", () => {
  assertEquals(paintFor({ stdoutIsTerminal: true, env: {} }), coloured);
  assertEquals(paintFor({ stdoutIsTerminal: true, env: { NO_COLOR: "" } }), coloured);
  assertEquals(paintFor({ stdoutIsTerminal: true, env: { NO_COLOR: "1" } }), plain);
  assertEquals(paintFor({ stdoutIsTerminal: true, env: { TERM: "dumb" } }), plain);
  assertEquals(paintFor({ stdoutIsTerminal: false, env: {} }), plain);
});

test("colour takes no column of a table", () => {
  const rows = ({ red, green }: typeof plain) => [[red("GONE"), "a"], [green("OK"), "b"]];
  const shown = tableOf(rows(coloured));
  assertEquals(shown, "\x1b[31mGONE\x1b[39m  a\n\x1b[32mOK\x1b[39m    b\n");
  assertEquals(tableOf(rows(plain)), "GONE  a\nOK    b\n");
});
