import { assertEquals, assertThrows } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import { WireError } from "../../../src/base/errors.ts";
import { readJsonHeader } from "../../../src/wire/header_json.ts";
import { test } from "../../harness.ts";

const read = (header: unknown) => readJsonHeader(utf8(JSON.stringify(header)));

test("readJsonHeader() makes text of ext values that are none, and drops null", () => {
  const { ext } = read({
    code: 1,
    opaque: 2,
    extFields: { a: "x", n: 7, big: 123456789012, t: true, gone: null },
  });
  assertEquals(ext, { a: "x", n: "7", big: "123456789012", t: "true" });
});

test("readJsonHeader() takes null or no ext fields as none, and ignores unknown keys", () => {
  assertEquals(read({ code: 1, opaque: 2, extFields: null, later: [] }), {
    code: 1,
    language: undefined,
    version: 0,
    opaque: 2,
    flag: 0,
    remark: undefined,
    ext: {},
  });
});

test("readJsonHeader() takes a language by name or by number", () => {
  assertEquals(read({ code: 1, opaque: 2, language: "NEW" }).language, "NEW");
  assertEquals(read({ code: 1, opaque: 2, language: 9 }).language, "GO");
  assertEquals(read({ code: 1, opaque: 2, language: 99 }).language, undefined);
});

for (
  const { name, text, message } of [
    { name: "no JSON", text: "{", message: "header {, it must be a JSON object" },
    { name: "nothing", text: "", message: "it must be a JSON object" },
    { name: "null", text: "null", message: "header null, it must be a JSON object" },
    { name: "an array", text: "[1]", message: "header [1], it must be a JSON object" },
    { name: "no code", text: '{"opaque":1}', message: "header has code missing" },
    { name: "a code of text", text: '{"code":"10","opaque":1}', message: 'code "10", it must be' },
    { name: "a code of 1.5", text: '{"code":1.5,"opaque":1}', message: "code 1.5, it must be" },
    { name: "no opaque", text: '{"code":1}', message: "header has opaque missing" },
    { name: "an opaque past int32", text: '{"code":1,"opaque":4294967296}', message: "4294967296" },
    {
      name: "ext fields in an array",
      text: '{"code":1,"opaque":1,"extFields":["a"]}',
      message: "extFields […], it must be a JSON object",
    },
    {
      name: "an ext value without end",
      text: `{"code":1,"opaque":1,"extFields":{"a":${"[".repeat(1e6)}${"]".repeat(1e6)}}}`,
      message: "",
    },
  ]
) {
  test(`readJsonHeader() refuses ${name}`, () => {
    assertThrows(() => readJsonHeader(utf8(text)), WireError, message);
  });
}
