import { assertEquals, assertRejects } from "@std/assert";
import { askNode } from "../../../src/admin/lines.ts";
import { deleteTopic, kindOf, putTopic, topicRoute, topics } from "../../../src/admin/topics.ts";
import { AnswerError } from "../../../src/client/errors.ts";
import { Fields } from "../../../src/wire/fields.ts";
import { formatTopicList } from "../../../src/wire/route.ts";
import { parseTopicUpdate, type TopicConfig } from "../../../src/wire/topic.ts";
import { test } from "../../harness.ts";
import { fakeLines, NAMESRVS } from "./fake_lines.ts";

const lists = {
  206: { code: 0, body: formatTopicList({ topics: ["orders", "%RETRY%g", "b", "TBW102"] }) },
  304: { code: 0, body: formatTopicList({ topics: ["C", "b"] }) },
};
const config: TopicConfig = {
  order: false,
  perm: 4,
  readQueueNums: 3,
  topicFilterType: "SINGLE_TAG",
  topicName: "orders",
  topicSysFlag: 1,
  writeQueueNums: 2,
};

test("topics() tells users' topics from those of brokers and groups", async () => {
  assertEquals(await topics(fakeLines(lists)), [
    { name: "%RETRY%g", kind: "retry" },
    { name: "TBW102", kind: "system" },
    { name: "b", kind: "system" },
    { name: "orders", kind: "user" },
  ]);
  assertEquals(kindOf("%DLQ%g", new Set()), "dead");
  assertEquals(kindOf("RMQ_SYS_TRANS_HALF_TOPIC", new Set()), "system");
});

test("topicRoute() of a misspelt topic names the one that may be meant", async () => {
  const lines = fakeLines({ ...lists, 105: { code: 17, remark: "No topic route info" } });
  const error = await assertRejects(() => topicRoute(lines, "ordesr"), AnswerError);
  assertEquals(error.message, 'No broker that is alive has topic "ordesr", did you mean "orders"?');
  assertEquals(error.code, 17);
});

test("putTopic() sends what a broker reads", async () => {
  const lines = fakeLines({ 17: { code: 0 } });
  await putTopic(lines, "a:1", config);
  const [[address, { ext }]] = lines.asked;
  assertEquals([address, parseTopicUpdate(new Fields(ext!))], ["a:1", config]);
});

test("deleteTopic() tells the masters first, then every name server", async () => {
  const lines = fakeLines({ 215: { code: 0 }, 216: { code: 0 } });
  await deleteTopic(lines, "orders", ["a:1", "b:1"], "C");
  assertEquals(lines.asked.map(([address, { code }]) => `${code} ${address}`), [
    "215 a:1",
    "215 b:1",
    ...NAMESRVS.map((address) => `216 ${address}`),
  ]);
  assertEquals(lines.asked[2][1].ext, { topic: "orders", clusterName: "C" });
});

test("deleteTopic() leaves the routes when a master refuses", async () => {
  const lines = fakeLines({
    215: (_, address) => address === "b:1" ? { code: 1, remark: "no\n\tat Java" } : { code: 0 },
  });
  const error = await assertRejects(() => deleteTopic(lines, "orders", ["a:1", "b:1"]));
  assertEquals((error as Error).message, 'Cannot delete topic "orders": b:1 answers 1 (no)');
  assertEquals(lines.asked.length, 2);
});

test("askNode() says when a node knows no such request", async () => {
  const error = await assertRejects(() => askNode(fakeLines({}), "a:1", { code: 999 }, "do it"));
  assertEquals((error as Error).message, "Cannot do it: a:1 knows no such request");
});
