import { assertEquals } from "@std/assert";
import type { Command } from "../../../src/cli/command.ts";
import { bashScript } from "../../../src/cli/completion/bash.ts";
import { fishScript } from "../../../src/cli/completion/fish.ts";
import { placesOf, quoted } from "../../../src/cli/completion/places.ts";
import { zshScript } from "../../../src/cli/completion/zsh.ts";
import { verb } from "../../../src/cli/verb.ts";
import { test } from "../../harness.ts";
import { assertGolden } from "../../support/golden_text.ts";

const run = () => Promise.resolve(0);
const texts = { usage: "", summary: "", help: "" };
const commands: Command[] = [
  {
    ...texts,
    name: "topic",
    verbs: {
      list: verb({ flags: { json: { kind: "switch" } }, words: [], run }),
      kv: {
        verbs: {
          put: verb({
            flags: {
              broker: { kind: "text", letter: "b", names: "broker" },
              as: { kind: "text", choices: ["tree", "table"] },
              max: { kind: "count" },
            },
            words: [
              { what: "a topic", kind: "topic" },
              { what: "a permission", choices: ["R", "W"] },
              { what: "a value", kind: "text", optional: true },
            ],
            run,
          }),
        },
      },
    },
  },
];
const places = placesOf(commands, {
  master: { kind: "switch" },
  c: { kind: "text", names: "file" },
});

test("placesOf() says what may come at each place", () => {
  assertEquals(places, [
    { path: "", verbs: ["topic", "help"], flags: ["--master", "-c=file", "--help"], words: [] },
    { path: "help", verbs: ["topic"], flags: [], words: [] },
    { path: "topic", verbs: ["list", "kv"], flags: ["--help"], words: [] },
    { path: "topic list", verbs: [], flags: ["--json", "--help"], words: [] },
    { path: "topic kv", verbs: ["put"], flags: ["--help"], words: [] },
    {
      path: "topic kv put",
      verbs: [],
      flags: ["--broker=broker", "-b=broker", "--as=@tree,table", "--max=any", "--help"],
      words: ["topic", "@R,W", "any"],
    },
  ]);
});

// The scripts run in their real shells in tests/e2e/completion_test.ts, where those are installed.
for (
  const [shell, script] of Object.entries({ bash: bashScript, zsh: zshScript, fish: fishScript })
) {
  test(`the completion script of ${shell} is the one that was tried in it`, () => {
    assertGolden(`cli/completion.${shell}`, script(places));
  });
}

test("quoted() leaves a shell nothing to read", () => {
  assertEquals(quoted("a$b 'c'"), `'a$b '\\''c'\\'''`);
});
