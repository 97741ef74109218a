import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import { FieldError } from "../../../src/base/errors.ts";
import { formatLooseObject, parseLooseJson } from "../../../src/wire/loose_json.ts";
import { test } from "../../harness.ts";

const QUEUE = '{"brokerName":"b","queueId":0,"topic":"T"}';

for (
  const { text, value } of [
    { text: '{0:"a",1:"b"}', value: { 0: "a", 1: "b" } },
    { text: "{-1:2}", value: { "-1": 2 } },
    { text: `{${QUEUE}:9}`, value: { [QUEUE]: 9 } },
    { text: `{ ${QUEUE} : 9 , {"queueId":1} : 10 }`, value: { [QUEUE]: 9, '{"queueId":1}': 10 } },
    {
      text: `{"messageQueueTable":{${QUEUE}:1},"consumerTable":{"c":{"$ref":"$.x"}}}`,
      value: { messageQueueTable: { [QUEUE]: 1 }, consumerTable: { c: { $ref: "$.x" } } },
    },
    { text: '{\n\t"offsetTable":{1:1,2:1\n\t}\n}', value: { offsetTable: { 1: 1, 2: 1 } } },
    { text: '{"a":"x\\":1,{2:3}","b":0.0}', value: { a: 'x":1,{2:3}', b: 0 } },
    { text: "[]", value: [] },
    { text: '"\\u0041\\n"', value: "A\n" },
    { text: "{0:9223372036854775807}", value: { 0: 9223372036854775807 } },
  ]
) {
  test(`parseLooseJson() reads ${JSON.stringify(text)}`, () =>
    assertEquals(parseLooseJson(text), value));
}

for (
  const { text, message } of [
    { text: "", message: "at character 0 it must be a JSON value" },
    { text: "{", message: "at character 1 it must be a key" },
    { text: "{0}", message: 'at character 2 it must be ":"' },
    { text: "{0:1", message: 'it must be "," or "}"' },
    { text: "{0:1,}", message: "at character 5 it must be a key" },
    { text: "[1 2]", message: 'it must be "," or "]"' },
    { text: "{a:1}", message: "it must be a key" },
    { text: "{1.5:1}", message: 'it must be ":"' },
    { text: "{'a':1}", message: "it must be a key" },
    { text: '"\\x"', message: "it must be text in quotes" },
    { text: '"abc', message: "it must be text in quotes" },
    { text: "01", message: "" },
    { text: "1 1", message: "it must be the end" },
    { text: "[".repeat(65), message: "nested at most 64 deep" },
    { text: "{".repeat(100_000), message: "nested at most 64 deep" },
  ]
) {
  test(`parseLooseJson() refuses ${JSON.stringify(text.slice(0, 20))}`, () => {
    assertThrows(() => parseLooseJson(text), Error, message);
  });
}

test("parseLooseJson() names what it read", () => {
  assertThrows(
    () => parseLooseJson("{x", "delayOffset.json"),
    FieldError,
    'field "delayOffset.json" is "x", it must be JSON; at character 1 it must be a key',
  );
});

test("parseLooseJson() reads all JSON", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
    const text = JSON.stringify(value, null, indent);
    assertEquals(parseLooseJson(text), JSON.parse(text));
  }));
});

test("parseLooseJson() throws only FieldError, whatever the text is", () => {
  const unit = fc.constantFrom(...'{}[]:,"\\ 0-1.eEtrufalsn', "true", "null", '"a"', "\n", "\x01");
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      try {
        parseLooseJson(text);
      } catch (error) {
        assertInstanceOf(error, FieldError);
      }
    }),
    { numRuns: 3000 },
  );
});

test("parseLooseJson() gives back what formatLooseObject() got", () => {
  fc.assert(fc.property(fc.uniqueArray(fc.integer()), (keys) => {
    const text = formatLooseObject(keys.map((key) => [key, `"v${key}"`]));
    assertEquals(
      parseLooseJson(text),
      Object.fromEntries(keys.map((key) => [key, `v${key}`])),
    );
  }));
  assertEquals(formatLooseObject([[QUEUE, 1]]), `{${QUEUE}:1}`);
});
