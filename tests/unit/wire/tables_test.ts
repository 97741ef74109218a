import { assertEquals, assertThrows } from "@std/assert";
import { textOf } from "../../../src/base/bytes.ts";
import { FieldError } from "../../../src/base/errors.ts";
import { JsonBody } from "../../../src/wire/json_body.ts";
import {
  formatDelayTable,
  formatJson,
  parseDelayTable,
  readDataVersion,
  sameVersion,
} from "../../../src/wire/tables.ts";
import { goldenBytes } from "../../support/golden.ts";
import { test } from "../../harness.ts";

const version = (text: string) => readDataVersion(JsonBody.parse(text));

test("readDataVersion() keeps the state version of 5.x", () => {
  assertEquals(version('{"counter":3,"timestamp":1700000000000}'), {
    counter: 3,
    timestamp: 1700000000000,
  });
  const later = { counter: 3, stateVersion: 1, timestamp: 5 };
  assertEquals(version(JSON.stringify(later)), later);
  assertThrows(() => version('{"counter":"x"}'), FieldError, "body.counter");
});

test("sameVersion() compares every part; no state version is 0", () => {
  const a = { counter: 3, timestamp: 5 };
  assertEquals(sameVersion(a, { ...a, stateVersion: 0 }), true);
  assertEquals(sameVersion(a, { ...a, stateVersion: 1 }), false);
  assertEquals(sameVersion(a, { ...a, counter: 4 }), false);
  assertEquals(sameVersion(a, { ...a, timestamp: 4 }), false);
});

test("parseDelayTable() reads Java's file, and what formatDelayTable() writes", () => {
  const table = parseDelayTable(textOf(goldenBytes("config/delayOffset.json")));
  assertEquals(table, new Map([[1, 1], [2, 1]]));
  assertEquals(formatDelayTable(table), '{"offsetTable":{1:1,2:1}}');
  assertEquals(parseDelayTable(formatDelayTable(table)), table);
  assertEquals(formatDelayTable(new Map()), '{"offsetTable":{}}');
});

test("formatDelayTable() writes Java's file byte for byte", () => {
  const file = textOf(goldenBytes("config/delayOffset.json"));
  assertEquals(formatDelayTable(parseDelayTable(file), true), file);
  assertEquals(formatDelayTable(new Map(), true), '{\n\t"offsetTable":{}\n}');
});

for (
  const body of ["{}", '{"offsetTable":1}', '{"offsetTable":{"01":1}}', '{"offsetTable":{"a":1}}']
) {
  test(`parseDelayTable() refuses ${body}`, () => {
    assertThrows(() => parseDelayTable(body), FieldError, "body.offsetTable");
  });
}

test("formatJson() breaks lines and indents by tabs when it is for a file", () => {
  assertEquals(formatJson({ a: { b: 1 } }, false), '{"a":{"b":1}}');
  assertEquals(formatJson({ a: { b: 1 } }, true), '{\n\t"a": {\n\t\t"b": 1\n\t}\n}');
});
