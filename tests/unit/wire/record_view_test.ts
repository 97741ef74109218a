import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { utf8, viewOf } from "../../../src/base/bytes.ts";
import { hostBytes } from "../../../src/wire/host_address.ts";
import { javaHash } from "../../../src/wire/hash.ts";
import { putRecord } from "../../../src/wire/message.ts";
import { recordMagic, recordSize, RecordView, tagsCodeOf } from "../../../src/wire/record_view.ts";
import { test } from "../../harness.ts";

const tagsCode = (text: string) => tagsCodeOf(utf8(text), 0, utf8(text).length);

test("RecordView gives the places of topic, body and properties in the buffer", () => {
  const buffer = new Uint8Array(300);
  const view = viewOf(buffer);
  const size = putRecord(buffer, view, 11, {
    topic: utf8("TopicA"),
    queueId: 2,
    flag: 0,
    queueOffset: 2 ** 40,
    logOffset: 2 ** 41,
    sysFlag: 8,
    bornTimestamp: 1,
    bornHost: hostBytes({ host: "::1", port: 5 }),
    storeTimestamp: 1700000000000,
    storeHost: hostBytes({ host: "127.0.0.1", port: 6 }),
    reconsumeTimes: 0,
    preparedOffset: 77,
    body: utf8("body"),
    bodyCrc: 9,
    properties: "TAGS\x01a",
  });
  const record = new RecordView();
  assertEquals(record.read(view, 11), undefined);
  const text = (at: number, length: number) =>
    new TextDecoder().decode(buffer.subarray(at, at + length));
  assertEquals(text(record.topicAt, record.topicLength), "TopicA");
  assertEquals(text(record.bodyAt, record.bodyLength), "body");
  assertEquals(text(record.propertiesAt, record.propertiesLength), "TAGS\x01a");
  assertEquals(
    [record.at, record.size, record.queueId, record.queueOffset, record.logOffset, record.bodyCrc],
    [11, size, 2, 2 ** 40, 2 ** 41, 9],
  );
  assertEquals(
    [record.sysFlag, record.storeTimestamp, record.preparedOffset],
    [8 | 16, 1700000000000, 77],
  );
  assertEquals([recordSize(view, 11), recordMagic(view, 11)], [size, record.magic]);
  assertEquals(record.read(view, 11, 11 + size - 1), `size is ${size}, ${size - 1} bytes left`);
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
  test(`tagsCodeOf() gives ${code} for ${JSON.stringify(text)}`, () =>
    assertEquals(tagsCode(text), code));
}

test("tagsCodeOf() stays within its piece of the buffer", () => {
  const bytes = utf8("xTAGS\x01aTAGS");
  assertEquals(tagsCodeOf(bytes, 1, 6), 97);
  assertEquals(tagsCodeOf(bytes, 1, 5), 0);
  assertEquals(tagsCodeOf(utf8("TAGS\x01a").subarray(0, 4), 0, 4), 0);
});

test("tagsCodeOf() hashes any tag as Java would", () => {
  const tag = fc.string({ unit: "grapheme", minLength: 1 }).filter((t) => !t.includes("\x02"));
  fc.assert(
    fc.property(
      tag,
      (t) => assertEquals(tagsCode(`a\x01b\x02TAGS\x01${t}\x02c\x01d`), javaHash(t)),
    ),
  );
});
