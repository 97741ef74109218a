import { assertEquals, assertThrows } from "@std/assert";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { FieldError } from "../../../src/base/errors.ts";
import { decodeCommand } from "../../../src/wire/codec.ts";
import { Fields } from "../../../src/wire/fields.ts";
import { formatTopicTable, parseTopicTable, parseTopicUpdate } from "../../../src/wire/topic.ts";
import { goldenBytes, goldenExchanges, goldenFrame } from "../../support/golden.ts";
import { test } from "../../harness.ts";

const captured = (code: number) => goldenExchanges().filter((exchange) => exchange.code === code);

test("captured answers to 21 come out byte for byte", () => {
  assertEquals(captured(21).length, 2);
  for (const { response } of captured(21)) {
    const table = parseTopicTable(utf8(response!.bodyText!));
    assertEquals(formatTopicTable(table), response!.bodyText);
  }
});

test("parseTopicTable() reads Java's file, and what formatTopicTable() writes into one", () => {
  const table = parseTopicTable(textOf(goldenBytes("config/topics.json")));
  assertEquals(table.dataVersion, { counter: 42, timestamp: 1795346626215 });
  assertEquals(table.topics.get("IT7mwrqz0or4"), {
    order: false,
    perm: 6,
    readQueueNums: 4,
    topicFilterType: "SINGLE_TAG",
    topicName: "IT7mwrqz0or4",
    topicSysFlag: 0,
    writeQueueNums: 4,
  });
  assertEquals(parseTopicTable(formatTopicTable(table, true)), table);
});

test("parseTopicUpdate() reads captured requests of 17", () => {
  const updates = captured(17).map(({ request }) =>
    parseTopicUpdate(new Fields(decodeCommand(goldenFrame(request)).ext))
  );
  assertEquals(
    updates,
    [4, 2].map((queues, i) => ({
      order: false,
      perm: i === 0 ? 6 : 4,
      readQueueNums: queues,
      topicFilterType: "SINGLE_TAG",
      topicName: i === 0 ? "AdminT" : "AdminT2",
      topicSysFlag: 0,
      writeQueueNums: queues,
    })),
  );
});

for (
  const { change, message } of [
    { change: { topic: "" }, message: 'field "topic" is missing' },
    {
      change: { perm: "8" },
      message: 'field "perm" is "8", it must be a whole number from 0 to 7',
    },
    { change: { readQueueNums: "-1" }, message: 'field "readQueueNums" is "-1"' },
    { change: { writeQueueNums: "70000" }, message: 'field "writeQueueNums" is "70000"' },
    { change: { topicFilterType: "NO_TAG" }, message: "it must be SINGLE_TAG or MULTI_TAG" },
  ]
) {
  test(`parseTopicUpdate() refuses ${JSON.stringify(change)}`, () => {
    const { ext } = decodeCommand(goldenFrame(captured(17)[0].request));
    assertThrows(() => parseTopicUpdate(new Fields({ ...ext, ...change })), FieldError, message);
  });
}

for (
  const { body, field } of [
    { body: '{"topicConfigTable":{}}', field: "body.dataVersion" },
    { body: '{"dataVersion":{},"topicConfigTable":{"T":1}}', field: "body.topicConfigTable.T" },
    {
      body: '{"dataVersion":{},"topicConfigTable":{"T":{"perm":[]}}}',
      field: "body.topicConfigTable.T.perm",
    },
  ]
) {
  test(`parseTopicTable() names ${field} when it cannot be read`, () => {
    const error = assertThrows(() => parseTopicTable(body), FieldError);
    assertEquals((error as FieldError).field, field);
  });
}
