import { assertEquals, assertThrows } from "@std/assert";
import { parseFlags, parseNode } from "../../../src/cli/args.ts";
import { UsageError } from "../../../src/cli/exit.ts";
import { test } from "../../harness.ts";

const flags = {
  tag: { kind: "text" },
  count: { kind: "count" },
  json: { kind: "switch" },
  namesrvAddr: { kind: "text", letter: "n" },
} as const;

test("parseFlags() gives flags by their kind, and words as they were written", () => {
  const { flags: got, words } = parseFlags(
    ["topic", "007", "--tag", "1e3", "--count=12", "--json", "-n", "10.0.0.1:9876", "-"],
    flags,
  );
  assertEquals(got, { tag: "1e3", count: 12, json: true, namesrvAddr: "10.0.0.1:9876" });
  assertEquals(words, ["topic", "007", "-"]);
});

test("parseFlags() leaves out what was not given", () => {
  const none = { tag: undefined, count: undefined, json: false, namesrvAddr: undefined };
  assertEquals(parseFlags([], flags).flags, none);
});

test("parseFlags() takes everything behind -- for words", () => {
  assertEquals(parseFlags(["a", "--", "--json", "-x"], flags).words, ["a", "--json", "-x"]);
});

for (
  const [args, says] of [
    [["--tga", "x"], "unknown flag --tga, did you mean --tag?"],
    [["--frobnicate=1"], "unknown flag --frobnicate"],
    [["-x"], "unknown flag -x"],
    [["--tag"], "--tag needs a value"],
    [["--tag", "--json"], "--tag needs a value"],
    [["--count", "many"], '--count is "many", it must be a whole number'],
    [["--count=1.5"], '--count is "1.5", it must be a whole number'],
  ] as const
) {
  test(`parseFlags() refuses ${args.join(" ")}`, () => {
    assertEquals(assertThrows(() => parseFlags(args, flags), UsageError).message, says);
  });
}

test("parseNode() reads roles, file and keys, numbers as they were written", () => {
  const node = parseNode(
    "--namesrv --master -c a.conf --brokerName 007 --deleteWhen 04 --listenPort=1 --logFormat json -n a:1"
      .split(" "),
  );
  assertEquals([node.namesrv, node.master, node.slave], [true, true, false]);
  assertEquals([node.file, node.logFormat], ["a.conf", "json"]);
  assertEquals(node.keys, {
    brokerName: "007",
    deleteWhen: "04",
    listenPort: "1",
    namesrvAddr: "a:1",
  });
});

test("parseNode() hands on keys it does not know, for the warning", () => {
  const { keys } = parseNode(["--master", "--brokerNmae", "x", "--some.key=1", "--bare"]);
  assertEquals(keys, { brokerNmae: "x", "some.key": "1", bare: "" });
});

test("parseNode() gives an empty text for a key without a value", () => {
  assertEquals(parseNode(["--master", "--traceTopicEnable"]).keys, { traceTopicEnable: "" });
});

for (
  const [line, says] of [
    ["--listenPort 1", "no role given: --namesrv, --master or --slave, or -c with a broker's file"],
    ["--mastre", "unknown flag --mastre, did you mean --master?"],
    [
      "--master --slave",
      "--master and --slave cannot share a process here; for a group on one machine: pocketmq dev --slaves N",
    ],
    ["--master conf", '"conf" is not a flag; a value stands behind its --KEY'],
    ["--master --logFormat xml", '--logFormat is "xml", it must be text or json'],
    ["--master -c", "-c needs a value, a file"],
  ]
) {
  test(`parseNode() refuses ${line}`, () => {
    assertEquals(assertThrows(() => parseNode(line.split(" ")), UsageError).message, says);
  });
}

test("parseNode() asks for no role when help is wanted", () => {
  assertEquals(parseNode(["--help"]).help, true);
  assertEquals(parseNode(["--master", "-h"]).help, true);
});

test("parseFlags() gives all values of a flag that may be given several times", () => {
  const several = { set: { kind: "texts", letter: "s" } } as const;
  assertEquals(parseFlags(["--set", "a=1", "-s", "b=2", "c"], several), {
    flags: { set: ["a=1", "b=2"] },
    words: ["c"],
  });
  assertEquals(parseFlags([], several).flags, { set: [] });
  assertThrows(() => parseFlags(["--set"], several), UsageError, "--set needs a value");
});
