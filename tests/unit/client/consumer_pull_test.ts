import { assert, assertEquals } from "@std/assert";
import { PULL_FLAG } from "../../../src/wire/pull.ts";
import { test } from "../../harness.ts";
import { FakeCluster } from "./fake_cluster.ts";
import { closed, G, oneBroker, read } from "./consumer_rig.ts";

test("a tag whose hash only collides is left out", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster, 1, 0);
  broker.put("T", 0, "no", { properties: "TAGS\x01BB" }); // Aa and BB have one hash
  broker.put("T", 0, "none");
  broker.put("T", 0, "yes", { properties: "TAGS\x01Aa" });
  const topics = [{ topic: "T", expression: " Aa || c " }];
  const consumer = cluster.client().consumer({ group: "G", topics, from: "first" });
  assertEquals(await read(consumer.messages.getReader(), 1), ["yes"]);
  const [pull] = broker.pulls;
  assertEquals([pull.subscription, pull.expressionType], ["Aa || c", "TAG"]);
  consumer.ack();
  await closed(cluster, consumer);
  assertEquals(broker.offsets.get("G T 0"), 3);
});

test("reading ahead stops at 1000 messages and goes on when the reader does", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster, 1, 3000);
  const consumer = cluster.client().consumer({ ...G, from: "first" });
  const reader = consumer.messages.getReader();
  await cluster.clock.advance(5_000);
  const next = () => Math.max(...broker.pulls.map(({ queueOffset }) => queueOffset));
  assert(next() < 1032, `${next()}`);
  const texts = await read(reader, 3000);
  assertEquals(texts[2999], "0.2999");
  assertEquals(new Set(texts).size, 3000);
});

test("reading ahead stops at 16 MiB", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster, 1, 0);
  broker.batch = 5; // more would not fit a frame
  const raw = new Uint8Array(3 * 1024 * 1024);
  for (let n = 0; n < 20; n++) broker.put("T", 0, "", { raw });
  const consumer = cluster.client().consumer({ ...G, from: "first" });
  const reader = consumer.messages.getReader();
  await cluster.clock.advance(5_000);
  assertEquals(Math.max(...broker.pulls.map(({ queueOffset }) => queueOffset)), 5);
  await read(reader, 20);
});

test("a consumer goes to the broker id that the last answer suggests", async () => {
  await using cluster = new FakeCluster();
  const master = await oneBroker(cluster, 1, 100);
  const slave = await cluster.broker("a", {}, { id: 1 });
  for (let n = 0; n < 100; n++) slave.put("T", 0, `0.${n}`);
  master.suggest = 1;
  slave.suggest = 1;
  const consumer = cluster.client().consumer({ ...G, from: "first" });
  await read(consumer.messages.getReader(), 100);
  assertEquals(master.pulls.map(({ queueOffset }) => queueOffset), [0]);
  assertEquals(slave.pulls.slice(0, 3).map(({ queueOffset }) => queueOffset), [32, 64, 96]);
  assertEquals(slave.pulls[0].sysFlag & PULL_FLAG.commitOffset, 0);
});

test("a consumer reads on from a slave while the master is gone, and from the master when it is back", async () => {
  await using cluster = new FakeCluster();
  const master = await oneBroker(cluster, 1, 10);
  const slave = await cluster.broker("a", {}, { id: 1 });
  for (let n = 0; n < 12; n++) slave.put("T", 0, `0.${n}`);
  const consumer = cluster.client().consumer({ ...G, from: "first" });
  const reader = consumer.messages.getReader();
  await read(reader, 10);
  await master.fall();
  const more = read(reader, 2);
  await cluster.clock.advance(10_000);
  assertEquals(await more, ["0.10", "0.11"]);
  assertEquals(slave.offsets.get("G T 0"), undefined, "the route names the master still");
  await master.start("ns:9876");
  for (let n = 10; n < 13; n++) master.put("T", 0, `0.${n}`);
  const last = read(reader, 1);
  await cluster.clock.advance(30_000);
  assertEquals(await last, ["0.12"]);
});

test("how far a group came on a slave is told to the master when it is back, though nothing moved", async () => {
  await using cluster = new FakeCluster();
  const master = await oneBroker(cluster, 1, 5);
  const slave = await cluster.broker("a", { T: 1 }, { id: 1 });
  for (let n = 0; n < 9; n++) slave.put("T", 0, `0.${n}`);
  const consumer = cluster.client().consumer({ ...G, from: "first" });
  const reader = consumer.messages.getReader();
  await read(reader, 5);
  await master.stop(); // the name server knows
  const more = read(reader, 4);
  await cluster.clock.advance(40_000);
  assertEquals(await more, ["0.5", "0.6", "0.7", "0.8"]);
  await cluster.clock.advance(5_000);
  assertEquals(slave.offsets.get("G T 0"), 8);
  assertEquals(slave.pulls.every(({ sysFlag }) => (sysFlag & PULL_FLAG.commitOffset) === 0), true);
  for (let n = 5; n < 9; n++) master.put("T", 0, `0.${n}`);
  master.offsets.clear();
  await master.start("ns:9876");
  const pulls = master.pulls.length;
  await cluster.clock.advance(60_000);
  assertEquals(master.offsets.get("G T 0"), 8);
  assertEquals(master.pulls.length > pulls, true, "it reads from the master again");
  const before = slave.pulls.length;
  await cluster.clock.advance(60_000);
  assertEquals(slave.pulls.length, before, "and from the slave no more");
});

test("a master that lost the last commits in a crash hears them again", async () => {
  await using cluster = new FakeCluster();
  const master = await oneBroker(cluster, 1, 5);
  const consumer = cluster.client().consumer({ ...G, from: "first" });
  await read(consumer.messages.getReader(), 5);
  await cluster.clock.advance(5_000);
  assertEquals(master.offsets.get("G T 0"), 4);
  await master.fall();
  master.offsets.clear();
  await master.start("ns:9876");
  await cluster.clock.advance(20_000);
  assertEquals(master.offsets.get("G T 0"), 4);
});

test("a consumer goes where a broker that moved its offset says", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster, 1, 50);
  broker.offsets.set("G T 0", 7);
  let moved = false;
  broker.instead.set(11, ({ ext }) => {
    if (ext.topic !== "T" || moved) return undefined;
    moved = true;
    const next = {
      suggestWhichBrokerId: "0",
      nextBeginOffset: "40",
      minOffset: "40",
      maxOffset: "50",
    };
    return { code: 21, ext: next };
  });
  const consumer = cluster.client().consumer(G);
  assertEquals(await read(consumer.messages.getReader(), 1), ["0.40"]);
});

test("a broker that answers nothing new at once is not asked in a loop", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster, 1, 0);
  const ext = { suggestWhichBrokerId: "0", nextBeginOffset: "0", minOffset: "0", maxOffset: "0" };
  broker.instead.set(11, () => ({ code: 19, ext }));
  cluster.client().consumer({ ...G, from: "first" });
  await cluster.clock.advance(10_000);
  const asked = broker.codes(11).filter(({ ext }) => ext.topic === "T").length;
  assert(asked >= 5 && asked <= 25, `${asked}`);
});

for (const code of [1, 16, 26]) {
  test(`a pull that is refused with ${code} is asked again after a pause`, async () => {
    await using cluster = new FakeCluster();
    const broker = await oneBroker(cluster, 1, 1);
    let refusals = 3;
    broker.instead.set(11, () => refusals-- > 0 ? { code, remark: "not now" } : undefined);
    const consumer = cluster.client().consumer({ ...G, from: "first" });
    const reading = read(consumer.messages.getReader(), 1);
    await cluster.clock.advance(5_000);
    assertEquals(await reading, ["0.0"]);
  });
}

test("a topic that is made later is read then", async () => {
  await using cluster = new FakeCluster();
  await cluster.namesrv();
  await cluster.broker("b", { Other: 1 });
  const consumer = cluster.client().consumer({ ...G, from: "first" });
  const reading = read(consumer.messages.getReader(), 1);
  await cluster.clock.advance(10_000);
  const broker = await cluster.broker("a", { T: 1 });
  broker.put("T", 0, "late");
  await cluster.clock.advance(20_000);
  assertEquals(await reading, ["late"]);
});
