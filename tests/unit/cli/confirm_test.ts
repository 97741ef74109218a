import { assertEquals } from "@std/assert";
import { confirmed } from "../../../src/cli/confirm.ts";
import { test } from "../../harness.ts";
import { fakeTerminal } from "../../support/fake_terminal.ts";

for (
  const { typed, done } of [
    { typed: ["y"], done: true },
    { typed: [" YES "], done: true },
    { typed: [""], done: false },
    { typed: ["n"], done: false },
    { typed: ["yesterday"], done: false },
    { typed: [], done: false },
  ]
) {
  test(`confirmed() takes ${JSON.stringify(typed)} for a ${done ? "yes" : "no"}`, async () => {
    const { terminal, out } = fakeTerminal({ isTerminal: true, lines: typed });
    assertEquals(await confirmed({ terminal }, { yes: false }, "Delete it?"), done);
    const said = done ? "" : "pocketmq: nothing was changed\n";
    assertEquals(out, { stdout: "", stderr: `Delete it? [y/N] ${said}` });
  });
}

test("confirmed() asks nobody with --yes, nor where nobody sits", async () => {
  for (const [isTerminal, yes] of [[true, true], [false, false]]) {
    const { terminal, out } = fakeTerminal({ isTerminal });
    assertEquals(await confirmed({ terminal }, { yes }, "Delete it?"), true);
    assertEquals(out.stderr, "");
  }
});
