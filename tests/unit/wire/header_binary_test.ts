import { assertEquals, assertThrows } from "@std/assert";
import { bytesOfHex } from "../../../src/base/bytes.ts";
import { WireError } from "../../../src/base/errors.ts";
import { readBinaryHeader } from "../../../src/wire/header_binary.ts";
import { test } from "../../harness.ts";

const FIXED = "0069 00 0197 00000007 00000000 ";

test("readBinaryHeader() reads a code and a version as int16", () => {
  const { code, version, language } = readBinaryHeader(
    bytesOfHex("ffff 63 ffff 00000007 00000000 00000000 00000000"),
  );
  assertEquals([code, version, language], [-1, -1, undefined]);
});

test("readBinaryHeader() takes the last of two equal names, and an empty value", () => {
  const { ext } = readBinaryHeader(bytesOfHex(
    `${FIXED} 00000000 00000017 0001 61 00000001 78  0001 61 00000001 79  0001 62 00000000`,
  ));
  assertEquals(ext, { a: "y", b: "" });
});

for (
  const { name, hex, message } of [
    { name: "a header cut short", hex: "0069", message: "binary header of 2 bytes, at least 21" },
    {
      name: "a remark past the end",
      hex: FIXED + "00000005 00000000",
      message: "remark of 5 bytes at 17, at most 4",
    },
    {
      name: "a negative remark length",
      hex: FIXED + "ffffffff 00000000",
      message: "remark of -1 bytes at 17",
    },
    {
      name: "a remark that leaves no room for the ext length",
      hex: FIXED + "00000002 61626364",
      message: "ext length of 4 bytes at 19, at most 2",
    },
    {
      name: "ext fields past the end",
      hex: FIXED + "00000000 00000001",
      message: "ext fields of 1 bytes at 21, at most 0",
    },
    {
      name: "an ext name past the ext fields",
      hex: FIXED + "00000000 00000004 0003 6162 6364",
      message: "ext name of 3 bytes at 23, at most 2",
    },
    {
      name: "an ext value past the ext fields",
      hex: FIXED + "00000000 00000008 0001 61 00000002 78 79",
      message: "ext value of 2 bytes at 28, at most 1",
    },
    {
      name: "a negative ext value length",
      hex: FIXED + "00000000 00000007 0001 61 ffffffff",
      message: "ext value of -1 bytes at 28",
    },
    {
      name: "an ext entry of one byte",
      hex: FIXED + "00000000 00000001 00",
      message: "length of an ext name of 2 bytes at 21, at most 1",
    },
  ]
) {
  test(`readBinaryHeader() refuses ${name}`, () => {
    assertThrows(() => readBinaryHeader(bytesOfHex(hex)), WireError, message);
  });
}
