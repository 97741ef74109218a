import { assertEquals } from "@std/assert";
import { utf8, viewOf } from "../../../src/base/bytes.ts";
import { hostBytes } from "../../../src/wire/host_address.ts";
import { putRecord } from "../../../src/wire/message.ts";
import { recordMagic, recordSize, RecordView } from "../../../src/wire/record_view.ts";
import { test } from "../../harness.ts";

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
