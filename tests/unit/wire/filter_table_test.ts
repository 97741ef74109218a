import { assertEquals, assertThrows } from "@std/assert";
import { textOf } from "../../../src/base/bytes.ts";
import { FieldError } from "../../../src/base/errors.ts";
import { bitsOf } from "../../../src/wire/filter_bits.ts";
import {
  formatFilter,
  formatFilterTable,
  parseFilterTable,
} from "../../../src/wire/filter_table.ts";
import { test } from "../../harness.ts";
import { goldenBytes } from "../../support/golden.ts";

const GOLDEN = textOf(goldenBytes("config/consumerFilter.json"));

test("the filters of a stopped Java broker are read", () => {
  assertEquals(parseFilterTable(GOLDEN), [{
    topic: "IT7mwrqz0or4",
    consumerGroup: "C7_mwrqz0or4",
    expression: "(a BETWEEN 5 AND 14 AND c IN ('even')) OR a = 29",
    expressionType: "SQL92",
    clientVersion: 1795346540914,
    bornTime: 1795346540898,
    deadTime: 1795346542244,
  }]);
});

for (const pretty of [false, true]) {
  test(`what Java wrote comes out as it went in${pretty ? ", with line breaks" : ""}`, () => {
    const text = formatFilterTable(parseFilterTable(GOLDEN), pretty);
    assertEquals(JSON.stringify(JSON.parse(text)), JSON.stringify(JSON.parse(GOLDEN)));
  });
}

test("several topics and groups are written and read, an empty table too", () => {
  const filter = { expressionType: "SQL92", clientVersion: 7, bornTime: 5, deadTime: 0 };
  const table = [
    { ...filter, topic: "T", consumerGroup: "G", expression: "a > 1" },
    { ...filter, topic: "T", consumerGroup: "H", expression: "b = 'x'" },
    { ...filter, topic: "U", consumerGroup: "G", expression: "TRUE" },
  ];
  const text = formatFilterTable(table);
  assertEquals(parseFilterTable(text), table);
  assertEquals(JSON.parse(text).filterDataByTopic.T.groupFilterData.G.dead, false);
  assertEquals(parseFilterTable(formatFilterTable([])), []);
});

test("a filter without an expression is refused by name", () => {
  const text = '{"filterDataByTopic":{"T":{"groupFilterData":{"G":{"expressionType":"SQL92"}}}}}';
  const { message } = assertThrows(() => parseFilterTable(text), FieldError);
  assertEquals(message.includes("body.filterDataByTopic.T.groupFilterData.G.expression"), true);
});

// Asked of the Java classes.
for (
  const { group, topic, bits } of [
    { group: "G", topic: "T", bits: [24, 26, 83] },
    { group: "C7_mwrqz0or4", topic: "IT7mwrqz0or4", bits: [76, 55, 68] },
    { group: "grüße", topic: "x", bits: [0, 105, 67] },
    { group: "CID_RMQ", topic: "0123456789abcdef0123456789", bits: [95, 32, 81] },
  ]
) {
  test(`bitsOf("${group}", "${topic}") are Java's`, () => assertEquals(bitsOf(group, topic), bits));
}

test("one group's filter is told to people as a Java broker tells it", () => {
  const told = formatFilter({
    topic: "Live",
    consumerGroup: "LiveSql",
    expression: "number > 9",
    expressionType: "SQL92",
    clientVersion: 1795400660726,
    bornTime: 1795400660683,
    deadTime: 0,
  });
  assertEquals(
    told,
    `{
\t"bloomFilterData":{
\t\t"bitNum":112,
\t\t"bitPos":[85,96,4]
\t},
\t"bornTime":1795400660683,
\t"clientVersion":1795400660726,
\t"consumerGroup":"LiveSql",
\t"dead":false,
\t"deadTime":0,
\t"expression":"number > 9",
\t"expressionType":"SQL92",
\t"topic":"Live"
}`,
  );
  assertEquals(formatFilter(undefined), "null");
});
