import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { concat, textOf, utf8, viewOf } from "../../../src/base/bytes.ts";
import { decodeCommand } from "../../../src/wire/codec.ts";
import { property, withoutProperty } from "../../../src/wire/properties.ts";
import { parseSendV2 } from "../../../src/wire/send.ts";
import { SendScan } from "../../../src/wire/send_scan.ts";
import { goldenExchanges } from "../../support/golden.ts";
import { test } from "../../harness.ts";

const BODY = utf8("hello");

function frameOf(header: string, body = BODY): Uint8Array {
  const bytes = utf8(header);
  const head = new Uint8Array(4);
  viewOf(head).setUint32(0, bytes.length);
  return concat([head, bytes, body]);
}

const EXT = {
  a: "group",
  b: "Topic",
  c: "TBW102",
  d: "4",
  e: "3",
  f: "0",
  g: "1763818488123",
  h: "7",
  i: "KEYS\x01k\x02WAIT\x01true\x02TAGS\x01A",
  j: "0",
  k: "false",
  m: "false",
};
const HEAD = { code: 310, flag: 0, language: "JAVA", opaque: 5, version: 407 };

/** What is read by the scan is what the parsers say. */
function agrees(frame: Uint8Array): void {
  const scan = new SendScan();
  if (!scan.read(frame)) return;
  const command = decodeCommand(frame);
  const send = parseSendV2(command.ext);
  assertEquals(command.code, 310);
  assertEquals(scan.opaque, command.opaque);
  assertEquals(scan.flag, command.flag);
  assertEquals(textOf(frame.subarray(scan.topicAt, scan.topicEnd)), send.topic);
  assertEquals(scan.queueId, send.queueId);
  assertEquals(scan.sysFlag, send.sysFlag);
  assertEquals(scan.bornTimestamp, send.bornTimestamp);
  assertEquals(scan.userFlag, send.flag);
  assertEquals(scan.reconsumeTimes, send.reconsumeTimes);
  assertEquals(send.batch, false);
  assertEquals(send.unitMode, false);
  assertEquals(property(send.properties, "DELAY"), undefined);
  assertEquals(property(send.properties, "TRAN_MSG"), undefined);
  assertEquals(scan.waits, property(send.properties, "WAIT") !== "false");
  const stored = textOf(scan.properties.subarray(0, scan.propertiesLength));
  assertEquals(stored, withoutProperty(send.properties, "WAIT"));
  assertEquals(frame.subarray(scan.bodyAt), command.body);
}

test("SendScan reads a plain send", () => {
  const frame = frameOf(JSON.stringify({ ...HEAD, extFields: EXT }));
  assert(new SendScan().read(frame));
  agrees(frame);
});

test("SendScan reads the captured sends of the Java client, and agrees on all captured requests", () => {
  let plain = 0;
  for (const { request } of goldenExchanges()) {
    const frame = frameOf(request.header, BODY);
    if (new SendScan().read(frame)) plain++;
    agrees(frame);
  }
  assert(plain > 0, "a plain send was captured");
});

for (
  const { name, header } of [
    { name: "another code", header: { ...HEAD, code: 320, extFields: EXT } },
    { name: "a response", header: { ...HEAD, flag: 1, extFields: EXT } },
    { name: "a negative opaque", header: { ...HEAD, opaque: -1, extFields: EXT } },
    { name: "an opaque that is no int32", header: { ...HEAD, opaque: 2 ** 31, extFields: EXT } },
    { name: "a remark", header: { ...HEAD, remark: "x", extFields: EXT } },
    { name: "an unknown part", header: { ...HEAD, extra: {}, extFields: EXT } },
    { name: "a batch", header: { ...HEAD, extFields: { ...EXT, m: "true" } } },
    { name: "unit mode", header: { ...HEAD, extFields: { ...EXT, k: "true" } } },
    { name: "a queue below 0", header: { ...HEAD, extFields: { ...EXT, e: "-1" } } },
    { name: "an empty topic", header: { ...HEAD, extFields: { ...EXT, b: "" } } },
    { name: "a topic beyond ASCII", header: { ...HEAD, extFields: { ...EXT, b: "größe" } } },
    { name: "properties beyond ASCII", header: { ...HEAD, extFields: { ...EXT, i: "KEYS\x01ö" } } },
    { name: "a quote in a property", header: { ...HEAD, extFields: { ...EXT, i: 'KEYS\x01"' } } },
    { name: "a delay", header: { ...HEAD, extFields: { ...EXT, i: "DELAY\x013" } } },
    {
      name: "half a transaction",
      header: { ...HEAD, extFields: { ...EXT, i: "TRAN_MSG\x01true" } },
    },
    {
      name: "two WAITs",
      header: { ...HEAD, extFields: { ...EXT, i: "WAIT\x01true\x02WAIT\x01false" } },
    },
    { name: "a number that is none", header: { ...HEAD, extFields: { ...EXT, h: "1.5" } } },
    { name: "a missing field", header: { ...HEAD, extFields: { ...EXT, g: undefined } } },
    { name: "ext values that are numbers", header: { ...HEAD, extFields: { ...EXT, e: 3 } } },
  ]
) {
  test(`SendScan leaves ${name} to the parsers`, () => {
    assertEquals(new SendScan().read(frameOf(JSON.stringify(header))), false);
  });
}

test("SendScan leaves what is no JSON to the parsers", () => {
  const good = JSON.stringify({ ...HEAD, extFields: EXT });
  for (
    const header of [
      good + " ",
      good.replace('"opaque":5', '"opaque":05'),
      good.replace('"opaque":5', '"opaque":'),
      good.replace("{", "{,"),
      good.slice(0, -1),
      good.slice(0, -2),
      good.replace('"flag":0,', '"flag":0,,'),
      good.replace('"Topic"', '"To\tpic"'),
      "{}",
      "",
    ]
  ) assertEquals(new SendScan().read(frameOf(header)), false, header);
});

test("SendScan agrees with the parsers on every send it takes", () => {
  const value = fc.oneof(
    fc.constantFrom("0", "3", "007", "false", "true", "", "Topic", "-1", "99999999999"),
    fc.string({ maxLength: 8 }),
  );
  const piece = fc.tuple(
    fc.constantFrom("WAIT", "DELAY", "TRAN_MSG", "KEYS", "TAGS", "W", ""),
    fc.constantFrom("true", "false", "1", "", "a b"),
  ).map(([name, value]) => `${name}\x01${value}`);
  const properties = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join("\x02"));
  const ext = fc.record(
    Object.fromEntries(
      Object.entries(EXT).map(([key, usual]) => [
        key,
        key === "i" ? properties : fc.oneof({ weight: 20, arbitrary: fc.constant(usual) }, value),
      ]),
    ),
    { requiredKeys: ["a", "b", "c", "d", "e", "f", "g", "h"] },
  );
  let taken = 0;
  fc.assert(
    fc.property(ext, fc.nat(), fc.constantFrom(0, 2), (extFields, opaque, flag) => {
      const frame = frameOf(JSON.stringify({ ...HEAD, opaque, flag, extFields }));
      if (new SendScan().read(frame)) taken++;
      agrees(frame);
    }),
    { numRuns: 500 },
  );
  assert(taken > 50, `the scan took ${taken} of 500`);
});

test("SendScan agrees with the parsers on damaged sends, or leaves them", () => {
  const good = frameOf(JSON.stringify({ ...HEAD, extFields: EXT }));
  fc.assert(
    fc.property(fc.nat(good.length - BODY.length - 1), fc.nat(255), (at, byte) => {
      const frame = good.slice();
      frame[at] = byte;
      agrees(frame);
    }),
    { numRuns: 2000 },
  );
});
