import { assertEquals } from "@std/assert";
import { exitOf, nodeJson, nodesText } from "../../../../src/cli/admin/cluster.ts";
import { listText, routeRows, routeText, topicRow } from "../../../../src/cli/admin/topic.ts";
import type { TopicRoute } from "../../../../src/wire/route.ts";
import { test } from "../../../harness.ts";

const queues = { perm: 6, readQueueNums: 4, topicSysFlag: 0, writeQueueNums: 2 };
const route: TopicRoute = {
  brokers: [
    { brokerAddrs: new Map([[0, "h:1"], [1, "h:2"]]), brokerName: "a", cluster: "C" },
    { brokerAddrs: new Map([[0, "h:3"]]), brokerName: "b", cluster: "C" },
  ],
  queues: [{ brokerName: "b", ...queues }, { brokerName: "a", ...queues }],
};

test("topic list adds up the brokers; a topic nobody has stays in it", () => {
  const rows = [
    topicRow({ name: "orders", kind: "user" }, route),
    topicRow({ name: "gone", kind: "user" }, undefined),
  ];
  assertEquals(
    listText(rows),
    "TOPIC   KIND  READ  WRITE  PERM  CLUSTERS  BROKERS\n" +
      "orders  user  8     4      RW    C         a,b\n" +
      "gone    user  0     0      none  -         -\n",
  );
});

test("topic route shows each broker with its addresses", () => {
  assertEquals(
    routeText(routeRows(route)),
    "BROKER  CLUSTER  READ  WRITE  PERM  ADDRESSES (0 IS THE MASTER)\n" +
      "b       C        4     2      RW    0 h:3\n" +
      "a       C        4     2      RW    0 h:1, 1 h:2\n",
  );
});

const broker = { cluster: "C", name: "a", id: 0, address: "h:1" };
const load = {
  version: "V4_9_7",
  putPerSecond: 12.5,
  getPerSecond: 0,
  putToday: 100,
  getToday: 7,
  startedAt: 1_000,
  diskUsed: 0.257,
};

test("cluster list shows loads, and below why one does not answer", () => {
  const gone = { broker: { ...broker, id: 1 }, load: { reason: "h:1 is gone", exit: 1 } };
  const nodes = [{ broker, load: { value: load } }, gone];
  assertEquals(
    nodesText(nodes, 61_000),
    "CLUSTER  BROKER  ID  ADDRESS  VERSION      IN/S  OUT/S  IN TODAY  OUT TODAY  DISK  UP\n" +
      "C        a       0   h:1      V4_9_7       12.5  0.0    100       7          26 %  60 s\n" +
      "C        a       1   h:1      UNREACHABLE\n\nh:1 is gone\n",
  );
  assertEquals(exitOf(nodes.map((node) => node.load)), 1);
  assertEquals(JSON.parse(nodeJson(nodes[0])), { ...broker, ...load });
  assertEquals(JSON.parse(nodeJson(gone)), { ...gone.broker, unreachable: "h:1 is gone" });
});
