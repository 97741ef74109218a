import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { utf8 } from "../../../src/base/bytes.ts";
import { javaHash, javaHashOfUtf8 } from "../../../src/wire/hash.ts";
import { goldenLines } from "../../support/golden.ts";
import { test } from "../../harness.ts";

test("javaHash() gives Java's values", () => {
  for (const { text, hash } of goldenLines<{ text: string; hash: number }>("vectors/hash.jsonl")) {
    assertEquals(javaHash(text), hash, text);
  }
});

test("javaHashOfUtf8() gives the hash of the text the bytes hold", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.nat(5), (text, before) => {
    const bytes = utf8(text);
    const buffer = new Uint8Array(bytes.length + before + 3).fill(200);
    buffer.set(bytes, before);
    assertEquals(javaHashOfUtf8(buffer, before, before + bytes.length), javaHash(text));
  }));
});
