import { assertEquals } from "@std/assert";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { silentLog } from "../../../src/base/log.ts";
import { OffsetCopy } from "../../../src/broker/offset_copy.ts";
import { Offsets } from "../../../src/broker/offsets.ts";
import { parseOffsetTable } from "../../../src/wire/offset.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";

/** A slave's table and its copy, as they are after a start on these files. */
function slaveOn(fs: MemFs, end = 1000) {
  const table = {
    dir: fs.dir("/config"),
    clock: new VirtualClock(),
    log: silentLog,
    flushConsumerOffsetInterval: 5000,
  };
  const offsets = new Offsets(table);
  const copy = new OffsetCopy({ ...table, offsets, endOf: () => end });
  offsets.load();
  copy.load();
  /** What the master says, and then our table; in brackets what it is to be told. */
  const take = (text: string, life: number): string => {
    const further = copy.take(parseOffsetTable(`{"offsetTable":{${text}}}`), life);
    const told = further.map(({ consumerGroup, topic, queueId, queueOffset }) =>
      `${topic}@${consumerGroup}:${queueId}:${queueOffset}`
    );
    return `${offsets.json().slice(16, -2)}${told.length > 0 ? ` (${told})` : ""}`;
  };
  const close = () => Promise.all([offsets.close(), copy.close()]);
  return { offsets, copy, take, close };
}

test("take() adds what the master has and keeps what only we have", () => {
  const fs = new MemFs();
  fs.put("/config/consumerOffset.json", utf8('{"offsetTable":{"T@own":{0:5}}}'));
  const { take } = slaveOn(fs);
  assertEquals(
    take('"T@g":{0:7,1:8},"@g":{0:1},"T@":{0:1},"U@g":{0:-1}', 1),
    '"T@own":{0:5},"T@g":{0:7,1:8}',
  );
});

test("a slave follows a running master forth and back", () => {
  const { take } = slaveOn(new MemFs());
  assertEquals(take('"T@g":{0:50}', 1), '"T@g":{0:50}');
  assertEquals(take('"T@g":{0:70}', 1), '"T@g":{0:70}');
  assertEquals(take('"T@g":{0:10}', 1), '"T@g":{0:10}');
  assertEquals(take("", 1), '"T@g":{0:10}');
});

test("what consumers committed here while the master was away stays, and it is told", () => {
  const { offsets, take } = slaveOn(new MemFs());
  take('"T@g":{0:50}', 1);
  offsets.commit("g", "T", 0, 80);
  offsets.commit("new", "T", 0, 3);
  assertEquals(
    take('"T@g":{0:45}', 2),
    '"T@g":{0:80},"T@new":{0:3} (T@g:0:80,T@new:0:3)',
  );
  assertEquals(take('"T@g":{0:80},"T@new":{0:3}', 2), '"T@g":{0:80},"T@new":{0:3}');
  assertEquals(take('"T@g":{0:20},"T@new":{0:3}', 2), '"T@g":{0:20},"T@new":{0:3}');
});

test("a group that is deleted at the running master goes, and does not come back with a new one", () => {
  const { offsets, take } = slaveOn(new MemFs());
  take('"T@g":{0:50},"T@h":{0:1}', 1);
  offsets.commit("g", "T", 0, 60);
  assertEquals(take('"T@h":{0:1}', 1), '"T@h":{0:1}');
  assertEquals(take('"T@h":{0:1}', 2), '"T@h":{0:1}');
});

test("a master that comes back without its table is told it", () => {
  const { take } = slaveOn(new MemFs());
  take('"T@g":{0:50},"T@h":{0:1}', 1);
  assertEquals(take("", 1), '"T@g":{0:50},"T@h":{0:1}', "an empty answer takes nothing away");
  assertEquals(take("", 2), '"T@g":{0:50},"T@h":{0:1} (T@g:0:50,T@h:0:1)');
  // it did not hear all of it
  assertEquals(take('"T@g":{0:50}', 2), '"T@g":{0:50},"T@h":{0:1} (T@h:0:1)');
  assertEquals(take('"T@g":{0:50},"T@h":{0:1}', 2), '"T@g":{0:50},"T@h":{0:1}');
  assertEquals(take('"T@g":{0:50}', 2), '"T@g":{0:50}');
});

test("a reset right after the master was told is one, whatever it had before", () => {
  for (const lost of ['"T@g":{0:10}', ""]) {
    const { offsets, copy, take } = slaveOn(new MemFs());
    take('"T@g":{0:10}', 1);
    offsets.commit("g", "T", 0, 30);
    assertEquals(take(lost, 2), '"T@g":{0:30} (T@g:0:30)');
    copy.told({ consumerGroup: "g", topic: "T", queueId: 0, queueOffset: 30 });
    assertEquals(take('"T@g":{0:20}', 2), '"T@g":{0:20}');
  }
});

test("offsets that a slave brings into its first look are not told: they may be old", () => {
  const fs = new MemFs();
  fs.put("/config/consumerOffset.json", utf8('{"offsetTable":{"T@g":{0:90},"T@gone":{0:9}}}'));
  const { take } = slaveOn(fs);
  assertEquals(take('"T@g":{0:50}', 1), '"T@g":{0:90},"T@gone":{0:9}');
  assertEquals(take('"T@g":{0:95}', 1), '"T@g":{0:95},"T@gone":{0:9}');
  assertEquals(take('"T@g":{0:95}', 2), '"T@g":{0:95},"T@gone":{0:9}');
});

test("what consumers committed here before the first look is told", () => {
  const fs = new MemFs();
  fs.put("/config/consumerOffset.json", utf8('{"offsetTable":{"T@g":{0:90},"T@h":{0:9}}}'));
  const { offsets, take } = slaveOn(fs);
  offsets.commit("g", "T", 0, 95);
  offsets.commit("new", "T", 1, 4);
  assertEquals(
    take('"T@g":{0:50},"T@h":{0:3}', 1),
    '"T@g":{0:95},"T@h":{0:9},"T@new":{1:4} (T@g:0:95,T@new:1:4)',
  );
});

test("a slave that was away knows a reset from its own progress", async () => {
  const fs = new MemFs();
  const before = slaveOn(fs);
  before.take('"T@g":{0:50},"T@h":{0:50}', 1);
  before.offsets.commit("h", "T", 0, 60);
  await before.close();
  assertEquals(
    textOf(fs.bytes("/config/masterOffset.json")).replace(/[\n\t]/g, ""),
    '{"bootTimestamp":1,"offsetTable":{"T@g":{0:50},"T@h":{0:50}}}',
  );
  const { take } = slaveOn(fs);
  assertEquals(
    take('"T@g":{0:10},"T@h":{0:50}', 1),
    '"T@g":{0:10},"T@h":{0:60} (T@h:0:60)',
  );
});

test("an offset behind our queue's end is cut to it, and comes when its messages do", () => {
  const fs = new MemFs();
  assertEquals(slaveOn(fs, 30).take('"T@g":{0:50}', 1), '"T@g":{0:30}');
  const { take } = slaveOn(new MemFs(), 0);
  assertEquals(take('"T@g":{0:50}', 1), "", "nothing of the queue is here");
  const { offsets, copy } = slaveOn(fs, 30);
  copy.take(parseOffsetTable('{"offsetTable":{"T@g":{0:50}}}'), 1);
  assertEquals(offsets.of("g", "T", 0), 30);
});

test("a masterOffset.json that cannot be read gives way to its .bak", () => {
  const fs = new MemFs();
  fs.put("/config/masterOffset.json", utf8('{"bootTimestamp":1,"offsetTable":{"T@g":'));
  fs.put("/config/masterOffset.json.bak", utf8('{"bootTimestamp":1,"offsetTable":{"T@g":{0:9}}}'));
  fs.put("/config/consumerOffset.json", utf8('{"offsetTable":{"T@g":{0:9}}}'));
  assertEquals(slaveOn(fs).take('"T@g":{0:3}', 1), '"T@g":{0:3}');
});
