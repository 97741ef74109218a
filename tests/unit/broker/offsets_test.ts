import { assertEquals, assertThrows } from "@std/assert";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { FieldError } from "../../../src/base/errors.ts";
import { silentLog } from "../../../src/base/log.ts";
import { Offsets } from "../../../src/broker/offsets.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";

function offsetsOn(fs: MemFs) {
  fs.fault = () => undefined;
  const clock = new VirtualClock();
  const offsets = new Offsets({
    dir: fs.dir("/config"),
    clock,
    log: silentLog,
    flushConsumerOffsetInterval: 5000,
  });
  offsets.load();
  return { offsets, clock };
}

const FILE = "/config/consumerOffset.json";
/** As Java writes it. */
const JAVA =
  '{\n\t"offsetTable":{\n\t\t"%RETRY%g@g":{0:0\n\t\t},\n\t\t"T@g":{0:11,1:10\n\t\t}\n\t}\n}';

test("commit() keeps the last offset of each queue, also when it goes back", () => {
  const { offsets } = offsetsOn(new MemFs());
  assertEquals(offsets.of("g", "T", 0), undefined);
  for (const [queueId, offset] of [[0, 5], [1, 7], [0, 3]]) {
    offsets.commit("g", "T", queueId, offset);
  }
  offsets.commit("h", "T", 0, 9);
  assertEquals([offsets.of("g", "T", 0), offsets.of("g", "T", 1)], [3, 7]);
  assertEquals([offsets.of("h", "T", 0), offsets.of("h", "T", 1)], [9, undefined]);
  assertEquals(offsets.groupsOf("T"), ["g", "h"]);
});

for (
  const { name, at, field } of [
    { name: "a negative offset", at: ["g", "T", 0, -1], field: "commitOffset" },
    { name: "a negative queue", at: ["g", "T", -1, 0], field: "queueId" },
    { name: "a topic no file could hold", at: ["g", "T@x", 0, 0], field: "topic" },
    { name: "a group without end", at: ["g".repeat(256), "T", 0, 0], field: "consumerGroup" },
  ] as const
) {
  test(`commit() refuses ${name}`, () => {
    const { offsets } = offsetsOn(new MemFs());
    const [group, topic, queueId, offset] = at;
    const error = assertThrows(() => offsets.commit(group, topic, queueId, offset), FieldError);
    assertEquals(error.field, field);
    assertEquals(offsets.json(), '{"offsetTable":{}}');
  });
}

test("a negative offset is refused where there is one already", () => {
  const { offsets } = offsetsOn(new MemFs());
  offsets.commit("g", "T", 0, 4);
  assertThrows(() => offsets.commit("g", "T", 0, -4), FieldError);
  assertEquals(offsets.of("g", "T", 0), 4);
});

test("the file is Java's, byte for byte, and is written when the interval is over", async () => {
  const fs = new MemFs();
  const { offsets, clock } = offsetsOn(fs);
  offsets.commit("g", "%RETRY%g", 0, 0);
  offsets.commit("g", "T", 0, 11);
  offsets.commit("g", "T", 1, 10);
  await clock.advance(4999);
  assertEquals(fs.counts.write, 0);
  await clock.advance(1);
  assertEquals(textOf(fs.bytes(FILE)), JAVA);
  offsets.commit("g", "T", 1, 10);
  await clock.advance(60_000);
  assertEquals(fs.counts.write, 1); // nothing changed
});

test("Java's file is read, and so is quoted and compact JSON", () => {
  for (const text of [JAVA, '{"offsetTable":{"%RETRY%g@g":{"0":0},"T@g":{"0":11,"1":10}}}']) {
    const fs = new MemFs();
    fs.put(FILE, utf8(text));
    const { offsets } = offsetsOn(fs);
    assertEquals(
      [offsets.of("g", "%RETRY%g", 0), offsets.of("g", "T", 0), offsets.of("g", "T", 1)],
      [0, 11, 10],
    );
  }
});

test("json() has queue ids without quotes", () => {
  const { offsets } = offsetsOn(new MemFs());
  offsets.commit("g", "T", 0, 11);
  offsets.commit("g", "T", 1, 10);
  assertEquals(offsets.json(), '{"offsetTable":{"T@g":{0:11,1:10}}}');
});

test("removeGroup() forgets one group", async () => {
  const fs = new MemFs();
  const { offsets } = offsetsOn(fs);
  offsets.commit("g", "T", 0, 1);
  offsets.commit("h", "T", 0, 2);
  offsets.removeGroup("g");
  offsets.removeGroup("nobody");
  await offsets.close();
  assertEquals(offsetsOn(fs).offsets.json(), '{"offsetTable":{"T@h":{0:2}}}');
});

test("load() passes over offsets that have no place, and a group may have an @ in its name", () => {
  const fs = new MemFs();
  fs.put(FILE, utf8('{"offsetTable":{"T@g":{0:7,1:8,2:-1},"@g":{0:1},"T@":{0:1},"T@a@b":{3:9}}}'));
  const { offsets } = offsetsOn(fs);
  assertEquals([...offsets.table()], [
    ["T@g", new Map([[0, 7], [1, 8]])],
    ["T@a@b", new Map([[3, 9]])],
  ]);
  assertEquals(offsets.queuesOf("a@b", "T"), new Map([[3, 9]]));
});

test("remove() forgets one queue, and leaves nothing of an empty group", () => {
  const { offsets } = offsetsOn(new MemFs());
  for (const queueId of [0, 1]) offsets.commit("g", "T", queueId, 4);
  offsets.remove("g", "T", 0);
  offsets.remove("g", "U", 0);
  assertEquals(offsets.json(), '{"offsetTable":{"T@g":{1:4}}}');
  offsets.remove("g", "T", 1);
  assertEquals([offsets.json(), offsets.groupsOf("T")], ['{"offsetTable":{}}', []]);
});

test("clampTo() takes back what lies behind the end of its queue, also on the disk", async () => {
  const fs = new MemFs();
  const { offsets } = offsetsOn(fs);
  for (const [queueId, offset] of [[0, 5], [1, 7], [2, 3]]) {
    offsets.commit("g", "T", queueId, offset);
  }
  offsets.clampTo((_, queueId) => [5, 4, 0][queueId]);
  assertEquals(offsets.json(), '{"offsetTable":{"T@g":{0:5,1:4,2:0}}}');
  await offsets.close();
  assertEquals(offsetsOn(fs).offsets.of("g", "T", 1), 4);
});
