import { assertEquals } from "@std/assert";
import { utf8 } from "../../../../src/base/bytes.ts";
import { settingsText } from "../../../../src/cli/admin/broker.ts";
import { messagesText, messageText } from "../../../../src/cli/admin/message.ts";
import { agreement, namesrvJson, namesrvsText } from "../../../../src/cli/admin/namesrv.ts";
import type { Message } from "../../../../src/client/incoming.ts";
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

test("namesrv list ends with 3 when name servers do not know the same", () => {
  const known = (brokers: number) => ({ value: { clusters: 1, brokers, topics: 9 } });
  const same = [{ address: "n:1", known: known(2) }, { address: "n:2", known: known(2) }];
  assertEquals(agreement(same), 0);
  assertEquals(agreement([same[0], { address: "n:2", known: known(1) }]), 3);
  const gone = { address: "n:2", known: { reason: "n:2 is gone", exit: 1 } };
  assertEquals(agreement([same[0], gone]), 1);
  assertEquals(
    namesrvsText([same[0], gone]),
    "ADDRESS  CLUSTERS     BROKERS  TOPICS\n" +
      "n:1      1            2        9\n" +
      "n:2      UNREACHABLE\n\nn:2 is gone\n",
  );
  assertEquals(JSON.parse(namesrvJson(gone)), { address: "n:2", unreachable: "n:2 is gone" });
});

const message: Message = {
  topic: "orders",
  brokerName: "a",
  queueId: 3,
  queueOffset: 7,
  messageId: "M",
  offsetMessageId: "O",
  body: utf8("hello"),
  problem: undefined,
  tag: undefined,
  keys: ["k1", "k2"],
  properties: new Map([["KEYS", "k1 k2"]]),
  flag: 0,
  bornTimestamp: 0,
  storeTimestamp: 1,
  bornHost: "h:5",
  storeHost: "h:1",
  reconsumeTimes: 0,
};

test("message get shows everything, message query a line a message", () => {
  assertEquals(
    messageText(message),
    "topic        orders\nqueue        a 3\noffset       7\nmessage id   M\nbroker's id  O\n" +
      "tag          -\nkeys         k1 k2\n" +
      "born         1970-01-01T00:00:00.000Z at h:5\nstored       1970-01-01T00:00:00.001Z at h:1\n" +
      "reconsumed   0 times\nproperties   KEYS=k1 k2\n\nhello\n",
  );
  assertEquals(
    messagesText([message]),
    "STORED                    BROKER  QUEUE  OFFSET  TAG  KEYS   MESSAGE ID\n" +
      "1970-01-01T00:00:00.001Z  a       3      7       -    k1 k2  M\n",
  );
});

test("settings are shown in order of their names", () => {
  const settings = new Map([["b", "2"], ["abc", "1"]]);
  assertEquals(settingsText(settings, false), "abc  1\nb    2\n");
  assertEquals(settingsText(settings, true), '{"abc":"1","b":"2"}\n');
});
