import { assertEquals, assertRejects } from "@std/assert";
import { AnswerError } from "../../../src/client/errors.ts";
import type { Decision } from "../../../src/client/transaction_producer.ts";
import { CallError } from "../../../src/rpc/peer.ts";
import { parseHeartbeat } from "../../../src/wire/heartbeat.ts";
import { parseProperties } from "../../../src/wire/properties.ts";
import { parseEndTransaction } from "../../../src/wire/transaction.ts";
import { test } from "../../harness.ts";
import { FakeCluster } from "./fake_cluster.ts";

const ID = "0A00000100002A9F00000000000000FF";

/** A cluster whose one broker takes first halves, and a producer of group `tx`. */
async function scene(check: () => Decision = () => "commit") {
  const cluster = new FakeCluster();
  await cluster.namesrv();
  const broker = await cluster.broker("a", { T: 1 });
  broker.instead.set(310, () => ({
    code: 0,
    ext: { msgId: ID, queueId: "0", queueOffset: "6", MSG_REGION: "r", TRACE_ON: "true" },
  }));
  const client = cluster.client();
  const producer = client.transactionProducer({ group: "tx", check });
  const ends = () => broker.codes(37).map(({ ext }) => parseEndTransaction(ext));
  return { cluster, broker, client, producer, ends };
}

test("a first half says what it is, after its broker heard of the producer", async () => {
  const { cluster, broker, producer } = await scene();
  await using _ = cluster;
  await producer.prepare({ topic: "T", body: "x", properties: { own: "1" } });
  const properties = parseProperties(broker.codes(310)[0].ext.i);
  assertEquals([properties.get("TRAN_MSG"), properties.get("PGROUP")], ["true", "tx"]);
  assertEquals(properties.get("own"), "1");
  assertEquals(broker.asked.map(({ code }) => code), [34, 310]);
  assertEquals(parseHeartbeat(broker.codes(34)[0].body).producerGroups, ["tx"]);
  await producer.prepare({ topic: "T", body: "y" });
  assertEquals(broker.codes(34).length, 1, "it knows");
});

for (const decision of ["commit", "rollback"] as const) {
  test(`work that gives ${decision} is told with the place of the first half`, async () => {
    const { cluster, producer, ends } = await scene();
    await using _ = cluster;
    const sent = await producer.send({ topic: "T", body: "x" }, () => decision);
    assertEquals(sent.decision, decision);
    assertEquals(ends(), [{
      producerGroup: "tx",
      halfQueueOffset: 6,
      halfLogOffset: 255,
      decision,
      isChecked: false,
      messageId: sent.messageId,
      transactionId: sent.messageId,
    }]);
  });
}

test("work that is unknown or throws is not told", async () => {
  const { cluster, producer, ends } = await scene();
  await using _ = cluster;
  await producer.send({ topic: "T", body: "x" }, () => "unknown");
  const broken = () => Promise.reject(new Error("it broke"));
  await assertRejects(() => producer.send({ topic: "T", body: "x" }, broken), Error, "it broke");
  assertEquals(ends(), []);
});

test("a broker that refuses a word is heard", async () => {
  const { cluster, broker, producer } = await scene();
  await using _ = cluster;
  broker.instead.set(37, () => ({ code: 1, remark: "it has ended before" }));
  const prepared = await producer.prepare({ topic: "T", body: "x" });
  await assertRejects(() => prepared.commit(), AnswerError, "it has ended before");
});

test("a group has one transactional producer of a client", async () => {
  const { cluster, client } = await scene();
  await using _ = cluster;
  let refused = "";
  try {
    client.transactionProducer({ group: "tx", check: () => "commit" });
  } catch (error) {
    refused = String(error);
  }
  assertEquals(refused.includes("has a producer here"), true);
});

test("a request that waits when its client closes fails, and one nobody answers in time", async () => {
  const { cluster, broker, client } = await scene();
  await using _ = cluster;
  const producer = client.producer();
  const late = producer.request({ topic: "T", body: "x" }, 1_000);
  const failed = assertRejects(() => late, CallError, "within 1000 ms");
  await cluster.clock.advance(1_000);
  await failed;
  const properties = parseProperties(broker.codes(310)[0].ext.i);
  assertEquals([properties.get("REPLY_TO_CLIENT"), properties.get("TTL")], [client.id, "1000"]);
  assertEquals(properties.get("CORRELATION_ID")?.length, 32);
  const open = producer.request({ topic: "T", body: "x" }, 60_000);
  const closed = assertRejects(() => open, CallError, "closed");
  await cluster.clock.settle();
  const closing = client.close();
  await cluster.clock.advance(2_000);
  await Promise.all([closed, closing]);
});
