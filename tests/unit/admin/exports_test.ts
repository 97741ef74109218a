import { assertEquals } from "@std/assert";
import { exportedGroups, exportedTopics } from "../../../src/admin/exports.ts";
import { utf8 } from "../../../src/base/bytes.ts";
import { formatGroupTable, plainGroup } from "../../../src/wire/group.ts";
import { formatTopicList } from "../../../src/wire/route.ts";
import { formatTopicTable, type TopicConfig } from "../../../src/wire/topic.ts";
import { test } from "../../harness.ts";
import { fakeLines } from "./fake_lines.ts";

const topic = (topicName: string, queues: number): [string, TopicConfig] => [topicName, {
  order: true,
  perm: 6,
  readQueueNums: queues,
  writeQueueNums: queues + 1,
  topicFilterType: "SINGLE_TAG",
  topicName,
  topicSysFlag: 0,
}];

const lines = fakeLines({
  21: (_request, address) => ({
    code: 0,
    body: utf8(formatTopicTable({
      dataVersion: { counter: address === "b:1" ? 7 : 8, timestamp: 9 },
      topics: new Map(
        address === "b:1"
          ? [topic("T", 4), topic("broker-a", 1), topic("%RETRY%G", 1), topic("%DLQ%G", 1)]
          : [topic("T", 2), topic("U", 8), topic("broker-b", 1)],
      ),
    })),
  }),
  305: (_request, address) => ({
    code: 0,
    body: formatTopicList({ topics: [address === "b:1" ? "broker-a" : "broker-b"] }),
  }),
  201: (_request, address) => ({
    code: 0,
    body: utf8(formatGroupTable({
      dataVersion: { counter: 1, timestamp: 2 },
      groups: new Map(
        ["G", "TOOLS_CONSUMER", "CID_RMQ_SYS_TRANS", address].map((name) => [
          name,
          { ...plainGroup(name), retryQueueNums: 2 },
        ]),
      ),
    })),
  }),
});

test("exportedTopics() adds up queues, and leaves out what brokers and groups have for themselves", async () => {
  const { topics, dataVersion } = await exportedTopics(lines, ["b:1", "b:2"], false);
  const queues = [...topics].map(([name, has]) => [name, has.readQueueNums, has.writeQueueNums]);
  assertEquals(queues, [["T", 6, 8], ["U", 8, 9]]);
  assertEquals([topics.get("T")?.order, dataVersion.counter], [true, 7]);
  const { topics: all } = await exportedTopics(lines, ["b:1"], true);
  assertEquals([...all.keys()], ["T", "%RETRY%G", "%DLQ%G"]);
});

test("exportedGroups() adds up retry queues, and leaves out groups of brokers and tools", async () => {
  const { groups } = await exportedGroups(lines, ["b:1", "b:2"]);
  const queues = [...groups].map(([name, { retryQueueNums }]) => [name, retryQueueNums]);
  assertEquals(queues, [["G", 4], ["b:1", 2], ["b:2", 2]]);
});
