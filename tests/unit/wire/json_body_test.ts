import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import { utf8 } from "../../../src/base/bytes.ts";
import { FieldError } from "../../../src/base/errors.ts";
import { int32Item, JsonBody, textItem } from "../../../src/wire/json_body.ts";
import { test } from "../../harness.ts";

const body = JsonBody.parse(utf8(`{
  "text": "x", "empty": "", "null": null, "n": 7, "long": 9223372036854775807, "flag": true,
  "textNumber": "1795346540797", "textFlag": "false", "list": [1, "2"], "map": {0: "a", "1": "b"}, "half": 1.5
}`));

test("JsonBody reads texts", () => {
  assertEquals([body.text("text"), body.textOr("empty", "y"), body.textOr("null", "y")], [
    "x",
    "",
    "y",
  ]);
});

test("JsonBody reads numbers, clamps long ones, and takes numbers that came as text", () => {
  assertEquals([body.whole("n"), body.whole("none", 3), body.whole("null", 4)], [7, 3, 4]);
  assertEquals(
    [body.long("textNumber"), body.long("long"), body.long("none", 5)],
    [1795346540797, Number.MAX_SAFE_INTEGER, 5],
  );
});

test("JsonBody reads flags, and takes flags that came as text", () => {
  assertEquals([body.flag("flag", false), body.flag("textFlag", true), body.flag("none", true)], [
    true,
    false,
    true,
  ]);
});

test("JsonBody reads lists and maps; what is absent is empty", () => {
  assertEquals(body.list("list", int32Item), [1, 2]);
  assertEquals(body.list("none", int32Item), []);
  assertEquals([...body.each("map")], [["0", "a", "body.map.0"], ["1", "b", "body.map.1"]]);
  assertEquals([...body.each("none")], []);
});

test("JsonBody.choice() takes a name, or its place among the names", () => {
  const choose = (value: unknown) => JsonBody.of({ c: value }, "b").choice("c", ["x", "y"], "y");
  assertEquals([choose("x"), choose(1), choose(undefined), choose(null)], ["x", "y", "y", "y"]);
  for (const wrong of ["z", 2, -1, true]) {
    assertThrows(
      () => choose(wrong),
      FieldError,
      `field "b.c" is "${wrong}", it must be one of x, y`,
    );
  }
});

for (
  const { name, read, message } of [
    { name: "no text", read: () => body.text("none"), message: 'field "body.none" is missing' },
    { name: "empty text", read: () => body.text("empty"), message: "it must be text" },
    {
      name: "a number for text",
      read: () => body.text("n"),
      message: '"body.n" is "7", it must be text',
    },
    {
      name: "a number for text or none",
      read: () => body.textOr("n", ""),
      message: "it must be text",
    },
    { name: "no number", read: () => body.whole("none"), message: 'field "body.none" is missing' },
    {
      name: "a fraction",
      read: () => body.whole("half"),
      message: '"1.5", it must be a whole number',
    },
    {
      name: "a number out of bounds",
      read: () => body.whole("n", 0, 0, 6),
      message: "from 0 to 6",
    },
    {
      name: "text for a long",
      read: () => body.long("text"),
      message: "it must be a whole number",
    },
    {
      name: "text for a flag",
      read: () => body.flag("text", true),
      message: "it must be true or false",
    },
    {
      name: "a map for a list",
      read: () => body.list("map", textItem),
      message: '"{…}", it must be a list',
    },
    {
      name: "a list for a map",
      read: () => [...body.each("list")],
      message: '"[…]", it must be a JSON object',
    },
    { name: "no object", read: () => body.object("none"), message: '"body.none" is missing' },
    {
      name: "an item that is no text",
      read: () => body.list("list", textItem),
      message: "body.list[0]",
    },
    { name: "no body", read: () => JsonBody.parse(""), message: 'field "body" is missing' },
    {
      name: "a body that is no JSON",
      read: () => JsonBody.parse("hello"),
      message: '"hello", it must be JSON',
    },
    {
      name: "a body that is a list",
      read: () => JsonBody.parse("[]"),
      message: "it must be a JSON object",
    },
  ]
) {
  test(`JsonBody refuses ${name}`, () => {
    assertThrows(read, FieldError, message);
  });
}

test("JsonBody throws only FieldError, whatever the bytes are", () => {
  fc.assert(fc.property(fc.oneof(fc.uint8Array(), fc.json().map(utf8)), (bytes) => {
    try {
      JsonBody.parse(bytes).list("a", int32Item);
    } catch (error) {
      assertInstanceOf(error, FieldError);
    }
  }));
});

test("JsonBody says what is wrong with a value of any depth", () => {
  const deep = JsonBody.parse(`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`);
  assertThrows(() => deep.text("a"), FieldError, 'field "body.a" is "[…]", it must be text');
});
