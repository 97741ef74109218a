import { assert, assertEquals } from "@std/assert";
import { textOf } from "../../../../src/base/bytes.ts";
import { test } from "../../../harness.ts";
import { brokerRig, pull, send } from "../../../support/broker_rig.ts";
import { MemFs } from "../../../support/mem_fs.ts";
import { message, messagesOf, textsOf } from "../../../support/store.ts";
import { FsError } from "../../../../src/ports/fs.ts";
import { delayed, delayRig, propertiesIn, storedAt } from "./delay_rig.ts";

test("delayed messages come to their queues at their time, whatever was sent first", async () => {
  await using rig = await delayRig();
  const sent = rig.clock.now();
  await rig.client().askAll(delayed(3, "10 s"), delayed(1, "1 s"), delayed(2, "5 s"));
  await rig.clock.advance(999);
  assertEquals(storedAt(rig, sent), []);
  await rig.clock.advance(20_000);
  assertEquals(storedAt(rig, sent), [["1 s", 1_000], ["5 s", 5_000], ["10 s", 10_000]]);
  assertEquals(rig.parts.delay.json(), '{"offsetTable":{1:1,2:1,3:1}}');
});

test("a delivered message is as it was sent, its properties with what a Java broker leaves on it", async () => {
  await using rig = await delayRig();
  await rig.client().ask(delayed(1, "hello"));
  const [waiting] = messagesOf(rig.store, "SCHEDULE_TOPIC_XXXX", 0);
  await rig.clock.advance(1_100);
  const [came] = messagesOf(rig.store, "T", 0);
  const { bornTimestamp, bornHost, storeHost, sysFlag, flag, reconsumeTimes } = waiting;
  const same = { bornTimestamp, bornHost, storeHost, sysFlag, flag, reconsumeTimes };
  assertEquals({ ...came, ...same }, came);
  assertEquals(Object.fromEntries(propertiesIn(rig, "T")[0]), {
    TAGS: "a",
    CLUSTER: "DefaultCluster",
    DELAY: "1",
    REAL_TOPIC: "T",
    REAL_QID: "0",
  });
  const answer = await rig.client().ask(pull({ subscription: "a" })); // its entry has its tag's code
  assertEquals(answer.code, 0);
});

test("a level that is empty wakes when a message comes, one that waits is not looked at for each", async () => {
  await using rig = await delayRig();
  await rig.clock.advance(60_000);
  assertEquals(rig.clock.waiting, await idleTimers());
  const sent = rig.clock.now();
  await rig.client().ask(delayed(1, "a"));
  await rig.clock.advance(500);
  await rig.client().ask(delayed(1, "b"));
  await rig.clock.advance(2_000);
  assertEquals(storedAt(rig, sent), [["a", 1_000], ["b", 1_500]]);
});

async function idleTimers(): Promise<number> {
  await using rig = await brokerRig();
  return rig.clock.waiting;
}

test("more than a batch that is due at once comes whole and in order, in few writes", async () => {
  await using rig = await delayRig();
  const texts = Array.from({ length: 1_000 }, (_, i) => String(i));
  await rig.client().askAll(...texts.map((text) => delayed(1, text)));
  const before = rig.fs.counts.write;
  await rig.clock.advance(1_100);
  assertEquals(textsOf(rig.store, "T", 0), texts);
  assert(rig.fs.counts.write - before < 50, `${rig.fs.counts.write - before} writes`);
});

test("what the disk does not take is delivered later, once", async () => {
  await using rig = await delayRig();
  await rig.client().askAll(delayed(1, "a"), delayed(2, "b"));
  rig.fs.fault = (operation, path) =>
    operation === "write" && path.includes("commitlog")
      ? { error: new FsError("full", "the disk is full") }
      : undefined;
  await rig.clock.advance(3_000);
  assertEquals([textsOf(rig.store, "T", 0), rig.parts.delay.of(1)], [[], undefined]);
  rig.fs.fault = undefined;
  await rig.clock.advance(4_000);
  assertEquals(textsOf(rig.store, "T", 0), ["a", "b"]);
});

test("a message that does not say where to is left out, those behind it come", async () => {
  await using rig = await delayRig();
  const client = rig.client();
  await client.askAll(delayed(1, "a"), delayed(1, "b"));
  rig.store.append(message({ topic: "SCHEDULE_TOPIC_XXXX", properties: "DELAY\x011" }));
  rig.store.commit();
  await client.ask(delayed(1, "c"));
  await rig.clock.advance(1_100);
  assertEquals(textsOf(rig.store, "T", 0), ["a", "b", "c"]);
  assertEquals(rig.log.lines.filter((line) => line.includes("left out")).length, 1);
});

test("a message of a level that is shorter now waits no longer than that", async () => {
  const fs = new MemFs();
  const before = await delayRig({ fs, flags: { messageDelayLevel: "1h 2h" } });
  await before.client().askAll(delayed(1, "a"), delayed(2, "b"));
  await before[Symbol.asyncDispose]();
  await using rig = await delayRig({ fs, flags: { messageDelayLevel: "1s" } });
  await rig.clock.advance(1_000);
  assertEquals(textsOf(rig.store, "T", 0), ["a", "b"]); // "b" in the queue of a level that is no more
});

test("a message of a level that is longer now comes at its old time", async () => {
  const fs = new MemFs();
  const before = await delayRig({ fs, flags: { messageDelayLevel: "10s" } });
  const sent = before.clock.now();
  await before.client().ask(delayed(1, "a"));
  await before[Symbol.asyncDispose]();
  await using rig = await delayRig({ fs, flags: { messageDelayLevel: "1h" } });
  await rig.clock.advance(12_000);
  assertEquals(storedAt(rig, sent), [["a", 10_000]]);
});

test("a topic that was deleted meanwhile gets its message all the same", async () => {
  await using rig = await delayRig();
  await rig.client().ask(delayed(1, "a"));
  rig.parts.topics.delete("T");
  await rig.clock.advance(1_100);
  assertEquals(textsOf(rig.store, "T", 0), ["a"]);
});

test("a stop between a write and its end leaves nothing to be delivered twice", async () => {
  const fs = new MemFs();
  const rig = await delayRig({ fs });
  await rig.client().ask(delayed(1, "a"));
  await rig.clock.advance(1_100);
  await rig.client().ask(send({}, "b"));
  await rig[Symbol.asyncDispose]();
  await using again = await delayRig({ fs });
  await again.clock.advance(10_000);
  assertEquals(textsOf(again.store, "T", 0), ["a", "b"]);
});

test("28 tells of each level how much of it is delivered, 45 how far it is", async () => {
  await using rig = await delayRig();
  const client = rig.client();
  await client.askAll(delayed(1, "a"), delayed(2, "b"));
  await rig.clock.advance(1_100);
  await client.ask(delayed(1, "c"));
  const info = JSON.parse(textOf((await client.ask({ code: 28 })).body)).table;
  assertEquals([info.scheduleMessageOffset_1, info.scheduleMessageOffset_2], ["1,2", undefined]);
  assertEquals(textOf((await client.ask({ code: 45 })).body), '{"offsetTable":{1:1}}');
});

for (
  const { name, ms, at } of [
    { name: "a little", ms: 3_000, at: 4_000 },
    { name: "by hours", ms: 7_200_000, at: 0 },
  ]
) {
  test(`when the clock was set back ${name}, messages come ${at > 0 ? "late" : "at once"}`, async () => {
    await using rig = await delayRig();
    await rig.client().ask(send());
    const { now } = rig.clock;
    rig.clock.now = () => now.call(rig.clock) - ms;
    await rig.client().ask(delayed(1, "a"));
    await rig.clock.advance(at === 0 ? 1 : at - 1);
    assertEquals(textsOf(rig.store, "T", 0), at === 0 ? ["hello", "a"] : ["hello"]);
    await rig.clock.advance(1_100);
    assertEquals(textsOf(rig.store, "T", 0), ["hello", "a"]);
  });
}
