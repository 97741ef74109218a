import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Consumer } from "../../../src/client/consumer.ts";
import type { Message } from "../../../src/client/incoming.ts";
import { PULL_FLAG } from "../../../src/wire/pull.ts";
import { test } from "../../harness.ts";
import type { FakeBroker } from "./fake_broker.ts";
import { FakeCluster, textIn } from "./fake_cluster.ts";

const G = { group: "G", topics: [{ topic: "T" }] };

/** The next `count` messages' texts; the last of them stays unhandled. */
async function read(
  reader: ReadableStreamDefaultReader<Message>,
  count: number,
): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) texts.push(textIn((await reader.read()).value!));
  return texts;
}

/** A cluster of one broker that holds messages 0, 1, 2… in each queue of T. */
async function oneBroker(cluster: FakeCluster, queues = 1, each = 5): Promise<FakeBroker> {
  await cluster.namesrv();
  const broker = await cluster.broker("a", { T: queues });
  for (let queueId = 0; queueId < queues; queueId++) {
    for (let n = 0; n < each; n++) broker.put("T", queueId, `${queueId}.${n}`);
  }
  return broker;
}

async function closed(cluster: FakeCluster, consumer: Consumer): Promise<void> {
  const closing = consumer.close();
  await cluster.clock.advance(0);
  await closing;
}

for (
  const { from, first } of [
    { from: "first" as const, first: "0.0" },
    { from: 3, first: "0.3" }, // the fake broker finds offset n at time n
    { from: "last" as const, first: "new" },
  ]
) {
  test(`a group that brokers do not know begins at ${from}`, async () => {
    await using cluster = new FakeCluster();
    const broker = await oneBroker(cluster);
    const consumer = cluster.client().consumer({ ...G, from });
    const reading = read(consumer.messages.getReader(), 1);
    await cluster.clock.advance(100);
    broker.put("T", 0, "new");
    assertEquals(await reading, [first]);
  });
}

test("a group goes on where its brokers say it stopped", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster);
  broker.offsets.set("G T 0", 4);
  const consumer = cluster.client().consumer({ ...G, from: "first" });
  assertEquals(await read(consumer.messages.getReader(), 1), ["0.4"]);
});

test("a message counts as handled when the next is taken, and close() says so to the broker", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster);
  const consumer = cluster.client().consumer({ ...G, from: "first" });
  const reader = consumer.messages.getReader();
  assertEquals(await read(reader, 3), ["0.0", "0.1", "0.2"]);
  await closed(cluster, consumer);
  assertEquals(broker.offsets.get("G T 0"), 2);
  assertEquals(await reader.read(), { value: undefined, done: true });
});

test("ack() counts the last message without taking another", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster);
  const consumer = cluster.client().consumer({ ...G, from: "first" });
  await read(consumer.messages.getReader(), 3);
  consumer.ack();
  await closed(cluster, consumer);
  assertEquals(broker.offsets.get("G T 0"), 3);
});

test("offsets go to the broker every 5 s, those that did not change do not", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster);
  const consumer = cluster.client().consumer({ ...G, from: "first" });
  await read(consumer.messages.getReader(), 3);
  await cluster.clock.advance(5_000);
  assertEquals(broker.offsets.get("G T 0"), 2);
  const commits = broker.codes(15).length;
  await cluster.clock.advance(10_000);
  assertEquals(broker.codes(15).length, commits);
});

test("leaving the loop closes the consumer and leaves the group", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster);
  const client = cluster.client();
  const consumer = client.consumer({ ...G, from: "first" });
  const texts: string[] = [];
  for await (const message of consumer.messages) {
    texts.push(textIn(message));
    if (texts.length === 2) break;
  }
  assertEquals(texts, ["0.0", "0.1"]);
  assertEquals(broker.offsets.get("G T 0"), 1);
  assertEquals(broker.codes(35).map(({ ext }) => ext), [{
    clientID: client.id,
    consumerGroup: "G",
  }]);
  assertEquals(broker.groups.get("G")!.size, 0);
});

test("queues take turns, each in its order", async () => {
  await using cluster = new FakeCluster();
  await oneBroker(cluster, 3, 20);
  const consumer = cluster.client().consumer({ ...G, from: "first" });
  const texts = await read(consumer.messages.getReader(), 60);
  for (const queue of ["0", "1", "2"]) {
    const its = texts.filter((text) => text.startsWith(queue));
    assertEquals(its, Array.from({ length: 20 }, (_, n) => `${queue}.${n}`));
  }
  assert(new Set(texts.slice(0, 6).map((text) => text[0])).size > 1, texts.slice(0, 6).join());
});

test("two members share the queues, and the one that stays gets all", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster, 4, 0);
  const seen: Record<string, string[]> = { one: [], two: [] };
  const join = (name: string) => {
    const consumer = cluster.client().consumer({ ...G, from: "first" });
    const reading = (async () => {
      for await (const message of consumer.messages) seen[name].push(textIn(message));
    })();
    return { consumer, reading };
  };
  const one = join("one");
  await cluster.clock.advance(100);
  const two = join("two");
  await cluster.clock.advance(100); // request 40 tells `one`
  for (let queueId = 0; queueId < 4; queueId++) broker.put("T", queueId, `${queueId}`);
  await cluster.clock.advance(100);
  assertEquals([seen.one.sort(), seen.two.sort()], [["0", "1"], ["2", "3"]]);
  await closed(cluster, two.consumer);
  broker.groupChanged("G");
  await cluster.clock.advance(100);
  for (let queueId = 0; queueId < 4; queueId++) broker.put("T", queueId, `${queueId}'`);
  await cluster.clock.advance(100);
  assertEquals(seen.one.slice(2).sort(), ["0'", "1'", "2'", "3'"]);
  assertEquals(seen.two.length, 2);
  await closed(cluster, one.consumer);
  await Promise.all([one.reading, two.reading]);
});

test("a queue given up is committed at once, so that its new owner repeats nothing that was handled", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster, 2, 10);
  const consumer = cluster.client().consumer({ ...G, from: "first" });
  const reader = consumer.messages.getReader();
  await read(reader, 11);
  const other = cluster.client().consumer({ ...G, from: "first" });
  const otherReader = other.messages.getReader();
  const next = read(otherReader, 1);
  await cluster.clock.advance(1_000);
  const [first] = await next;
  const [queue, offset] = first.split(".").map(Number);
  assert(offset >= 5, first);
  assertEquals(broker.offsets.get(`G T ${queue}`), offset);
});

test("a group that changes without notice is shared out again within 20 s", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster, 2, 0);
  cluster.client().consumer({ ...G, from: "first" });
  await cluster.clock.advance(1_000);
  broker.groups.get("G")!.set("10.0.0.0@before", broker.groups.get("G")!.values().next().value!);
  const pulled = () =>
    new Set(broker.pulls.splice(0).map(({ topic, queueId }) => `${topic}${queueId}`));
  assertEquals(pulled(), new Set(["T0", "T1"]));
  await cluster.clock.advance(40_000);
  pulled();
  await cluster.clock.advance(40_000);
  assertEquals(pulled(), new Set(["T1"]));
});

test("broadcast reads every queue and tells the broker nothing of where it is", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster, 2, 3);
  broker.offsets.set("G T 0", 2);
  for (let member = 0; member < 2; member++) {
    const consumer = cluster.client().consumer({ ...G, from: "first", mode: "broadcast" });
    assertEquals((await read(consumer.messages.getReader(), 6)).length, 6);
    await closed(cluster, consumer);
  }
  assertEquals([...broker.offsets], [["G T 0", 2]]);
  assertEquals(broker.pulls.filter(({ sysFlag }) => sysFlag & PULL_FLAG.commitOffset), []);
});

test("no pull says how far the group is: brokers may take it after a later commit", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster, 2, 40);
  const consumer = cluster.client().consumer({ ...G, from: "first" });
  await read(consumer.messages.getReader(), 60);
  await cluster.clock.advance(20_000);
  await closed(cluster, consumer);
  assert(broker.pulls.length > 4);
  assertEquals(broker.pulls.filter(({ sysFlag }) => sysFlag & PULL_FLAG.commitOffset), []);
});

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

test("heartbeats go every 30 s to masters and slaves, with what the group wants", async () => {
  await using cluster = new FakeCluster();
  const master = await oneBroker(cluster);
  const slave = await cluster.broker("a", {}, { id: 1 });
  const client = cluster.client();
  client.producer({ group: "pg" });
  client.consumer({ ...G, from: 1_700_000_000_000 });
  await cluster.clock.advance(1_000);
  const before = [master, slave].map((broker) => broker.codes(34).length);
  assert(before.every((count) => count >= 1), before.join());
  await cluster.clock.advance(60_000);
  const after = [master, slave].map((broker) => broker.codes(34).length);
  assertEquals(after.map((count, i) => count - before[i]), [2, 2]);
  const { subscriptionDataSet, ...data } =
    JSON.parse(textIn(slave.codes(34)[0])).consumerDataSet[0];
  assertEquals(data, {
    consumeFromWhere: "CONSUME_FROM_TIMESTAMP",
    consumeType: "CONSUME_PASSIVELY",
    groupName: "G",
    messageModel: "CLUSTERING",
    unitMode: false,
  });
  assertEquals(
    subscriptionDataSet.map(({ topic, subString }: Record<string, string>) => [topic, subString]),
    [["T", "*"], ["%RETRY%G", "*"]],
  );
});

test("messages of the group's retry topic come under the topic they were sent to", async () => {
  await using cluster = new FakeCluster();
  await cluster.namesrv();
  const broker = await cluster.broker("a", { T: 1, "%RETRY%G": 1 });
  broker.put("%RETRY%G", 0, "again", { properties: "RETRY_TOPIC\x01T" });
  const consumer = cluster.client().consumer(G);
  const { value } = await consumer.messages.getReader().read();
  assertEquals([value!.topic, textIn(value!)], ["T", "again"]);
  consumer.ack();
  await closed(cluster, consumer);
  assertEquals(broker.offsets.get("G %RETRY%G 0"), 1);
});

test("an abort closes the consumer", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster);
  const stop = new AbortController();
  const consumer = cluster.client().consumer({ ...G, from: "first", signal: stop.signal });
  const reader = consumer.messages.getReader();
  await read(reader, 5);
  const end = reader.read();
  stop.abort();
  assertEquals((await end).done, true);
  await closed(cluster, consumer);
  assertEquals(broker.offsets.get("G T 0"), 5);
});

test("a client that closes closes its consumers and leaves no timer", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster);
  const client = cluster.client();
  const consumer = client.consumer({ ...G, from: "first" });
  const reader = consumer.messages.getReader();
  await read(reader, 1);
  await client.close();
  assertEquals((await reader.read()).done, true);
  assertEquals(broker.groups.get("G")!.size, 0);
  assertThrows(() => client.consumer(G), Error, "closed");
});

test("a client has one consumer of a group", async () => {
  await using cluster = new FakeCluster();
  await oneBroker(cluster);
  const client = cluster.client();
  const consumer = client.consumer(G);
  assertThrows(() => client.consumer(G), Error, 'group "G"');
  await closed(cluster, consumer);
  await closed(cluster, client.consumer(G));
  assertThrows(() => client.consumer({ group: "H", topics: [] }), Error, "needs a topic");
});
