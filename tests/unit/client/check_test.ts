import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { textOf } from "../../../src/base/bytes.ts";
import { AnswerError } from "../../../src/client/errors.ts";
import { test } from "../../harness.ts";
import { closed, oneBroker, read } from "./consumer_rig.ts";
import { FakeCluster } from "./fake_cluster.ts";

const SQL = {
  group: "G",
  topics: [{ topic: "T", expression: " a > 3 ", type: "SQL92" }],
  from: "first",
} as const;

test("an SQL92 expression is checked by a broker before anything is pulled, and pulls bring it", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster);
  const consumer = cluster.client().consumer(SQL);
  assertEquals(await read(consumer.messages.getReader(), 2), ["0.0", "0.1"]);
  const codes = broker.asked.map(({ code }) => code);
  assertEquals(codes.indexOf(46) < codes.indexOf(11), true, `${codes}`);
  const check = JSON.parse(textOf(broker.asked.find(({ code }) => code === 46)!.body));
  assertEquals([check.group, check.subscriptionData.topic], ["G", "T"]);
  const { subscription, expressionType, sysFlag } = broker.pulls.find(({ topic }) =>
    topic === "T"
  )!;
  assertEquals([subscription, expressionType, sysFlag & 4], ["a > 3", "SQL92", 4]);
});

test("an expression that a broker refuses ends the stream with its reason, and the consumer", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster);
  broker.instead.set(46, () => ({ code: 23, remark: "no such thing as >>" }));
  const client = cluster.client();
  const consumer = client.consumer(SQL);
  const refused = assertRejects(() => consumer.messages.getReader().read(), AnswerError);
  await cluster.clock.advance(1_000);
  const error = await refused;
  assertEquals(error.code, 23);
  assertStringIncludes(error.message, '"a > 3" on "T" is refused: 23 (no such thing as >>)');
  await closed(cluster, consumer);
  assertEquals(broker.pulls, []);
  await closed(cluster, client.consumer({ ...SQL, topics: [{ topic: "T" }] })); // the group is free again
});

test("a broker that knows no checks is not asked twice: it says so to pulls", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster);
  broker.instead.set(46, () => ({ code: 3 }));
  const consumer = cluster.client().consumer(SQL);
  assertEquals(await read(consumer.messages.getReader(), 1), ["0.0"]);
  assertEquals(broker.asked.filter(({ code }) => code === 46).length, 1);
});

test("a topic that is not there yet is checked when it comes", async () => {
  await using cluster = new FakeCluster();
  await cluster.namesrv();
  const consumer = cluster.client().consumer(SQL);
  const reading = read(consumer.messages.getReader(), 1);
  await cluster.clock.advance(3_000);
  const broker = await cluster.broker("a", { T: 1 });
  broker.put("T", 0, "late");
  await cluster.clock.advance(40_000);
  assertEquals(await reading, ["late"]);
});

test("tags are not checked", async () => {
  await using cluster = new FakeCluster();
  const broker = await oneBroker(cluster);
  const topics = [{ topic: "T", expression: "a || b" }];
  const consumer = cluster.client().consumer({ ...SQL, topics });
  await cluster.clock.advance(1_000);
  assertEquals(broker.asked.filter(({ code }) => code === 46), []);
  await closed(cluster, consumer);
});
