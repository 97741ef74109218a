import { assertEquals, assertThrows } from "@std/assert";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { FieldError } from "../../../src/base/errors.ts";
import {
  formatGroupTable,
  parseGroup,
  parseGroupTable,
  plainGroup,
} from "../../../src/wire/group.ts";
import { goldenBytes, goldenExchanges } from "../../support/golden.ts";
import { test } from "../../harness.ts";

const captured = (code: number) => goldenExchanges().filter((exchange) => exchange.code === code);

test("captured answers to 201 come out byte for byte", () => {
  assertEquals(captured(201).length, 2);
  for (const { response } of captured(201)) {
    const table = parseGroupTable(utf8(response!.bodyText!));
    assertEquals(formatGroupTable(table), response!.bodyText);
  }
});

test("parseGroupTable() reads Java's file, and what formatGroupTable() writes into one", () => {
  const table = parseGroupTable(textOf(goldenBytes("config/subscriptionGroup.json")));
  assertEquals(table.dataVersion, { counter: 19, timestamp: 1795346624028 });
  assertEquals(table.groups.get("AdminLive"), plainGroup("AdminLive"));
  assertEquals(parseGroupTable(formatGroupTable(table, true)), table);
});

test("parseGroup() reads a captured request of 200", () => {
  assertEquals(parseGroup(utf8(captured(200)[0].request.bodyText!)), {
    ...plainGroup("AdminSG"),
    consumeBroadcastEnable: false,
    consumeFromMinEnable: false,
    retryMaxTimes: 3,
  });
});

test("parseGroup() takes Java's defaults for what is not there", () => {
  assertEquals(parseGroup(utf8('{"groupName":"G","later":{}}')), plainGroup("G"));
});

for (
  const { body, field } of [
    { body: "{}", field: "body.groupName" },
    {
      body: '{"groupName":"G","retryMaxTimes":null,"retryQueueNums":"many"}',
      field: "body.retryQueueNums",
    },
    { body: '{"groupName":"G","consumeEnable":1}', field: "body.consumeEnable" },
  ]
) {
  test(`parseGroup() names ${field} when it cannot be read`, () => {
    const error = assertThrows(() => parseGroup(utf8(body)), FieldError);
    assertEquals((error as FieldError).field, field);
  });
}
