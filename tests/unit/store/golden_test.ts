import { assert, assertEquals } from "@std/assert";
import { sameBytes, utf8, viewOf } from "../../../src/base/bytes.ts";
import { recordAt } from "../../../src/store/records.ts";
import {
  ENTRY_BYTES,
  entryIsThere,
  entryLogOffset,
  entrySize,
  entryTagsCode,
} from "../../../src/store/queue_entry.ts";
import { Scanner } from "../../../src/store/scan.ts";
import { isInQueue } from "../../../src/store/append.ts";
import { decodeRecord } from "../../../src/wire/message.ts";
import { hostBytes } from "../../../src/wire/host_address.ts";
import { test } from "../../harness.ts";
import { GOLDEN_STORES, goldenStore } from "../../support/golden_store.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { closeAt, Lines, message, messagesOf, openAt, openIn, SMALL } from "../../support/store.ts";
import { VirtualClock } from "../../support/clock.ts";
import { runtime } from "../../support/runtime.ts";

const FILE_BYTES = SMALL.logFileBytes;

/** Every record of the log's files, in order, with the places where files end. */
function recordsOf(fs: MemFs): Uint8Array[] {
  const records: Uint8Array[] = [];
  const scanner = new Scanner();
  for (const path of fs.paths("store/commitlog")) {
    const bytes = fs.bytes(path);
    const base = Number(path.split("/").pop());
    for (let at = 0; at < FILE_BYTES;) {
      const found = scanner.look(viewOf(bytes), at, FILE_BYTES, base + at, FILE_BYTES - at);
      if (found === "zero") break;
      assert(found === "record" || found === "blank", `${path} at ${at}: ${scanner.reason}`);
      if (found === "record") {
        assertEquals(scanner.tear(bytes, runtime.codecs.crc32(scanner.body(bytes))), undefined);
        records.push(bytes.slice(at, at + scanner.size));
      }
      at += scanner.size;
    }
  }
  return records;
}

/** What lies in queue files, as "topic queueId n" -> [log offset, size, tags code]. */
function entriesOf(fs: MemFs): Map<string, number[]> {
  const entries = new Map<string, number[]>();
  for (const path of fs.paths("store/consumequeue")) {
    const [, , topic, queueId, file] = path.split("/");
    const view = viewOf(fs.bytes(path));
    for (let at = 0; at < view.byteLength && entryIsThere(view, at); at += ENTRY_BYTES) {
      const n = (Number(file) + at) / ENTRY_BYTES;
      const entry = [entryLogOffset(view, at), entrySize(view, at), entryTagsCode(view, at)];
      entries.set(`${topic} ${queueId} ${n}`, entry);
    }
  }
  return entries;
}

for (const name of GOLDEN_STORES) {
  test(`openStore() serves every message of ${name} and leaves its bytes alone`, async () => {
    const fs = goldenStore(name);
    const records = recordsOf(fs).map((bytes) => decodeRecord(bytes));
    const entries = entriesOf(fs);
    const before = snapshot(fs, "store/commitlog");
    const queuesBefore = snapshot(fs, "store/consumequeue");
    const lines = new Lines();
    const store = await openIn(fs, {}, lines);
    assertEquals(lines.lines, saysOf[name]);
    const served = [...store.queues.all()]
      .flatMap(({ topic, queueId }) => messagesOf(store, topic, queueId));
    const inQueues = records.filter(({ sysFlag }) => isInQueue(sysFlag));
    assertEquals(byOffset(served), byOffset(inQueues));
    for (const { topic, queueId, queueOffset } of inQueues) {
      assert(store.nextQueueOffset(topic, queueId) > queueOffset);
    }
    await store.close();
    assertEquals(fs.open, 0);
    assertEquals(changed(before, snapshot(fs, "store/commitlog")), removedIn[name]);
    assertEquals(entriesOf(fs), entries);
    if (name !== "master-killed") {
      assertEquals(changed(queuesBefore, snapshot(fs, "store/consumequeue")), []);
    }
  });
}

/** The second index file of that store was captured as a text of its bytes. */
const saysOf = {
  "master-clean": [
    'warn a file of the key index was removed, its keys are read from the log again {"file":"/store/index/20261122112257772","reason":"it has 42696 bytes, one of 500 slots and 400 items has 10040"}',
  ],
  "master-killed": [],
  "slave-clean": [],
};

/** Java makes the next log file ahead; recovery removes it again, as Java's does. */
const removedIn = {
  "master-clean": [],
  "master-killed": ["store/commitlog/00000000000000131072"],
  "slave-clean": [],
};

test("the captured slave has its master's log", () => {
  for (const name of ["00000000000000000000", "00000000000000065536"]) {
    const [master, slave] = (["master-clean", "slave-clean"] as const)
      .map((store) => goldenStore(store).bytes(`store/commitlog/${name}`));
    assert(sameBytes(master, slave));
  }
});

test("queues made again from a captured log are those Java made", async () => {
  for (const name of GOLDEN_STORES) {
    const fs = goldenStore(name);
    const wanted = entriesOf(fs);
    fs.dir("store").remove("consumequeue");
    await (await openIn(fs)).close();
    assertEquals(entriesOf(fs), wanted, name);
  }
});

test("append() of captured messages gives the captured log, byte for byte", async () => {
  const golden = goldenStore("master-clean");
  const records = recordsOf(golden).map((bytes) => decodeRecord(bytes));
  const fs = new MemFs();
  const clock = new StoreTimes();
  const store = await openAt(clock, fs);
  for (const record of records) {
    clock.storeTime = record.storeTimestamp;
    const appended = store.append(message({
      ...record,
      topicBytes: utf8(record.topic),
      bornHost: hostBytes(record.bornHost),
      storeHost: hostBytes(record.storeHost),
      preparedTransactionOffset: record.preparedOffset,
      body: record.body,
    }));
    store.commit();
    assertEquals(appended.logOffset, record.logOffset);
    assertEquals(appended.queueOffset, record.queueOffset);
  }
  for (const record of [records[0], records[records.length - 1]]) {
    assertEquals(decodeRecord(recordAt(store.log, record.logOffset)!), record);
  }
  await clock.settle();
  await closeAt(clock, store);
  for (const path of golden.paths("store/commitlog")) {
    assert(sameBytes(fs.bytes(path), golden.bytes(path)), path);
  }
  assertEquals(entriesOf(fs), entriesOf(golden));
});

/** A clock that says when the messages were stored. */
class StoreTimes extends VirtualClock {
  storeTime = 0;
  override now(): number {
    return this.storeTime;
  }
}

function byOffset<T extends { logOffset: number }>(items: T[]): T[] {
  return items.sort((a, b) => a.logOffset - b.logOffset);
}

function snapshot(fs: MemFs, below: string): Map<string, Uint8Array> {
  return new Map(fs.paths(below).map((path) => [path, fs.bytes(path).slice()]));
}

/** Paths of files that are not what they were. */
function changed(before: Map<string, Uint8Array>, after: Map<string, Uint8Array>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((path) => {
    const [old, now] = [before.get(path), after.get(path)];
    return !old || !now || !sameBytes(old, now);
  });
}
