import { assertEquals, assertRejects } from "@std/assert";
import {
  deleteGroup,
  groupOnline,
  groupProgress,
  groupsOn,
  putGroup,
} from "../../../src/admin/groups.ts";
import { topicStats } from "../../../src/admin/topics.ts";
import { utf8 } from "../../../src/base/bytes.ts";
import { formatConsumerConnections } from "../../../src/wire/connections.ts";
import { formatConsumeStats } from "../../../src/wire/consume_stats.ts";
import { formatGroupTable, parseGroup, plainGroup } from "../../../src/wire/group.ts";
import { formatTopicStats } from "../../../src/wire/topic_stats.ts";
import { test } from "../../harness.ts";
import { fakeLines } from "./fake_lines.ts";

const queue = (topic: string, queueId: number) => ({ brokerName: "b", queueId, topic });
const lag = (brokerOffset: number, consumerOffset: number) => ({
  brokerOffset,
  consumerOffset,
  lastTimestamp: 5,
});

test("groupsOn() and putGroup() carry a group's settings", async () => {
  const groups = new Map([["g", { ...plainGroup("g"), retryMaxTimes: 5 }]]);
  const dataVersion = { counter: 1, timestamp: 2 };
  const body = utf8(formatGroupTable({ dataVersion, groups }));
  const lines = fakeLines({ 201: { code: 0, body }, 200: { code: 0 } });
  assertEquals(await groupsOn(lines, "a:1"), groups);
  await putGroup(lines, "a:1", groups.get("g")!);
  assertEquals(parseGroup(lines.asked[1][1].body!), groups.get("g"));
});

test("deleteGroup() tells brokers of 4.x and 5.x to forget offsets, or neither", async () => {
  const lines = fakeLines({ 207: { code: 0 } });
  await deleteGroup(lines, "a:1", "g", true);
  await deleteGroup(lines, "a:1", "g", false);
  assertEquals(lines.asked.map(([, { ext }]) => ext), [
    { groupName: "g", removeOffset: "true", cleanOffset: "true" },
    { groupName: "g", removeOffset: "false", cleanOffset: "false" },
  ]);
});

test("groupProgress() gives queues in order, with what is before the group", async () => {
  const body = formatConsumeStats({
    consumeTps: 0,
    queues: [[queue("T", 1), lag(9, 4)], [queue("T", 0), lag(3, 3)], [queue("A", 2), lag(1, 0)]],
  });
  const lines = fakeLines({ 208: { code: 0, body } });
  const rows = await groupProgress(lines, "a:1", "g", "T");
  assertEquals(rows.map(({ topic, queueId, behind }) => [topic, queueId, behind]), [
    ["A", 2, 1],
    ["T", 0, 0],
    ["T", 1, 5],
  ]);
  assertEquals(lines.asked[0][1].ext, { consumerGroup: "g", topic: "T" });
  assertEquals(await groupProgress(fakeLines({ 208: { code: 17 } }), "a:1", "g"), []);
  const error = await assertRejects(() =>
    groupProgress(fakeLines({ 208: { code: 1 } }), "a:1", "g")
  );
  assertEquals((error as Error).message, 'Cannot see how far group "g" is: a:1 answers 1');
});

test("groupOnline() of a group that is offline is undefined, by code or by an empty list", async () => {
  const settings = { consumeFromWhere: "", consumeType: "", messageModel: "CLUSTERING" };
  const connections = [{ clientAddr: "h:1", clientId: "c", language: "JAVA", version: 407 }];
  const answer = (some: typeof connections) => ({
    code: 0,
    body: formatConsumerConnections({ ...settings, connections: some, subscriptions: new Map() }),
  });
  const online = await groupOnline(fakeLines({ 203: answer(connections) }), "a:1", "g");
  assertEquals(online?.connections, connections);
  for (const reply of [{ code: 206, remark: "not online" }, answer([])]) {
    assertEquals(await groupOnline(fakeLines({ 203: reply }), "a:1", "g"), undefined);
  }
});

test("topicStats() gives queues in order, none where the topic is not", async () => {
  const ends = { lastUpdateTimestamp: 7, maxOffset: 5, minOffset: 2 };
  const body = formatTopicStats([[queue("T", 1), ends], [queue("T", 0), ends]]);
  assertEquals(await topicStats(fakeLines({ 202: { code: 0, body } }), "a:1", "T"), [
    { ...queue("T", 0), ...ends },
    { ...queue("T", 1), ...ends },
  ]);
  assertEquals(await topicStats(fakeLines({ 202: { code: 17 } }), "a:1", "T"), []);
});
