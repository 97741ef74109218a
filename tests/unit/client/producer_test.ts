import { assert, assertEquals, assertRejects } from "@std/assert";
import { AnswerError } from "../../../src/client/errors.ts";
import { CallError } from "../../../src/rpc/peer.ts";
import { splitBatch } from "../../../src/wire/batch.ts";
import { parseProperties } from "../../../src/wire/properties.ts";
import { test } from "../../harness.ts";
import { FakeCluster, textIn } from "./fake_cluster.ts";

test("send() says where the message went and under which ids", async () => {
  await using cluster = new FakeCluster();
  await cluster.namesrv();
  const broker = await cluster.broker("a", { T: 1 });
  const sent = await cluster.client().producer({ group: "pg" }).send({
    topic: "T",
    body: "hello",
    tag: "x",
    keys: ["k1", "k2"],
    properties: { own: "1" },
    delayLevel: 3,
    flag: 9,
  });
  assertEquals(sent, {
    status: "SEND_OK",
    messageId: sent.messageId,
    offsetMessageId: "ID1",
    queue: { topic: "T", brokerName: "a", queueId: 0 },
    queueOffset: 0,
  });
  const [send] = broker.sends;
  assertEquals([send.producerGroup, send.defaultTopic, send.flag], ["pg", "TBW102", 9]);
  assertEquals(Object.fromEntries(parseProperties(send.properties)), {
    own: "1",
    TAGS: "x",
    KEYS: "k1 k2",
    DELAY: "3",
    UNIQ_KEY: sent.messageId,
    WAIT: "true",
  });
});

test("send() takes the queues in turn", async () => {
  await using cluster = new FakeCluster();
  await cluster.namesrv();
  const brokers = [await cluster.broker("a", { T: 2 }), await cluster.broker("b", { T: 2 })];
  const producer = cluster.client().producer();
  for (let i = 0; i < 8; i++) await producer.send({ topic: "T", body: "x" });
  for (const { sends } of brokers) {
    assertEquals(sends.map(({ queueId }) => queueId).sort(), [0, 0, 1, 1]);
  }
});

for (
  const { code, status } of [
    { code: 10, status: "FLUSH_DISK_TIMEOUT" },
    { code: 11, status: "SLAVE_NOT_AVAILABLE" },
    { code: 12, status: "FLUSH_SLAVE_TIMEOUT" },
  ]
) {
  test(`send() counts code ${code} as sent, and says ${status}`, async () => {
    await using cluster = new FakeCluster();
    await cluster.namesrv();
    const broker = await cluster.broker("a", { T: 1 });
    const ext = { msgId: "ID", queueId: "0", queueOffset: "5" };
    broker.instead.set(310, () => ({ code, ext }));
    const sent = await cluster.client().producer().send({ topic: "T", body: "x" });
    assertEquals([sent.status, sent.queueOffset], [status, 5]);
    assertEquals(broker.codes(310).length, 1);
  });
}

for (const code of [1, 14, 16, 17]) {
  test(`send() tries another broker after code ${code}`, async () => {
    await using cluster = new FakeCluster();
    await cluster.namesrv();
    const [a, b] = [await cluster.broker("a", { T: 4 }), await cluster.broker("b", { T: 4 })];
    a.instead.set(310, () => ({ code, remark: "not here" }));
    const producer = cluster.client().producer();
    for (let i = 0; i < 8; i++) await producer.send({ topic: "T", body: "x" }); // each queue once
    assertEquals(b.sends.length, 8);
    assert(a.codes(310).length >= 1);
  });
}

test("producers do not all begin with the same queue", async () => {
  await using cluster = new FakeCluster();
  await cluster.namesrv();
  await cluster.broker("a", { T: 64 });
  const client = cluster.client();
  const first = new Set<number>();
  for (let i = 0; i < 20; i++) {
    first.add((await client.producer().send({ topic: "T", body: "x" })).queue.queueId);
  }
  assert(first.size > 1, "20 producers, one queue of 64");
});

test("send() tries three times, then says what the last broker said", async () => {
  await using cluster = new FakeCluster();
  await cluster.namesrv();
  const broker = await cluster.broker("a", { T: 4 });
  broker.instead.set(310, () => ({ code: 14, remark: "disk full" }));
  const error = await assertRejects(
    () => cluster.client().producer().send({ topic: "T", body: "x" }),
    AnswerError,
    'cannot send to "T": a answers 14 (disk full)',
  );
  assertEquals([error.code, broker.codes(310).length], [14, 3]);
});

for (const code of [2, 13]) {
  test(`send() does not try again after code ${code}`, async () => {
    await using cluster = new FakeCluster();
    await cluster.namesrv();
    const broker = await cluster.broker("a", { T: 4 });
    broker.instead.set(310, () => ({ code }));
    await assertRejects(
      () => cluster.client().producer().send({ topic: "T", body: "x" }),
      AnswerError,
    );
    assertEquals(broker.codes(310).length, 1);
  });
}

test("send() goes to another broker when one is gone, before the name server noticed", async () => {
  await using cluster = new FakeCluster();
  await cluster.namesrv();
  const [a, b] = [await cluster.broker("a", { T: 1 }), await cluster.broker("b", { T: 1 })];
  const producer = cluster.client().producer();
  for (let i = 0; i < 2; i++) await producer.send({ topic: "T", body: "x" });
  await a.fall();
  for (let i = 0; i < 4; i++) await producer.send({ topic: "T", body: "x" });
  assertEquals(b.sends.length, 5);
});

test("send() waits 3 s for an answer, then tries again with the same message id", async () => {
  await using cluster = new FakeCluster();
  await cluster.namesrv();
  const [a, b] = [await cluster.broker("a", { T: 1 }), await cluster.broker("b", { T: 1 })];
  const producer = cluster.client().producer();
  for (let i = 0; i < 2; i++) await producer.send({ topic: "T", body: "x" });
  const [linkToA] = cluster.net.links.filter(({ acceptor }) => acceptor.local.host === a.host);
  linkToA.toDialer.manner.stalled = true;
  const sends = Promise.all([1, 2].map(() => producer.send({ topic: "T", body: "y" })));
  await cluster.clock.advance(2_999);
  assertEquals(b.sends.length, 2);
  await cluster.clock.advance(1);
  const ids = (await sends).map(({ messageId }) => messageId);
  assertEquals([a.sends.length, b.sends.length], [2, 3]);
  const idIn = (properties: string) => parseProperties(properties).get("UNIQ_KEY");
  assertEquals(idIn(a.sends[1].properties), idIn(b.sends[2].properties));
  assert(ids.includes(idIn(a.sends[1].properties)!));
});

test("send() fails when no broker can be reached", async () => {
  await using cluster = new FakeCluster();
  await cluster.namesrv();
  const a = await cluster.broker("a", { T: 1 });
  const producer = cluster.client().producer();
  await producer.send({ topic: "T", body: "x" });
  await a.fall();
  const error = await assertRejects(() => producer.send({ topic: "T", body: "x" }), CallError);
  assertEquals(error.kind, "unreachable");
});

test("send() creates a topic where brokers create topics, and fails elsewhere", async () => {
  await using cluster = new FakeCluster();
  await cluster.namesrv();
  const a = await cluster.broker("a", { T: 1 });
  const producer = cluster.client().producer();
  const error = await assertRejects(() => producer.send({ topic: "New", body: "x" }), AnswerError);
  assertEquals(error.code, 17);
  const b = await cluster.broker("b", { TBW102: 8 });
  for (let i = 0; i < 8; i++) await producer.send({ topic: "New", body: "x" });
  assertEquals(a.sends, []);
  assertEquals(new Set(b.sends.map(({ queueId }) => queueId)), new Set([0, 1, 2, 3]));
});

test("send() to one queue is tried once", async () => {
  await using cluster = new FakeCluster();
  await cluster.namesrv();
  const a = await cluster.broker("a", { T: 4 });
  await cluster.broker("b", { T: 4 });
  const producer = cluster.client().producer();
  const queue = { topic: "T", brokerName: "a", queueId: 2 };
  for (let i = 0; i < 3; i++) {
    assertEquals((await producer.send({ topic: "T", body: "x" }, { queue })).queue, queue);
  }
  assertEquals(a.sends.map(({ queueId }) => queueId), [2, 2, 2]);
  a.instead.set(310, () => ({ code: 14 }));
  await assertRejects(() => producer.send({ topic: "T", body: "x" }, { queue }), AnswerError);
  assertEquals(a.codes(310).length, 4);
});

test("sendBatch() sends one body; what holds for one message does not spread to the others", async () => {
  await using cluster = new FakeCluster();
  await cluster.namesrv();
  const broker = await cluster.broker("a", { T: 1 });
  const sent = await cluster.client().producer().sendBatch([
    { topic: "T", body: "one", tag: "x" },
    { topic: "T", body: "two" },
  ]);
  const [command] = broker.codes(320);
  assertEquals([...parseProperties(command.ext.i)], [["WAIT", "true"]]);
  const entries = splitBatch(command.body);
  assertEquals(entries.map(textIn), ["one", "two"]);
  const properties = entries.map((entry) => parseProperties(entry.properties));
  assertEquals(properties.map((each) => each.get("TAGS")), ["x", undefined]);
  assertEquals(
    properties.map((each) => each.get("UNIQ_KEY")),
    sent.map(({ messageId }) => messageId),
  );
  assertEquals(sent.map((each) => [each.offsetMessageId, each.queueOffset]), [["ID1", 0], [
    "ID2",
    1,
  ]]);
});

test("sendBatch() refuses what cannot be one batch", async () => {
  await using cluster = new FakeCluster();
  const producer = cluster.client().producer();
  assertEquals(await producer.sendBatch([]), []);
  const mixed = [{ topic: "T", body: "" }, { topic: "U", body: "" }];
  await assertRejects(() => producer.sendBatch(mixed), Error, "one topic");
  await assertRejects(
    () => producer.sendBatch([{ topic: "T", body: "", delayLevel: 1 }]),
    Error,
    "delay",
  );
});

test("sendOneway() does not wait for an answer", async () => {
  await using cluster = new FakeCluster();
  await cluster.namesrv();
  const broker = await cluster.broker("a", { T: 1 });
  await cluster.client().producer().sendOneway({ topic: "T", body: "x" });
  await cluster.clock.settle();
  assertEquals(broker.codes(310).map(({ flag }) => flag), [2]);
});

test("many sends at once have at most 16 MiB under way", async () => {
  await using cluster = new FakeCluster();
  await cluster.namesrv();
  const broker = await cluster.broker("a", { T: 1 });
  const producer = cluster.client().producer();
  await producer.send({ topic: "T", body: "" });
  let held = 0;
  broker.instead.set(310, () => {
    held++;
    return undefined;
  });
  for (const { acceptor, toDialer } of cluster.net.links) {
    if (acceptor.local.host === broker.host) toDialer.manner.stalled = true;
  }
  const noise = new Uint8Array(4 * 1024 * 1024); // nothing that could be packed
  for (let at = 0; at < noise.length; at += 65536) {
    crypto.getRandomValues(noise.subarray(at, at + 65536));
  }
  const sends = Array.from({ length: 6 }, () => producer.send({ topic: "T", body: noise }));
  for (let i = 0; i < 200; i++) await cluster.clock.settle();
  assertEquals(held, 4);
  for (const link of cluster.net.links) link.stall(false);
  assertEquals((await Promise.all(sends)).length, 6);
});

test("a client that closes ends its sends", async () => {
  await using cluster = new FakeCluster();
  await cluster.namesrv();
  const broker = await cluster.broker("a", { T: 1 });
  const client = cluster.client();
  const producer = client.producer();
  await producer.send({ topic: "T", body: "" });
  for (const { acceptor, toDialer } of cluster.net.links) {
    if (acceptor.local.host === broker.host) toDialer.manner.stalled = true;
  }
  const pending = assertRejects(() => producer.send({ topic: "T", body: "x" }), CallError);
  await cluster.clock.settle();
  await client.close();
  await pending;
  await assertRejects(() => producer.send({ topic: "T", body: "x" }), CallError);
});
