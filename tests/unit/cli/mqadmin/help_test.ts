import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { all } from "../../../../src/cli/mqadmin/all.ts";
import { helpText, listText } from "../../../../src/cli/mqadmin/help.ts";
import { test } from "../../../harness.ts";

test("helpText() shows flags with letters, meanings, what is needed, and examples", () => {
  assertEquals(
    helpText("updateTopicPerm", all.updateTopicPerm),
    `Change what clients may do with a topic.

Usage: pocketmq admin updateTopicPerm (-b ADDR) (-c TEXT) -t TOPIC -p TEXT [-n TEXT]

  -b, --brokerAddr ADDR   on that master alone, host:port
  -c, --clusterName TEXT  on every master of that cluster that has it
  -t, --topic TOPIC       the topic; needed
  -p, --perm TEXT         what clients may do: 2 write, 4 read, 6 both; needed
  -n, --namesrvAddr TEXT  name servers, A:P;B:P; default NAMESRV_ADDR, else 127.0.0.1:9876
      --json              one JSON object a line

Exactly one of -b or -c must be given.

Examples:
  pocketmq admin updateTopicPerm -c DefaultCluster -t orders -p 4
`,
  );
});

test("helpText() shows what a flag may be, and that one is not supported", () => {
  const text = helpText("x", {
    summary: "X",
    examples: ["x"],
    flags: {
      method: { kind: "text", letter: "m", choices: ["put", "get"], meaning: "how" },
      order: { kind: "truth", letter: "o", meaning: "whether" },
      list: { kind: "switch", letter: "l", meaning: "as a list" },
      size: { kind: "count", letter: "s", meaning: "how much", unsupported: "nobody asks" },
    },
    run: () => Promise.resolve(0),
  });
  assertStringIncludes(text, "\nUsage: pocketmq admin x [-m put|get] [-o true|false] [-l] [-s N] ");
  assertMatch(text, /\n {2}-l, --list +as a list\n/);
  assertMatch(text, /\n {2}-s, --size N +how much; not supported: nobody asks\n/);
});

test("no line of any command's help is wider than a page", () => {
  for (const [name, command] of Object.entries(all)) {
    for (const line of helpText(name, command).split("\n")) {
      assertEquals(line.length <= 110, true, `${name}: ${line}`);
    }
  }
});

test("listText() has a line for every command, those too that do nothing here", () => {
  const text = listText(all);
  for (const [name, { summary }] of Object.entries(all)) {
    assertMatch(text, new RegExp(`\n  ${name} +${summary.slice(0, 20)}`));
  }
  assertStringIncludes(text, "access control lists (not supported yet)\n");
});
