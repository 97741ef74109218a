import { assertEquals } from "@std/assert";
import { utf8 } from "../../../../src/base/bytes.ts";
import { plainTopic } from "../../../../src/broker/topic_rules.ts";
import { parseConsumeStats, parseConsumeStatsList } from "../../../../src/wire/consume_stats.ts";
import { parseTopicStats } from "../../../../src/wire/topic_stats.ts";
import { test } from "../../../harness.ts";
import { type BrokerRig, brokerRig, send } from "../../../support/broker_rig.ts";
import { messagesOf } from "../../../support/store.ts";

const [TOPIC, GROUP, ALL] = [202, 208, 317];

/** Three messages in queue 0 of T, which has four; G has done two of them. */
async function threeMessages(rig: BrokerRig): Promise<number[]> {
  for (const text of ["a", "b", "c"]) {
    await rig.client().ask(send({}, text));
    await rig.clock.advance(1000);
  }
  rig.parts.groups.find("G");
  rig.parts.offsets.commit("G", "T", 0, 2);
  return messagesOf(rig.store, "T", 0).map(({ storeTimestamp }) => storeTimestamp);
}

const queue = (queueId: number, topic = "T") => ({ brokerName: "broker-a", queueId, topic });

test("202 tells where each queue begins and ends, and when its last message came", async () => {
  await using rig = await brokerRig();
  const times = await threeMessages(rig);
  const { code, body } = await rig.client().ask({ code: TOPIC, ext: { topic: "T" } });
  assertEquals(code, 0);
  const empty = { lastUpdateTimestamp: 0, maxOffset: 0, minOffset: 0 };
  assertEquals(parseTopicStats(body), [
    [queue(0), { lastUpdateTimestamp: times[2], maxOffset: 3, minOffset: 0 }],
    [queue(1), empty],
    [queue(2), empty],
    [queue(3), empty],
  ]);
});

test("202 refuses a topic that is not there", async () => {
  await using rig = await brokerRig();
  assertEquals((await rig.client().ask({ code: TOPIC, ext: { topic: "no" } })).code, 17);
});

test("208 tells how far a group is, of one topic or of all it has an offset in", async () => {
  await using rig = await brokerRig();
  const times = await threeMessages(rig);
  rig.parts.topics.update(plainTopic("U", 1));
  rig.parts.offsets.commit("G", "U", 0, 0);
  const ask = async (ext: Record<string, string>) =>
    parseConsumeStats((await rig.client().ask({ code: GROUP, ext })).body).queues;
  const all = await ask({ consumerGroup: "G" });
  assertEquals(all.map(([{ topic, queueId }]) => topic + queueId), ["T0", "T1", "T2", "T3", "U0"]);
  assertEquals(all[0][1], { brokerOffset: 3, consumerOffset: 2, lastTimestamp: times[1] });
  assertEquals(all[1][1], { brokerOffset: 0, consumerOffset: 0, lastTimestamp: 0 });
  const [one, ...more] = await ask({ consumerGroup: "G", topic: "U" });
  assertEquals([one[0], more.length], [queue(0, "U"), 0]);
  assertEquals(await ask({ consumerGroup: "nobody" }), []);
  assertEquals(await ask({ consumerGroup: "G", topic: "no" }), []);
});

test("208 leaves out what a group that is online reads no more", async () => {
  await using rig = await brokerRig();
  await threeMessages(rig);
  const client = rig.client();
  const subscriptionDataSet = [{ topic: "U", subString: "*" }];
  const consumerDataSet = [{ groupName: "G", subscriptionDataSet }];
  const body = utf8(JSON.stringify({ clientID: "c", consumerDataSet }));
  assertEquals((await client.ask({ code: 34, body })).code, 0);
  const answer = await client.ask({ code: GROUP, ext: { consumerGroup: "G" } });
  assertEquals(parseConsumeStats(answer.body).queues, []);
});

test("317 tells it of every group, and how much they have before them", async () => {
  await using rig = await brokerRig({ flags: { listenPort: "0" } }); // the port is picked
  await threeMessages(rig);
  const ask = async (isOrder: string) =>
    parseConsumeStatsList((await rig.client().ask({ code: ALL, ext: { isOrder } })).body);
  const all = await ask("false");
  assertEquals([all.brokerAddr, all.totalDiff], ["10.0.0.9:10911", 1]);
  const of = (groups: typeof all.groups) => groups.find(([name]) => name === "G")![1];
  assertEquals(of(all.groups).map(({ queues }) => queues.length), [4]);
  assertEquals(of((await ask("true")).groups), []);
  rig.parts.topics.update({ ...plainTopic("T", 4), order: true });
  assertEquals(of((await ask("true")).groups).length, 1);
});

test("208 and 317 are refused where the answer would not fit into a frame, and name what to ask", async () => {
  await using rig = await brokerRig();
  for (let n = 0; n < 11; n++) {
    rig.parts.topics.update(plainTopic(`T${n}`, 10_000));
    rig.parts.groups.find("G");
    rig.parts.offsets.commit("G", `T${n}`, 0, 0);
  }
  const asked: [code: number, ext: Record<string, string>, says: string][] = [
    [GROUP, { consumerGroup: "G" }, "ask for one topic of the group"],
    [ALL, { isOrder: "false" }, "ask for one group after the other (208)"],
  ];
  for (const [asks, ext, says] of asked) {
    const { code, remark } = await rig.client().ask({ code: asks, ext });
    const reason = `they are in more than 100000 queues, ${says}`;
    assertEquals([code, remark], [1, `Cannot tell how far groups are: ${reason}`]);
  }
  const one = { code: GROUP, ext: { consumerGroup: "G", topic: "T1" } };
  assertEquals(parseConsumeStats((await rig.client().ask(one)).body).queues.length, 10_000);
});
