import { assertEquals } from "@std/assert";
import { all, commandNamed } from "../../../../src/cli/mqadmin/all.ts";
import type { MqadminFlag } from "../../../../src/cli/mqadmin/command.ts";
import { COMMON } from "../../../../src/cli/mqadmin/flags.ts";
import { test } from "../../../harness.ts";
import { goldenLines } from "../../../support/golden.ts";

/** A command of mqadmin 4.9.7 as it declares itself: flags by letter, long name, "value" or "switch", "needed" or "optional". */
interface Declared {
  readonly name: string;
  readonly alias?: string;
  readonly flags: readonly (readonly [string, string, string, string])[];
  readonly oneOf?: readonly string[];
}

const declared = goldenLines<Declared>("mqadmin/options.jsonl");

/** Commands whose flags mqadmin declares needed by none, and then does nothing without one of these. */
const NEEDED_BY_US = new Set([
  "brokerStatus",
  "getBrokerConfig",
  "updateBrokerConfig",
  "updateTopicPerm",
]);

test("every command of mqadmin 4.9.7 is there, and one that came with 5.0", () => {
  const names = [...declared.map(({ name }) => name), "haStatus"].sort();
  assertEquals(Object.keys(all).sort(), names);
});

for (const { name, alias, flags, oneOf } of declared) {
  test(`${name} has mqadmin's flags, each with its letter, and no others`, () => {
    const ours = all[name];
    const kind = ({ kind }: MqadminFlag) => kind === "switch" ? "switch" : "value";
    const told = Object.entries({ ...ours.flags, ...COMMON }).map(([long, flag]) => [
      flag.letter,
      long,
      kind(flag),
      flag.required ? "needed" : "optional",
    ]).sort(([a], [b]) => a < b ? -1 : 1);
    assertEquals(told, flags.map((flag) => [...flag]));
    assertEquals(ours.alias, alias);
    if (NEEDED_BY_US.has(name)) return;
    const letters = ours.oneOf?.map((long) => ours.flags[long].letter);
    if (oneOf !== undefined) assertEquals(letters, oneOf);
  });
}

test("every command says what it does, on one line, and shows how", () => {
  for (const [name, { summary, examples, flags }] of Object.entries(all)) {
    assertEquals(/^[A-Z].*[^.]$/.test(summary), true, name);
    assertEquals(examples.length > 0, true, name);
    for (const line of examples) assertEquals(line.split(" ")[0], name);
    for (const { meaning } of Object.values(flags)) assertEquals(/[^.]$/.test(meaning), true, name);
  }
});

test("commandNamed() takes upper for lower case, and a second name", () => {
  assertEquals(commandNamed("topicList"), "topicList");
  assertEquals(commandNamed("TOPICLIST"), "topicList");
  assertEquals(commandNamed("deleteaccessconfig"), "deleteAclConfig");
  assertEquals(commandNamed("toString"), undefined);
  assertEquals(commandNamed("topic"), undefined);
});
