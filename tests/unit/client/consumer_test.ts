import { assert, assertEquals, assertThrows } from "@std/assert";
import { PULL_FLAG } from "../../../src/wire/pull.ts";
import { test } from "../../harness.ts";
import { FakeCluster, textIn } from "./fake_cluster.ts";
import { closed, G, oneBroker, read } from "./consumer_rig.ts";

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

test("a new group's first commits are all kept by a broker that makes its table for each of them", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster, 4, 5);
  const consumer = cluster.client().consumer({ ...G, from: "first" });
  await read(consumer.messages.getReader(), 20);
  consumer.ack();
  await closed(cluster, consumer);
  assertEquals([...broker.offsets].sort(), [0, 1, 2, 3].map((n) => [`G T ${n}`, 5]));
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
