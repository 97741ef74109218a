import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { CorruptLogError } from "../../../src/base/errors.ts";
import { silentLog } from "../../../src/base/log.ts";
import { KvConfig } from "../../../src/namesrv/kv.ts";
import { FsError } from "../../../src/ports/fs.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";

function open(fs: MemFs, clock = new VirtualClock()): KvConfig {
  return new KvConfig(fs.dir("namesrv"), { clock, log: silentLog });
}

test("put() is on disk in Java's form when it resolves", async () => {
  const fs = new MemFs();
  const kv = open(fs);
  await kv.put("NS1", "k1", "v1");
  await kv.put("ORDER_TOPIC_CONFIG", "AdminT", "broker-a:4");
  assertEquals(
    textOf(fs.bytes("namesrv/kvConfig.json")),
    '{"configTable":{"NS1":{"k1":"v1"},"ORDER_TOPIC_CONFIG":{"AdminT":"broker-a:4"}}}',
  );
  assertEquals(open(fs).get("ORDER_TOPIC_CONFIG", "AdminT"), "broker-a:4");
});

test("delete() leaves the namespace and its other keys", async () => {
  const fs = new MemFs();
  const kv = open(fs);
  await kv.put("NS1", "k1", "v1");
  await kv.put("NS1", "k2", "v2");
  await kv.delete("NS1", "k1");
  await kv.delete("NS2", "k1");
  assertEquals(open(fs).get("NS1", "k1"), undefined);
  assertEquals([...open(fs).list("NS1")!], [["k2", "v2"]]);
  assertEquals(open(fs).list("NS2"), undefined);
});

test("keys that name parts of JavaScript objects are keys like others", async () => {
  const fs = new MemFs();
  const kv = open(fs);
  await kv.put("__proto__", "constructor", "v");
  assertEquals(kv.get("NS", "toString"), undefined);
  assertEquals(open(fs).get("__proto__", "constructor"), "v");
});

test("without a folder settings last as long as the process", async () => {
  const kv = new KvConfig(undefined, { clock: new VirtualClock(), log: silentLog });
  await kv.put("NS1", "k1", "v1");
  assertEquals([kv.get("NS1", "k1"), kv.path], ["v1", undefined]);
  await kv.close();
});

test("a table that cannot be read is not taken for an empty one", () => {
  const fs = new MemFs();
  fs.put("namesrv/kvConfig.json", utf8('{"configTable":'));
  assertThrows(() => open(fs), CorruptLogError, "kvConfig.json");
});

test("a table written by Java with its line breaks is read", () => {
  const fs = new MemFs();
  fs.put("namesrv/kvConfig.json", utf8('{\n\t"configTable":{"NS1":{"k1":"v1"}\n\t}\n}'));
  assertEquals(open(fs).get("NS1", "k1"), "v1");
});

test("put() says that the disk refused; the next that works writes both", async () => {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const kv = open(fs, clock);
  fs.fault = (op) => op === "write" ? { error: new FsError("full", "no space left") } : undefined;
  await assertRejects(() => kv.put("NS1", "k1", "v1"), Error, "no space left");
  fs.fault = undefined;
  await kv.put("NS1", "k2", "v2");
  assertEquals([...open(fs).list("NS1")!.keys()], ["k1", "k2"]);
  await kv.close();
  assertEquals(clock.waiting, 0);
});
