import { assertEquals } from "@std/assert";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { plainGroup } from "../../../src/wire/group.ts";
import { test } from "../../harness.ts";
import { type BrokerRig, brokerRig, pull, type RigClient } from "../../support/broker_rig.ts";
import { OWN, PARK, put, textsIn, withMessages } from "../../support/pulls.ts";

const MQ = { brokerName: "broker-a", queueId: 0, topic: "T" };

function beat(client: RigClient, clientID: string, groupName = "C", topic = "T") {
  const subscriptionDataSet = [{ topic, subString: "*", subVersion: 1 }];
  const consumerDataSet = [{ groupName, subscriptionDataSet }];
  return client.ask({ code: 34, body: utf8(JSON.stringify({ clientID, consumerDataSet })) });
}

async function lock(client: RigClient, clientId: string): Promise<number> {
  const body = utf8(JSON.stringify({ clientId, consumerGroup: "C", mqSet: [MQ] }));
  const commands = await client.askAll({ code: 41, body }); // notices may stand before the answer
  return JSON.parse(textOf(commands.at(-1)!.body)).lockOKMQSet.length;
}

async function members(rig: BrokerRig, consumerGroup: string): Promise<string[]> {
  const { code, body } = await rig.client().ask({ code: 38, ext: { consumerGroup } });
  return code === 0 ? JSON.parse(textOf(body)).consumerIdList : [];
}

test("a pull makes its group; the retry topic waits for a heartbeat", async () => {
  await using rig = await withMessages(["a"]);
  const client = rig.client();
  assertEquals((await client.ask(pull({ consumerGroup: "New" }))).code, 0);
  const { groups, topics } = rig.parts;
  assertEquals([groups.get("New")?.retryMaxTimes, topics.get("%RETRY%New")], [16, undefined]);
  await beat(client, "c", "New");
  assertEquals(topics.get("%RETRY%New")?.readQueueNums, 1);
});

test("a group that wants no retries has no retry topic", async () => {
  await using rig = await brokerRig();
  rig.parts.groups.update({ ...plainGroup("C"), retryQueueNums: 0 });
  assertEquals((await beat(rig.client(), "c")).code, 0);
  assertEquals(rig.parts.topics.get("%RETRY%C"), undefined);
});

test("many groups read one topic, each from where it is, and one message wakes them all", async () => {
  await using rig = await withMessages(["a", "b"]);
  const clients = Array.from({ length: 20 }, (_, i) => rig.client(`10.0.1.${i + 1}`));
  const fields = { sysFlag: String(PARK | OWN), queueOffset: "2" };
  for (const [i, client] of clients.entries()) {
    const answer = await client.ask(pull({ consumerGroup: `G${i}`, queueOffset: String(i % 2) }));
    assertEquals(textsIn(answer), ["a", "b"].slice(i % 2));
    assertEquals(await client.askAll(pull({ ...fields, consumerGroup: `G${i}` })), []);
  }
  await put(rig, "c");
  for (const { far } of clients) assertEquals(far.commands().map(textsIn), [["c"]]);
});

test("a disabled group is refused from its next pull on, its parked one included, and can come back", async () => {
  await using rig = await withMessages(["a"]);
  const client = rig.client();
  const held = pull({ sysFlag: String(PARK | OWN), queueOffset: "1" });
  await client.askAll(held);
  const enable = (consumeEnable: boolean) => {
    const body = utf8(JSON.stringify({ ...plainGroup("C"), consumeEnable }));
    return rig.client("10.0.0.7").ask({ code: 200, body });
  };
  assertEquals((await enable(false)).code, 0);
  await put(rig, "b");
  assertEquals(client.far.commands().map(({ code }) => code), [16]);
  assertEquals((await client.ask(pull())).code, 16);
  await enable(true);
  assertEquals(textsIn(await client.ask(pull())), ["a", "b"]);
});

test("a queue of an ordered group moves when its owner lets it go, or 60 s after it was killed", async () => {
  await using rig = await brokerRig();
  const [a, b] = [rig.client(), rig.client("10.0.0.2")];
  await beat(a, "a");
  await beat(b, "b");
  assertEquals([await lock(a, "a"), await lock(b, "b")], [1, 0]);
  const body = utf8(JSON.stringify({ clientId: "a", consumerGroup: "C", mqSet: [MQ] }));
  await a.ask({ code: 42, body });
  assertEquals([await lock(b, "b"), await lock(a, "a")], [1, 0]);
  b.far.break(); // it takes its lock with it: its messages may still be in work
  await rig.clock.advance(59_000);
  assertEquals([await members(rig, "C"), await lock(a, "a")], [["a"], 0]);
  await rig.clock.advance(1_000);
  assertEquals(await lock(a, "a"), 1);
});

test("members that left or broke off are gone at once, and those that stay hear of it", async () => {
  await using rig = await brokerRig();
  const clients = ["a", "b", "c"].map((_, i) => rig.client(`10.0.0.${i + 1}`));
  for (const [i, client] of clients.entries()) await beat(client, "abc"[i]);
  const [a, b, c] = clients;
  a.far.commands();
  b.far.break();
  await rig.clock.settle();
  const heard = () => a.far.commands().map(({ code, ext }) => `${code} ${ext.consumerGroup}`);
  assertEquals([await members(rig, "C"), heard()], [["a", "c"], ["40 C"]]);
  await c.ask({ code: 35, ext: { clientID: "c", consumerGroup: "C" } });
  await rig.clock.settle();
  assertEquals([await members(rig, "C"), heard()], [["a"], ["40 C"]]);
});

test("a slave takes heartbeats, names members, gives locks and keeps offsets", async () => {
  await using slave = await brokerRig({ role: "slave" });
  const client = slave.client();
  assertEquals((await beat(client, "c")).code, 0);
  assertEquals([await members(slave, "C"), await lock(client, "c")], [["c"], 1]);
  const place = { consumerGroup: "C", topic: "T", queueId: "0" };
  assertEquals((await client.ask({ code: 15, ext: { ...place, commitOffset: "7" } })).code, 0);
  assertEquals((await client.ask({ code: 14, ext: place })).ext.offset, "7");
});
