import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { FieldError } from "../../../src/base/errors.ts";
import { decodeCommand } from "../../../src/wire/codec.ts";
import { formatSend, parseSend, parseSendV2, type SendRequest } from "../../../src/wire/send.ts";
import { goldenExchanges, goldenFrame } from "../../support/golden.ts";
import { test } from "../../harness.ts";

const LETTERS: Record<string, keyof SendRequest> = {
  a: "producerGroup",
  b: "topic",
  c: "defaultTopic",
  d: "defaultTopicQueueNums",
  e: "queueId",
  f: "sysFlag",
  g: "bornTimestamp",
  h: "flag",
  i: "properties",
  j: "reconsumeTimes",
  k: "unitMode",
  l: "maxReconsumeTimes",
  m: "batch",
};

/** The fields of a send by their long names. */
function longNames(ext: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(ext).map(([letter, value]) => [LETTERS[letter], value]));
}

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
const int32 = fc.integer();
const sends: fc.Arbitrary<SendRequest> = fc.record({
  producerGroup: text,
  topic: text,
  defaultTopic: text,
  defaultTopicQueueNums: int32,
  queueId: int32,
  sysFlag: int32,
  bornTimestamp: fc.maxSafeInteger(),
  flag: int32,
  properties: fc.string({ unit: "grapheme" }),
  reconsumeTimes: int32,
  unitMode: fc.boolean(),
  maxReconsumeTimes: fc.option(int32, { nil: undefined }),
  batch: fc.boolean(),
});

const REQUIRED = formatSend({
  producerGroup: "PG",
  topic: "T",
  defaultTopic: "TBW102",
  defaultTopicQueueNums: 4,
  queueId: 1,
  sysFlag: 0,
  bornTimestamp: 1700000000000,
  flag: 0,
  properties: "",
  reconsumeTimes: 0,
  unitMode: false,
  batch: false,
}, new Uint8Array(0)).ext!;

test("parseSend() and parseSendV2() give back what formatSend() got", () => {
  fc.assert(fc.property(sends, (send) => {
    const { ext, code } = formatSend(send, new Uint8Array(0));
    assertEquals(parseSendV2(ext!), send);
    assertEquals(parseSend(longNames(ext!)), send);
    assertEquals(code, send.batch ? 320 : 310);
  }));
});

test("formatSend() gives captured sends back, but for fields that brokers ignore", () => {
  const captured = goldenExchanges().filter(({ code }) => [310, 320, 325].includes(code));
  assertEquals(captured.length, 5);
  for (const { request } of captured) {
    const { ext } = decodeCommand(goldenFrame(request));
    const { n: _brokerName, ...known } = ext;
    assertEquals(formatSend(parseSendV2(ext), new Uint8Array(0)).ext, known);
  }
});

for (const letter of ["a", "b", "c", "d", "e", "f", "g", "h"]) {
  test(`parseSendV2() refuses a send without ${LETTERS[letter]}`, () => {
    const { [letter]: _, ...rest } = REQUIRED;
    const message = `field "${LETTERS[letter]}" is missing`;
    assertThrows(() => parseSendV2(rest), FieldError, message);
    assertThrows(() => parseSend(longNames(rest)), FieldError, message);
  });
}

for (const letter of ["d", "e", "f", "g", "h", "j", "l"]) {
  test(`parseSendV2() refuses a send whose ${LETTERS[letter]} is no number`, () => {
    const ext = { ...REQUIRED, [letter]: "abc" };
    const message = `field "${LETTERS[letter]}" is "abc"`;
    assertThrows(() => parseSendV2(ext), FieldError, message);
    assertThrows(() => parseSend(longNames(ext)), FieldError, message);
  });
}
