import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import { messageOf } from "../../../src/client/incoming.ts";
import { COMPRESS_BYTES_MIN, encode, type OutgoingMessage } from "../../../src/client/outgoing.ts";
import { subscriptionOf, wants } from "../../../src/client/subscription.ts";
import { UniqueIds } from "../../../src/client/unique_id.ts";
import type { StoredMessage } from "../../../src/wire/message.ts";
import { SysFlag } from "../../../src/wire/record_layout.ts";
import { test } from "../../harness.ts";
import { runtime } from "../../support/runtime.ts";

const { codecs } = runtime;
const ids = new UniqueIds(runtime);

function stored(change: Partial<StoredMessage> & { body: Uint8Array }): StoredMessage {
  return {
    size: 0,
    magic: 0,
    bodyCrc: codecs.crc32(change.body) & 0x7fffffff,
    queueId: 2,
    flag: 5,
    queueOffset: 7,
    logOffset: 1000,
    sysFlag: 0,
    bornTimestamp: 11,
    bornHost: { host: "::1", port: 5 },
    storeTimestamp: 12,
    storeHost: { host: "10.0.0.2", port: 10911 },
    reconsumeTimes: 3,
    preparedOffset: 0,
    topic: "T",
    properties: "",
    ...change,
  };
}

test("messageOf() gives a record's parts under plain names", () => {
  const record = stored({
    body: utf8("x"),
    properties: "TAGS\x01a\x02KEYS\x01k1  k2\x02UNIQ_KEY\x01ID",
  });
  assertEquals(messageOf(record, "a", codecs), {
    topic: "T",
    brokerName: "a",
    queueId: 2,
    queueOffset: 7,
    messageId: "ID",
    offsetMessageId: "0A00000200002A9F00000000000003E8",
    body: utf8("x"),
    problem: undefined,
    tag: "a",
    keys: ["k1", "k2"],
    properties: new Map([["TAGS", "a"], ["KEYS", "k1  k2"], ["UNIQ_KEY", "ID"]]),
    flag: 5,
    bornTimestamp: 11,
    storeTimestamp: 12,
    bornHost: "[::1]:5",
    storeHost: "10.0.0.2:10911",
    reconsumeTimes: 3,
  });
});

test("messageOf() names a message without an id by its place", () => {
  const message = messageOf(stored({ body: utf8("x") }), "a", codecs);
  assertEquals([message.messageId, message.keys, message.tag], [
    message.offsetMessageId,
    [],
    undefined,
  ]);
});

test("messageOf() unpacks a body, and gives it as it is when it cannot", () => {
  const body = codecs.deflate(utf8("hello"), 5);
  const packed = (sysFlag: number, change = {}) =>
    messageOf(stored({ body, sysFlag, ...change }), "a", codecs);
  for (const flags of [SysFlag.COMPRESSED, SysFlag.COMPRESSED | 0x300]) {
    assertEquals([packed(flags).body, packed(flags).problem], [utf8("hello"), undefined]);
  }
  const lz4 = packed(SysFlag.COMPRESSED | 0x100);
  assertEquals([lz4.body, lz4.problem?.includes("LZ4")], [body, true]);
  const damaged = packed(SysFlag.COMPRESSED, { bodyCrc: 1 });
  assertEquals([damaged.body, damaged.problem?.startsWith("checksum")], [body, true]);
});

test("encode() packs bodies above 4 KiB when that makes them smaller", () => {
  const text = "a".repeat(COMPRESS_BYTES_MIN + 1);
  const packed = encode({ topic: "T", body: text }, ids, codecs, true);
  assertEquals(packed.sysFlag, SysFlag.COMPRESSED);
  assertEquals(codecs.inflate(packed.body, 1 << 20), utf8(text));
  const noise = new Uint8Array(COMPRESS_BYTES_MIN + 1);
  crypto.getRandomValues(noise);
  for (
    const [body, compress] of [[text, false], [text.slice(1), true], [noise, true]] as const
  ) {
    const { sysFlag, body: sent } = encode({ topic: "T", body }, ids, codecs, compress);
    assertEquals([sysFlag, sent.length], [0, body.length]);
  }
});

test("encode() gives every message an id of its own", () => {
  const [one, two] = [1, 2].map(() =>
    encode({ topic: "T", body: "" }, ids, codecs, true).messageId
  );
  assertNotEquals(one, two);
});

test("encode() refuses properties that would be read as others", () => {
  const bad: Partial<OutgoingMessage>[] = [
    { properties: { "": "x" } },
    { properties: { a: "x\x02y" } },
    { properties: { "a\x01b": "x" } },
    { tag: "a\x02b" },
  ];
  for (const message of bad) {
    assertThrows(
      () => encode({ topic: "T", body: "", ...message }, ids, codecs, true),
      Error,
      "property",
    );
  }
});

test("subscriptionOf() reads tags and their codes", () => {
  assertEquals(subscriptionOf({ topic: "T", expression: " TagA||b || TagA" }, 9), {
    topic: "T",
    subString: "TagA||b || TagA",
    codes: new Set([2598919, 98]),
    tags: ["TagA", "b"],
    subVersion: 9,
    expressionType: "TAG",
    classFilterMode: false,
  });
  for (const expression of [undefined, "", " ", "*"]) {
    const all = subscriptionOf({ topic: "T", expression }, 9);
    assertEquals([all.subString, all.tags, wants(all, undefined), wants(all, "x")], [
      "*",
      [],
      true,
      true,
    ]);
  }
  const sql = subscriptionOf({ topic: "T", expression: "a > 1", type: "SQL92" }, 9);
  assertEquals([sql.subString, sql.codes.size, wants(sql, "x")], ["a > 1", 0, true]);
});

test("wants() compares tags as text", () => {
  const some = subscriptionOf({ topic: "T", expression: "Aa || c" }, 9);
  assertEquals(["Aa", "c", "BB", "", undefined].map((tag) => wants(some, tag)), [
    true,
    true,
    false,
    false,
    false,
  ]);
});
