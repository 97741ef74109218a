import { assert, assertEquals } from "@std/assert";
import { helpOf, nodeHelp, overview } from "../../../src/cli/help.ts";
import { commands } from "../../../src/cli/main.ts";
import { NODE_FLAGS } from "../../../src/cli/node_flags.ts";
import type { Verb, Verbs } from "../../../src/cli/verb.ts";
import { test } from "../../harness.ts";
import { assertGolden } from "../../support/golden_text.ts";

// Whoever changes a help text reads the whole of it in the diff.
test("pocketmq says what it does", () => assertGolden("cli/help/pocketmq.txt", overview(commands)));
test("pocketmq --master --help lists every key", () =>
  assertGolden("cli/help/node.txt", nodeHelp()));
for (const command of commands) {
  if (command.name === "admin") continue; // its list is made of its commands
  test(`pocketmq ${command.name} --help says what it does`, () =>
    assertGolden(`cli/help/${command.name}.txt`, helpOf(command)));
}

for (const command of commands) {
  if (command.name === "admin") continue; // each of its commands has a help of its own
  test(`the help of ${command.name} tells each of its flags, and shows examples`, () => {
    const text = helpOf(command);
    for (const flag of flagsOf(command)) {
      if (isOfNode(command.name, flag)) continue;
      assert(new RegExp(`--${flag}\\b`).test(text), `--${flag} is missing`);
    }
    assert(text.includes("\nExamples:\n"), "no examples");
    const wide = text.split("\n").filter((line) => line.length > 100);
    assertEquals(wide, [], "lines that are too long");
  });
}

/** Two commands take every key of a node; those are in node.txt. */
function isOfNode(name: string, flag: string): boolean {
  return ["health", "config"].includes(name) && Object.hasOwn(NODE_FLAGS, flag);
}

function flagsOf(does: Verb | Verbs): string[] {
  if (!("verbs" in does)) return Object.keys(does.flags);
  return [...new Set(Object.values(does.verbs).flatMap(flagsOf))];
}
