import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../../src/cli/exit.ts";
import type { MqadminFlag } from "../../../../src/cli/mqadmin/command.ts";
import { readGiven } from "../../../../src/cli/mqadmin/flags.ts";
import { test } from "../../../harness.ts";

const flags = {
  topic: { kind: "text", letter: "t", required: true, meaning: "" },
  brokerAddr: { kind: "text", letter: "b", meaning: "" },
  clusterName: { kind: "text", letter: "c", meaning: "" },
  readQueueNums: { kind: "count", letter: "r", meaning: "" },
  order: { kind: "truth", letter: "o", meaning: "" },
  list: { kind: "switch", letter: "l", meaning: "" },
  method: { kind: "text", letter: "m", choices: ["put", "get"], meaning: "" },
  trace: { kind: "truth", letter: "x", unsupported: "traces are sent by clients", meaning: "" },
} as const satisfies Readonly<Record<string, MqadminFlag>>;
const read = (line: string, oneOf: readonly string[] = []) =>
  readGiven("updateTopic", { flags, oneOf }, line.split("|").filter(Boolean));

const NONE = {
  namesrvAddr: undefined,
  json: false,
  topic: "T",
  brokerAddr: undefined,
  clusterName: undefined,
  readQueueNums: undefined,
  order: undefined,
  list: false,
  method: undefined,
  trace: undefined,
};

for (
  const { line, gives } of [
    { line: "-t|T", gives: {} },
    { line: "--topic|T", gives: {} },
    { line: "--topic=T|--json", gives: { json: true } },
    {
      line: "-tT|-n10.0.0.1:9876;10.0.0.2:9876",
      gives: { namesrvAddr: "10.0.0.1:9876;10.0.0.2:9876" },
    },
    { line: "-t| T |-r|16|-l", gives: { readQueueNums: 16, list: true } },
    { line: "-t|a=b", gives: { topic: "a=b" } },
    { line: "-t|-1", gives: { topic: "-1" } },
    { line: "-o|TRUE|-t|T", gives: { order: true } },
    { line: "-t|T|-m|put", gives: { method: "put" } },
  ]
) {
  test(`"${line}" is read as mqadmin reads it`, () =>
    assertEquals(read(line), { ...NONE, ...gives }));
}

for (
  const { line, oneOf, says } of [
    { line: "", says: "updateTopic needs -t (--topic)" },
    { line: "-t", says: "-t (--topic) needs a value" },
    { line: "-t|T|-t|U", says: "--topic is given twice" },
    { line: "-t|T|more", says: 'updateTopic does not take "more", a value stands behind its flag' },
    { line: "-t|T|-z|1", says: "unknown flag -z" },
    { line: "--topc|T", says: "unknown flag --topc, did you mean --topic?" },
    { line: "--toString|T", says: "unknown flag --toString" },
    { line: "-t|T|-r|many", says: '-r (--readQueueNums) is "many", it must be a whole number' },
    { line: "-t|T|-o|yes", says: '-o (--order) is "yes", it must be true or false' },
    { line: "-t|T|-m|take", says: '-m (--method) is "take", it must be put or get' },
    { line: "-t|T|--list=1", says: "--list takes no value" },
    { line: "-t|T|-x|true", says: "-x (--trace) is not supported: traces are sent by clients" },
    {
      line: "-t|T",
      oneOf: ["brokerAddr", "clusterName"],
      says: "updateTopic needs -b (--brokerAddr) or -c (--clusterName)",
    },
    {
      line: "-t|T|-b|h:1|-c|C",
      oneOf: ["brokerAddr", "clusterName"],
      says: "updateTopic needs -b (--brokerAddr) or -c (--clusterName), not both",
    },
  ]
) {
  test(`"${line}" is refused: ${says}`, () =>
    void assertThrows(() => read(line, oneOf), UsageError, says));
}
