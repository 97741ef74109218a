import { assertEquals, assertThrows } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import { FieldError } from "../../../src/base/errors.ts";
import { compressBody, unpackBody } from "../../../src/wire/compress.ts";
import { codecs } from "../../support/codecs.ts";
import { test } from "../../harness.ts";

const body = utf8("hello ".repeat(1000));

test("unpackBody() gives back what compressBody() got", () => {
  const packed = compressBody(codecs, { body, sysFlag: 8 | 0x300 });
  assertEquals(packed.sysFlag, 9);
  assertEquals(packed.body.length < 100, true);
  assertEquals(unpackBody(codecs, packed, 6000), body);
});

test("unpackBody() leaves a plain body alone, whatever the type bits say", () => {
  assertEquals(unpackBody(codecs, { body, sysFlag: 0x100 }, 10), body);
});

test("unpackBody() reads both numbers for zlib", () => {
  const packed = compressBody(codecs, { body, sysFlag: 0 });
  assertEquals(unpackBody(codecs, { ...packed, sysFlag: 1 | 3 << 8 }, 6000), body);
});

for (
  const { name, packed, message } of [
    {
      name: "a body larger than the bound",
      packed: compressBody(codecs, { body, sysFlag: 0 }),
      message: "a zlib stream of at most 5999 bytes",
    },
    {
      name: "bytes that are no zlib stream",
      packed: { body: utf8("hello"), sysFlag: 1 },
      message: "it must be a zlib stream",
    },
    {
      name: "LZ4",
      packed: { body, sysFlag: 0x101 },
      message: 'field "body" is "compressed by LZ4"',
    },
    { name: "ZSTD", packed: { body, sysFlag: 0x201 }, message: "compressed by ZSTD" },
    { name: "a later type", packed: { body, sysFlag: 0x401 }, message: "compressed by unknown" },
  ]
) {
  test(`unpackBody() refuses ${name}`, () => {
    assertThrows(() => unpackBody(codecs, packed, 5999), FieldError, message);
  });
}
