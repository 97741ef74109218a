import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { utf8, viewOf } from "../../../src/base/bytes.ts";
import { javaHash } from "../../../src/wire/hash.ts";
import { putRecord, recordSizeMax } from "../../../src/wire/message.ts";
import { RecordKeys } from "../../../src/wire/record_keys.ts";
import { RecordView } from "../../../src/wire/record_view.ts";
import { test } from "../../harness.ts";

const HOST = new Uint8Array([10, 0, 0, 1, 0, 0, 0x2a, 0x9f]);
const keys = new RecordKeys(); // one for all, as in a store

/** The tag's code and the hashes that are found in a record with these properties. */
function found(properties: string, topic = "T", withKeys = true): [number, number[]] {
  const name = utf8(topic);
  const bytes = new Uint8Array(7 + recordSizeMax(name.length, 0, properties) + 20).fill(0x55);
  const size = putRecord(bytes, viewOf(bytes), 7, {
    topic: name,
    queueId: 0,
    flag: 0,
    queueOffset: 0,
    logOffset: 0,
    sysFlag: 0,
    bornTimestamp: 0,
    bornHost: HOST,
    storeTimestamp: 0,
    storeHost: HOST,
    reconsumeTimes: 0,
    preparedOffset: 0,
    body: new Uint8Array(0),
    bodyCrc: 0,
    properties,
  });
  const record = new RecordView();
  assertEquals(record.read(viewOf(bytes), 7, 7 + size), undefined);
  keys.read(bytes, record, withKeys);
  return [keys.tagsCode, Array.from({ length: keys.count }, (_, i) => keys.hash(i))];
}

const hashes = (topic: string, ...texts: string[]) =>
  texts.map((key) => javaHash(`${topic}#${key}`));

for (
  const { properties, wanted } of [
    { properties: "", wanted: [] },
    { properties: "KEYS\x01a", wanted: ["a"] },
    { properties: "KEYS\x01a b", wanted: ["a", "b"] },
    { properties: "KEYS\x01  a   b ", wanted: ["a", "b"] },
    { properties: "KEYS\x01 ", wanted: [] },
    { properties: "KEYS\x01", wanted: [] },
    { properties: "KEYS\x01a\tb", wanted: ["a\tb"] },
    { properties: "UNIQ_KEY\x01u", wanted: ["u"] },
    { properties: "KEYS\x01a b\x02x\x01y\x02UNIQ_KEY\x01u\x02", wanted: ["u", "a", "b"] },
    { properties: "UNIQ_KEY\x01u\x02KEYS\x01u", wanted: ["u", "u"] },
    { properties: "UNIQ_KEY\x01\x02KEYS\x01a", wanted: ["a"] },
    { properties: "KEYS\x01a b\x02KEYS\x01c", wanted: ["c"] },
    { properties: "UNIQ_KEY\x01u\x02UNIQ_KEY\x01v", wanted: ["v"] },
    { properties: "KEYS\x01a\x01b", wanted: ["a\x01b"] },
    { properties: "KEY\x01a\x02KEYS2\x01b\x02xKEYS\x01c\x02UNIQ_KEYS\x01d", wanted: [] },
    { properties: "KEYS\x01größe 鍵 \u{1f511}", wanted: ["größe", "鍵", "\u{1f511}"] },
    { properties: "UNIQ_KEY\x01\ufeffu", wanted: ["\ufeffu"] },
  ]
) {
  test(`RecordKeys finds ${JSON.stringify(wanted)} in ${JSON.stringify(properties)}`, () => {
    assertEquals(found(properties)[1], hashes("T", ...wanted));
    assertEquals(found(properties, "%RETRY%größe")[1], hashes("%RETRY%größe", ...wanted));
    assertEquals(found(properties, "T", false)[1], []);
  });
}

for (
  const { properties, code } of [
    { properties: "UNIQ_KEY\x01u\x02TAGS\x01TagA\x02KEYS\x01k", code: 2598919 },
    { properties: "TAGS\x01TagA\x02TAGS\x01TagB", code: 2598920 },
    { properties: "TAGS\x01", code: 0 },
    { properties: "XTAGS\x01TagA\x02TAG\x01TagA", code: 0 },
  ]
) {
  test(`RecordKeys finds tag ${code} in ${JSON.stringify(properties)}`, () => {
    assertEquals([found(properties)[0], found(properties, "T", false)[0]], [code, code]);
  });
}

test("RecordKeys takes as many keys as a record can have", () => {
  const texts = Array.from({ length: 5_000 }, (_, i) => String(i));
  const [, all] = found(`UNIQ_KEY\x01u\x02KEYS\x01${texts.join(" ")}`);
  assertEquals(all, hashes("T", "u", ...texts));
  assertEquals(found("KEYS\x01a")[1], hashes("T", "a"));
});

for (
  const { text, code } of [
    { text: "", code: 0 },
    { text: "TAGS\x01TagA", code: 2598919 },
    { text: "k\x01v\x02TAGS\x01TagB\x02", code: 2598920 },
    { text: "TAGS\x01订单\x02k\x01v", code: 1129459 },
    { text: "TAGS\x01a\x02TAGS\x01b", code: 98 },
    { text: "TAGS\x01a\x02TAGS\x01", code: 97 },
    { text: "XTAGS\x01a", code: 0 },
    { text: "TAGSX\x01a", code: 0 },
    { text: "TAGS", code: 0 },
    { text: "k\x01TAGS\x01a", code: 0 },
    { text: "TAGS\x01a\x01b", code: javaHash("a\x01b") },
  ]
) {
  test(`a tag's code is ${code} in ${JSON.stringify(text)}`, () =>
    assertEquals(found(text)[0], code));
}

test("a tag's code is Java's hash of any tag", () => {
  const tag = fc.string({ unit: "grapheme", minLength: 1 }).filter((t) => !t.includes("\x02"));
  fc.assert(
    fc.property(
      tag,
      (t) => assertEquals(found(`a\x01b\x02TAGS\x01${t}\x02c\x01d`)[0], javaHash(t)),
    ),
  );
});
