import { assertEquals, assertRejects } from "@std/assert";
import type { Context } from "../../../src/cli/command.ts";
import { UsageError } from "../../../src/cli/exit.ts";
import { runVerbs, verb, type Verbs } from "../../../src/cli/verb.ts";
import { test } from "../../harness.ts";

const route = verb({
  flags: { json: { kind: "switch" }, as: { kind: "text", choices: ["tree", "table"] } },
  words: [{ what: "a topic", kind: "topic" }, { what: "a cluster", optional: true }],
  run: (_context, { flags, words: [topic, cluster] }) => {
    seen.push({ topic, cluster, json: flags.json, as: flags.as });
    return Promise.resolve(7);
  },
});
const seen: unknown[] = [];
const verbs: Verbs = {
  verbs: {
    list: verb({ flags: {}, words: [], run: later }),
    kv: { verbs: { route } },
    say: verb({ flags: {}, words: [{ what: "a text", kind: "text" }], run: later }),
  },
};
const run = (...args: string[]) => runVerbs(verbs, {} as Context, args, "topic");

function later(): Promise<number> {
  return Promise.resolve(0);
}

test("runVerbs() gives the verb its flags and words, however deep it is", async () => {
  seen.length = 0;
  assertEquals(await run("kv", "route", "T", "--json"), 7);
  assertEquals(await run("kv", "route", "--as", "tree", "T", "C"), 7);
  assertEquals(seen, [
    { topic: "T", cluster: undefined, json: true, as: undefined },
    { topic: "T", cluster: "C", json: false, as: "tree" },
  ]);
});

for (
  const { args, says } of [
    { args: [], says: "topic needs a word first: list, kv or say" },
    { args: ["--json", "list"], says: "topic needs a word first: list, kv or say" },
    { args: ["lsit"], says: 'unknown word "lsit" behind topic, did you mean list?' },
    {
      args: ["toString"],
      says: 'unknown word "toString" behind topic, it must be list, kv or say',
    },
    { args: ["kv", "rout"], says: 'unknown word "rout" behind topic kv, did you mean route?' },
    { args: ["kv", "route"], says: "topic kv route needs a topic" },
    { args: ["kv", "route", "T", "C", "X"], says: 'topic kv route does not take "X"' },
    {
      args: ["say", "good", "bye"],
      says: 'topic say does not take "bye" too; quote a text with spaces in it',
    },
    {
      args: ["kv", "route", "T", "--as", "list"],
      says: '--as is "list", it must be tree or table',
    },
  ]
) {
  test(`runVerbs() refuses topic ${args.join(" ")}`, async () => {
    assertEquals((await assertRejects(() => run(...args), UsageError)).message, says);
  });
}
