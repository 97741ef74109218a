import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import { bytesOfHex, hexOf, utf8 } from "../../../src/base/bytes.ts";
import { FieldError } from "../../../src/base/errors.ts";
import { encodeBatch, splitBatch } from "../../../src/wire/batch.ts";
import { goldenBody, goldenExchanges } from "../../support/golden.ts";
import { test } from "../../harness.ts";

/** Two messages as a Java client sends them. */
const GOLDEN = `
  00000033 00000000 00000000 00000000 00000002 6231 001b 4b455953014b310257414954017472756502544147530154616741
  00000021 00000000 00000000 00000000 00000002 6232 0009 574149540174727565`;

const ENTRIES = [
  { flag: 0, body: utf8("b1"), properties: "KEYS\x01K1\x02WAIT\x01true\x02TAGS\x01TagA" },
  { flag: 0, body: utf8("b2"), properties: "WAIT\x01true" },
];

const entries = fc.array(fc.record({
  flag: fc.integer(),
  body: fc.uint8Array({ maxLength: 40 }),
  properties: fc.string({ unit: "grapheme", maxLength: 20 }),
}));

test("splitBatch() reads a batch that Java wrote", () => {
  assertEquals(splitBatch(bytesOfHex(GOLDEN)), ENTRIES);
});

test("encodeBatch() writes it byte for byte", () => {
  assertEquals(hexOf(encodeBatch(ENTRIES)), hexOf(bytesOfHex(GOLDEN)));
});

test("captured batches come out of encodeBatch() as they went into splitBatch()", () => {
  const sent = goldenExchanges().filter(({ code }) => code === 320);
  assertEquals(sent.length, 2);
  for (const { request } of sent) {
    const body = goldenBody(request);
    assertEquals(hexOf(encodeBatch(splitBatch(body))), hexOf(body));
  }
});

test("splitBatch() gives back what encodeBatch() got", () => {
  fc.assert(fc.property(entries, (batch) => assertEquals(splitBatch(encodeBatch(batch)), batch)));
});

test("splitBatch() does not look at totalSize", () => {
  const batch = encodeBatch(ENTRIES).slice();
  new DataView(batch.buffer).setInt32(0, -5);
  assertEquals(splitBatch(batch), ENTRIES);
});

test("splitBatch() throws only FieldError, whatever the bytes are", () => {
  const damaged = fc.tuple(entries, fc.nat(), fc.nat(255)).map(([batch, at, byte]) => {
    const bytes = encodeBatch(batch).slice();
    if (bytes.length > 0) bytes[at % bytes.length] = byte;
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 90 })), (bytes) => {
      try {
        splitBatch(bytes);
      } catch (error) {
        assertInstanceOf(error, FieldError);
      }
    }),
    { numRuns: 1000 },
  );
});

const head = "00000000 00000000 00000000 00000000";
for (
  const { name, hex, message } of [
    { name: "an entry cut short", hex: head, message: "entry of 22 bytes at byte 0 of 16" },
    {
      name: "a negative body length",
      hex: `${head} ffffffff 0000`,
      message: "body and length of properties of 1 bytes at byte 20 of 22",
    },
    {
      name: "a body past the end",
      hex: `${head} 00000001 0000`,
      message: "body and length of properties of 3 bytes at byte 20 of 22",
    },
    {
      name: "properties past the end",
      hex: `${head} 00000000 0001`,
      message: "properties of 1 bytes at byte 22 of 22",
    },
    {
      name: "a negative length of properties",
      hex: `${head} 00000000 ffff`,
      message: "properties of -1 bytes at byte 22 of 22",
    },
  ]
) {
  test(`splitBatch() refuses ${name}`, () => {
    assertThrows(() => splitBatch(bytesOfHex(hex)), FieldError, message);
  });
}
