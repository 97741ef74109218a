import { assertEquals } from "@std/assert";
import { bench } from "../../../../src/cli/bench/bench.ts";
import { produce } from "../../../../src/cli/bench/produce.ts";
import { consume } from "../../../../src/cli/bench/consume.ts";
import { replicate } from "../../../../src/cli/bench/replicate.ts";
import { helpOf } from "../../../../src/cli/help.ts";
import { test } from "../../../harness.ts";

for (const [name, { flags }] of Object.entries({ produce, consume, replicate })) {
  test(`bench --help tells of every flag of ${name}`, () => {
    const help = helpOf(bench);
    const missing = Object.keys(flags).filter((flag) => !help.includes(`--${flag}`));
    assertEquals(missing, []);
  });
}

test("bench --help fits a terminal of 92 columns", () => {
  const lines = helpOf(bench).split("\n");
  assertEquals(lines.filter((line) => line.length > 92), []);
});
