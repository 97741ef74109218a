import { assertEquals, assertRejects } from "@std/assert";
import { AnswerError } from "../../../src/client/errors.ts";
import { parseProperties } from "../../../src/wire/properties.ts";
import { parseSendBack } from "../../../src/wire/send_back.ts";
import { test } from "../../harness.ts";
import { closed, G, oneBroker, read } from "./consumer_rig.ts";
import { FakeCluster } from "./fake_cluster.ts";

test("retryLater() gives the message that was read last back to its broker, and counts it handled", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster);
  const consumer = cluster.client().consumer({ ...G, from: "first", maxRetries: 4 });
  await read(consumer.messages.getReader(), 3);
  await consumer.retryLater({ delayLevel: 2 });
  const [{ ext }] = broker.codes(36);
  const { logOffset, group, delayLevel, originTopic, maxReconsumeTimes } = parseSendBack(ext);
  assertEquals([logOffset, group, delayLevel, originTopic], [2_000, "G", 2, "T"]);
  assertEquals(maxReconsumeTimes, 4);
  await closed(cluster, consumer);
  assertEquals(broker.offsets.get("G T 0"), 3);
});

test("a broker that does not take it back gets a copy for the retry topic", async () => {
  await using cluster = new FakeCluster();
  await cluster.namesrv();
  const broker = await cluster.broker("a", { T: 1, "%RETRY%G": 1 });
  broker.put("T", 0, "hello", { properties: "UNIQ_KEY\x01ID\x02TAGS\x01a" });
  broker.instead.set(36, () => ({ code: 1, remark: "no" }));
  const consumer = cluster.client().consumer({ ...G, from: "first" });
  await read(consumer.messages.getReader(), 1);
  await consumer.retryLater();
  const [copy] = broker.sends;
  assertEquals([copy.topic, copy.reconsumeTimes, copy.bornTimestamp], ["%RETRY%G", 1, 1]);
  assertEquals(Object.fromEntries(parseProperties(copy.properties)), {
    UNIQ_KEY: "ID",
    TAGS: "a",
    RETRY_TOPIC: "T",
    ORIGIN_MESSAGE_ID: "0A00006300002A9F0000000000000000",
    DELAY: "3",
  });
  await consumer.retryLater({ delayLevel: -1 }).catch(() => {}); // it was handled
  assertEquals(broker.sends.length, 1);
});

test("what no broker takes is not handled, and retryLater() says why", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster);
  broker.instead.set(36, () => ({ code: 1, remark: "full" }));
  const consumer = cluster.client().consumer({ ...G, from: "first" });
  await read(consumer.messages.getReader(), 3);
  await assertRejects(() => consumer.retryLater(), AnswerError, "full");
  await closed(cluster, consumer);
  assertEquals(broker.offsets.get("G T 0"), 2);
});

test("a message never to come again goes with no tries left where only a copy is taken", async () => {
  await using cluster = new FakeCluster();
  await cluster.namesrv();
  const broker = await cluster.broker("a", { T: 1, "%RETRY%G": 1 });
  broker.put("T", 0, "hello");
  broker.instead.set(36, () => ({ code: 1 }));
  const consumer = cluster.client().consumer({ ...G, from: "first" });
  await read(consumer.messages.getReader(), 1);
  await consumer.retryLater({ delayLevel: -1 });
  assertEquals(broker.sends[0].maxReconsumeTimes, 0);
});

test("retryLater() before a message is read, and in a broadcast, is refused", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster);
  const waiting = cluster.client().consumer({ ...G, from: "first" });
  await assertRejects(() => waiting.retryLater(), Error, "no message was read");
  const client = cluster.client();
  const broadcast = client.consumer({ ...G, group: "B", from: "first", mode: "broadcast" });
  await read(broadcast.messages.getReader(), 1);
  await assertRejects(() => broadcast.retryLater(), Error, "broadcast");
  assertEquals(broker.codes(36), []);
});
