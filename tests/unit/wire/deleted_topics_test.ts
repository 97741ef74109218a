import { assertEquals, assertThrows } from "@std/assert";
import { FieldError } from "../../../src/base/errors.ts";
import { formatDeletedTopics, parseDeletedTopics } from "../../../src/wire/deleted_topics.ts";
import { formatTopicTable, parseTopicTable } from "../../../src/wire/topic.ts";
import { test } from "../../harness.ts";

const DELETED = new Map([["T", 4096], ["%RETRY%G", 2 ** 40], ["__proto__", 1]]);

test("deletedTopics.json holds a log offset for each name", () => {
  assertEquals(
    formatDeletedTopics(new Map([["T", 4096]])),
    '{\n\t"deletedTopics": {\n\t\t"T": 4096\n\t}\n}',
  );
  for (const deleted of [DELETED, new Map<string, number>()]) {
    assertEquals(parseDeletedTopics(formatDeletedTopics(deleted)), deleted);
  }
});

for (const value of ["-1", '"7"', "1.5", "null", "1e300"]) {
  test(`deletedTopics.json: ${value} is no log offset`, () => {
    assertThrows(() => parseDeletedTopics(`{"deletedTopics":{"T":${value}}}`), FieldError, "T");
  });
}

test("the table of topics tells what was deleted, and says nothing of it when nothing was", () => {
  const table = { dataVersion: { counter: 1, timestamp: 2 }, topics: new Map() };
  const plain = '{"dataVersion":{"counter":1,"timestamp":2},"topicConfigTable":{}}';
  assertEquals(formatTopicTable({ ...table, deleted: new Map() }), plain);
  assertEquals(parseTopicTable(plain), table);
  const told = formatTopicTable({ ...table, deleted: DELETED });
  assertEquals(parseTopicTable(told), { ...table, deleted: DELETED });
});
