import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { textOf } from "../../../src/base/bytes.ts";
import { RouteTable } from "../../../src/namesrv/routes.ts";
import type { Registration } from "../../../src/wire/registration.ts";
import type { TopicConfig } from "../../../src/wire/topic.ts";
import { test } from "../../harness.ts";

const A = "10.0.0.1:10911";
const A_SLAVE = "10.0.0.2:10911";
const B = "10.0.0.3:10911";

function topic(topicName: string, change: Partial<TopicConfig> = {}): TopicConfig {
  return {
    order: false,
    perm: 6,
    readQueueNums: 4,
    topicFilterType: "SINGLE_TAG",
    topicName,
    topicSysFlag: 0,
    writeQueueNums: 4,
    ...change,
  };
}

function says(
  change: Partial<Omit<Registration, "topics">> = {},
  topics: TopicConfig[] = [topic("T")],
): Registration {
  return {
    brokerAddr: A,
    brokerId: 0,
    brokerName: "a",
    clusterName: "C",
    haServerAddr: "10.0.0.1:10912",
    dataVersion: { counter: 1, timestamp: 5 },
    topics: new Map(topics.map((each) => [each.topicName, each])),
    ...change,
  };
}

const slave = { brokerAddr: A_SLAVE, brokerId: 1, haServerAddr: "10.0.0.2:10912" };
const conn = (name: string) => ({ name });
const addresses = (table: RouteTable, topic = "T") =>
  table.route(topic)?.brokers.map(({ brokerName, brokerAddrs }) => [brokerName, ...brokerAddrs]);

test("register() makes a topic known with its queues and its broker", () => {
  const table = new RouteTable();
  table.register(says(), conn("a"), 0);
  assertEquals(table.route("T"), {
    brokers: [{ brokerName: "a", cluster: "C", brokerAddrs: new Map([[0, A]]) }],
    queues: [{ brokerName: "a", perm: 6, readQueueNums: 4, topicSysFlag: 0, writeQueueNums: 4 }],
  });
  assertEquals(table.route("other"), undefined);
});

test("register() tells a slave its master only while that is alive", () => {
  const table = new RouteTable();
  const master = conn("a");
  assertEquals(table.register(says(slave), conn("s"), 0), undefined);
  assertEquals(table.register(says(), master, 0), undefined);
  assertEquals(table.register(says(slave), conn("s"), 0), {
    masterAddr: A,
    haServerAddr: "10.0.0.1:10912",
  });
  table.connectionClosed(master);
  assertEquals(table.register(says(slave), conn("s"), 0), undefined);
});

test("register() takes topics from masters only", () => {
  const table = new RouteTable();
  table.register(says(slave), conn("s"), 0);
  assertEquals(table.route("T"), undefined);
  assertEquals(table.topics(), []);
});

test("register() takes topics again only with another version, and keeps those that are missing then", () => {
  const table = new RouteTable();
  const at = conn("a");
  table.register(says(), at, 0);
  table.register(says({}, [topic("T", { readQueueNums: 8 }), topic("U")]), at, 0);
  assertEquals(table.route("T")?.queues[0].readQueueNums, 4, "same version");
  for (
    const [readQueueNums, dataVersion] of [
      [5, { counter: 2, timestamp: 5 }],
      [6, { counter: 2, timestamp: 6 }],
      [7, { counter: 2, timestamp: 6, stateVersion: 1 }],
    ] as const
  ) {
    table.register(says({ dataVersion }, [topic("T", { readQueueNums })]), at, 0);
    assertEquals(table.route("T")?.queues[0].readQueueNums, readQueueNums);
  }
  table.register(says({ dataVersion: { counter: 3, timestamp: 7 } }, [topic("U")]), at, 0);
  assertEquals(table.topics(), ["T", "U"]);
});

test("register() after its connection closed fills the table again, version unchanged", () => {
  const table = new RouteTable();
  const first = conn("first");
  table.register(says(), first, 0);
  assertEquals(table.connectionClosed(first), [A]);
  assertEquals([table.topics(), table.clusterInfo().clusters.size], [[], 0]);
  table.register(says(), conn("second"), 0);
  assertEquals(addresses(table), [["a", [0, A]]]);
});

test("register() of an address under another id drops the id it had: the node changed its role", () => {
  const table = new RouteTable();
  table.register(says(), conn("a"), 0);
  table.register(says(slave), conn("s"), 0);
  table.register(says({ ...slave, brokerId: 0 }), conn("s"), 0);
  assertEquals(addresses(table), [["a", [0, A_SLAVE]]]);
});

test("connectionClosed() forgets a broker by its latest connection only", () => {
  const table = new RouteTable();
  const [old, now] = [conn("old"), conn("now")];
  table.register(says(), old, 0);
  table.register(says(), now, 0);
  assertEquals(table.connectionClosed(old), []);
  assertEquals(addresses(table), [["a", [0, A]]]);
  assertEquals(table.connectionClosed(now), [A]);
  assertEquals(table.route("T"), undefined);
});

test("connectionClosed() of an old address leaves the id that moved to another", () => {
  const table = new RouteTable();
  const old = conn("old");
  table.register(says(), old, 0);
  table.register(says({ brokerAddr: B }), conn("new"), 0);
  table.connectionClosed(old);
  assertEquals(addresses(table), [["a", [0, B]]]);
});

test("a topic whose master is gone stays visible while a slave lives", () => {
  const table = new RouteTable();
  const [master, other] = [conn("a"), conn("s")];
  table.register(says(), master, 0);
  table.register(says(slave), other, 0);
  table.connectionClosed(master);
  assertEquals(addresses(table), [["a", [1, A_SLAVE]]]);
  assertEquals(table.route("T")?.queues.length, 1);
  table.connectionClosed(other);
  assertEquals(table.route("T"), undefined);
});

test("unregister() removes an id whatever address it has", () => {
  const table = new RouteTable();
  table.register(says(), conn("a"), 0);
  table.unregister({ ...says(), brokerAddr: B });
  assertEquals([table.route("T"), table.clusterInfo().brokers], [undefined, []]);
});

test("expire() forgets who was silent and says on which connection to hang up", () => {
  const table = new RouteTable();
  const [a, b] = [conn("a"), conn("b")];
  table.register(says(), a, 1_000);
  table.register(says({ brokerName: "b", brokerAddr: B }), b, 2_000);
  assertEquals(table.expire(1_000), []);
  assertEquals(table.expire(1_001), [{ address: A, holder: a }]);
  assertEquals(addresses(table), [["b", [0, B]]]);
});

test("isCurrent() counts as a sign of life when the version is equal, and only then", () => {
  const table = new RouteTable();
  table.register(says(), conn("a"), 1_000);
  assert(!table.isCurrent(A, { counter: 9, timestamp: 5 }, 5_000));
  assert(!table.isCurrent(B, { counter: 1, timestamp: 5 }, 5_000));
  assert(table.isCurrent(A, { counter: 1, timestamp: 5 }, 3_000));
  assertEquals(table.expire(3_000), []);
  assertEquals(table.expire(3_001).length, 1);
});

test("setWritable() closes queues of one broker until it registers a new version", () => {
  const table = new RouteTable();
  const perm = () => table.route("T")?.queues.map((queues) => queues.perm);
  table.register(says({}, [topic("T", { perm: 7 }), topic("U")]), conn("a"), 0);
  table.register(says({ brokerName: "b", brokerAddr: B }), conn("b"), 0);
  assertEquals([table.setWritable("a", false), perm()], [2, [5, 6]]);
  table.register(says({}, [topic("T", { perm: 7 })]), conn("a"), 0);
  assertEquals(perm(), [5, 6], "same version");
  assertEquals([table.setWritable("a", true), perm()], [2, [6, 6]]);
  table.setWritable("a", false);
  table.register(says({ dataVersion: { counter: 2, timestamp: 5 } }), conn("a"), 0);
  assertEquals(perm(), [6, 6]);
  assertEquals(table.setWritable("nobody", false), 0);
});

test("deleteTopic() takes a topic off one cluster or off all", () => {
  const table = new RouteTable();
  table.register(says(), conn("a"), 0);
  table.register(says({ clusterName: "D", brokerName: "b", brokerAddr: B }), conn("b"), 0);
  table.deleteTopic("T", "D");
  assertEquals(addresses(table), [["a", [0, A]]]);
  table.deleteTopic("T", "nowhere");
  table.deleteTopic("T");
  assertEquals(table.topics(), []);
});

test("lists name topics by cluster, by unit flag, and clusters and brokers as topics", () => {
  const table = new RouteTable();
  table.register(says({}, [topic("T"), topic("U", { topicSysFlag: 1 })]), conn("a"), 0);
  table.register(
    says({ clusterName: "D", brokerName: "b", brokerAddr: B }, [topic("V")]),
    conn("b"),
    0,
  );
  assertEquals(table.topics(), ["T", "U", "V"]);
  assertEquals(table.topics(({ topicSysFlag }) => topicSysFlag === 1), ["U"]);
  assertEquals([table.topicsOfCluster("D"), table.topicsOfCluster("X")], [["V"], []]);
  assertEquals(table.systemTopics(), { topics: ["C", "a", "D", "b"], brokerAddr: A });
  assertEquals(new RouteTable().systemTopics(), { topics: [] });
});

test("routeBody() writes ids bare or quoted, the smallest first", () => {
  const table = new RouteTable();
  table.register(says(slave), conn("s"), 0);
  table.register(says(), conn("a"), 0);
  const body = (addrs: string) =>
    `{"brokerDatas":[{"brokerAddrs":{${addrs}},"brokerName":"a","cluster":"C"}],"filterServerTable":{},` +
    `"queueDatas":[{"brokerName":"a","perm":6,"readQueueNums":4,"topicSysFlag":0,"writeQueueNums":4}]}`;
  assertEquals(textOf(table.routeBody("T", "bare")!), body(`0:"${A}",1:"${A_SLAVE}"`));
  assertEquals(textOf(table.routeBody("T", "quoted")!), body(`"0":"${A}","1":"${A_SLAVE}"`));
  assertEquals(table.routeBody("other", "bare"), undefined);
});

test("routeBody() is made once, and again after anything in it changed", () => {
  const master = conn("a");
  const version = (counter: number) => ({ dataVersion: { counter, timestamp: 5 } });
  for (
    const [name, change] of Object.entries<(table: RouteTable) => void>({
      "a slave came": (table) => table.register(says(slave), conn("s"), 0),
      "its queues changed": (table) =>
        table.register(says(version(2), [topic("T", { readQueueNums: 9 })]), master, 0),
      "its address changed": (table) => table.register(says({ brokerAddr: B }), conn("b"), 0),
      "another broker has it": (table) =>
        table.register(says({ brokerName: "b", brokerAddr: B }), conn("b"), 0),
      "it was closed for writing": (table) => table.setWritable("a", false),
      "it was deleted": (table) => table.deleteTopic("T"),
      "its broker left": (table) => table.unregister(says()),
      "its connection closed": (table) => table.connectionClosed(master),
      "its broker fell silent": (table) => table.expire(1),
    })
  ) {
    const table = new RouteTable();
    table.register(says(), master, 0);
    const before = table.routeBody("T", "bare");
    assertStrictEquals(table.routeBody("T", "bare"), before);
    change(table);
    const after = table.routeBody("T", "bare");
    assert(after === undefined || textOf(after) !== textOf(before!), name);
    assertEquals(after === undefined, table.route("T") === undefined, name);
  }
});
