import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import { bytesOfHex, concat, hexOf, utf8, viewOf } from "../../../src/base/bytes.ts";
import { WireError } from "../../../src/base/errors.ts";
import { hostBytes } from "../../../src/wire/host_address.ts";
import {
  decodeRecord,
  decodeRecords,
  propertiesTooLong,
  putBlank,
  putRecord,
  type RecordFields,
  recordSizeMax,
  type StoredMessage,
} from "../../../src/wire/message.ts";
import { MESSAGE_MAGIC_V2, RECORD_BYTES_MIN } from "../../../src/wire/record_layout.ts";
import { goldenBody, goldenExchanges } from "../../support/golden.ts";
import { test } from "../../harness.ts";

/** One record made by Java. */
const GOLDEN = bytesOfHex(`
  00000065 daa320a7 3610a686 00000003 00000000 0000000000000005 00000000000003e8 00000000 0000018bcfe56800
  0a000001000011d7 0000018bcfe5687b 0a00000200002a9f 00000000 0000000000000000 00000005 68656c6c6f 02 5431
  0003 6b0176`);

const GOLDEN_MESSAGE: StoredMessage = {
  size: 101,
  magic: 0xdaa320a7 | 0,
  bodyCrc: 907060870,
  queueId: 3,
  flag: 0,
  queueOffset: 5,
  logOffset: 1000,
  sysFlag: 0,
  bornTimestamp: 1700000000000,
  bornHost: { host: "10.0.0.1", port: 4567 },
  storeTimestamp: 1700000000123,
  storeHost: { host: "10.0.0.2", port: 10911 },
  reconsumeTimes: 0,
  preparedOffset: 0,
  body: utf8("hello"),
  topic: "T1",
  properties: "k\x01v",
};

function fieldsOf(message: StoredMessage): RecordFields {
  return {
    ...message,
    topic: utf8(message.topic),
    bornHost: hostBytes(message.bornHost),
    storeHost: hostBytes(message.storeHost),
  };
}

/** The record's bytes, written `before` bytes into a buffer. */
function encode(fields: RecordFields, before = 0): Uint8Array {
  const most = recordSizeMax(fields.topic.length, fields.body.length, fields.properties);
  const buffer = new Uint8Array(before + most);
  return buffer.subarray(before, before + putRecord(buffer, viewOf(buffer), before, fields));
}

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const safe = fc.maxSafeInteger();
const host = fc.record({ host: fc.oneof(fc.ipV4(), fc.ipV6()), port: fc.nat(65535) });
const topic = fc.stringMatching(/^[a-zA-Z0-9_%|-]{1,127}$/);
const records: fc.Arbitrary<RecordFields> = fc.record({
  topic: topic.map(utf8),
  queueId: int32,
  flag: int32,
  queueOffset: safe,
  logOffset: safe,
  sysFlag: fc.nat(0x7ff),
  bornTimestamp: safe,
  bornHost: host.map(hostBytes),
  storeTimestamp: safe,
  storeHost: host.map(hostBytes),
  reconsumeTimes: int32,
  preparedOffset: safe,
  body: fc.uint8Array({ maxLength: 200 }),
  bodyCrc: fc.nat(),
  properties: fc.string({ unit: "grapheme", maxLength: 60 }),
});

test("decodeRecord() reads a record that Java wrote", () => {
  assertEquals(decodeRecord(GOLDEN), GOLDEN_MESSAGE);
});

test("putRecord() writes it byte for byte", () => {
  assertEquals(hexOf(encode(fieldsOf(GOLDEN_MESSAGE))), hexOf(GOLDEN));
});

test("decodeRecords() reads captured pull answers, putRecord() writes them byte for byte", () => {
  const bodies = goldenExchanges()
    .filter(({ code, response }) => [11, 12, 33].includes(code) && response?.bodyHex)
    .map(({ response }) => goldenBody(response!));
  assertEquals(bodies.length > 3, true);
  for (const body of bodies) {
    const messages = decodeRecords(body);
    assertEquals(hexOf(concat(messages.map((m) => encode(fieldsOf(m))))), hexOf(body));
  }
});

test("decodeRecord() gives back what putRecord() got, with any hosts, anywhere in a buffer", () => {
  fc.assert(fc.property(records, fc.nat(50), (fields, before) => {
    const bytes = encode(fields, before);
    const message = decodeRecord(new Uint8Array(bytes.buffer, 0, before + bytes.length), before);
    assertEquals(message.size, bytes.length);
    const hostBits = (fields.bornHost.length === 20 ? 16 : 0) |
      (fields.storeHost.length === 20 ? 32 : 0);
    assertEquals(fieldsOf(message), {
      ...fieldsOf(message), // size and magic
      ...fields,
      sysFlag: (fields.sysFlag & ~48) | hostBits,
    });
  }));
});

test("decodeRecord() reads a V2 record, whose topic length takes two bytes", () => {
  const long = "%RETRY%" + "g".repeat(200);
  const v1 = encode({ ...fieldsOf(GOLDEN_MESSAGE), topic: new Uint8Array(0) });
  const at = RECORD_BYTES_MIN - 3 + 5; // of the topic length
  const bytes = concat([
    v1.subarray(0, at),
    new Uint8Array([0, long.length]),
    utf8(long),
    v1.subarray(at + 1),
  ]);
  viewOf(bytes).setInt32(0, bytes.length);
  viewOf(bytes).setInt32(4, MESSAGE_MAGIC_V2);
  assertEquals(decodeRecord(bytes), {
    ...GOLDEN_MESSAGE,
    size: bytes.length,
    magic: MESSAGE_MAGIC_V2,
    topic: long,
  });
});

test("decodeRecord() throws only WireError, whatever the bytes are", () => {
  const damaged = fc.tuple(
    records,
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
    fc.nat(9),
  )
    .map(([fields, changes, chopped]) => {
      const bytes = encode(fields).slice();
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      return bytes.subarray(0, bytes.length - chopped);
    });
  fc.assert(
    fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      try {
        decodeRecords(bytes);
      } catch (error) {
        assertInstanceOf(error, WireError);
      }
    }),
    { numRuns: 1000 },
  );
});

function patched(change: (view: DataView) => void): Uint8Array {
  const bytes = GOLDEN.slice();
  change(viewOf(bytes));
  return bytes;
}

for (
  const { name, bytes, message } of [
    { name: "7 bytes", bytes: GOLDEN.subarray(0, 7), message: "byte 0: 7 bytes left" },
    {
      name: "one cut short",
      bytes: GOLDEN.subarray(0, 100),
      message: "size is 101, 100 bytes left",
    },
    {
      name: "another magic",
      bytes: patched((view) => view.setInt32(4, 0xcbd43194)),
      message: "magic is 0xcbd43194",
    },
    {
      name: "a size below the least",
      bytes: patched((view) => view.setInt32(0, 90)),
      message: "size is 90, at least 91",
    },
    {
      name: "IPv6 hosts that do not fit",
      bytes: patched((view) => view.setInt32(36, 48)),
      message: "size is 101, too small for its hosts",
    },
    {
      name: "a negative body length",
      bytes: patched((view) => view.setInt32(84, -1)),
      message: "body of -1 bytes, at most 10",
    },
    {
      name: "a body past the end",
      bytes: patched((view) => view.setInt32(84, 11)),
      message: "body of 11 bytes, at most 10",
    },
    {
      name: "a negative topic length",
      bytes: patched((view) => view.setInt8(93, -1)),
      message: "topic of -1 bytes, at most 5",
    },
    {
      name: "a topic past the end",
      bytes: patched((view) => view.setInt8(93, 6)),
      message: "topic of 6 bytes, at most 5",
    },
    {
      name: "properties that end early",
      bytes: patched((view) => view.setInt16(96, 2)),
      message: "properties of 2 bytes, 3 are left",
    },
  ]
) {
  test(`decodeRecord() refuses ${name}`, () => {
    assertThrows(() => decodeRecord(bytes), WireError, message);
  });
}

test("putRecord() refuses what no reader could read", () => {
  const fields = fieldsOf(GOLDEN_MESSAGE);
  assertThrows(() => encode({ ...fields, topic: new Uint8Array(128) }), Error, "127 bytes");
  assertThrows(() => encode({ ...fields, properties: "x".repeat(32768) }), Error, "int16");
});

test("propertiesTooLong() counts UTF-8 bytes", () => {
  assertEquals(propertiesTooLong("x".repeat(32767)), false);
  assertEquals(propertiesTooLong("x".repeat(32768)), true);
  assertEquals(propertiesTooLong("é".repeat(16384)), true);
  assertEquals(propertiesTooLong("é".repeat(16383)), false);
});

test("putBlank() writes size and magic, and leaves the filler alone", () => {
  const bytes = new Uint8Array(12).fill(7);
  putBlank(viewOf(bytes), 2, 10);
  assertEquals(hexOf(bytes), "0707" + "0000000a" + "cbd43194" + "0707");
});
