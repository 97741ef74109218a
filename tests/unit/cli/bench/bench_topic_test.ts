import { assertEquals, assertRejects } from "@std/assert";
import { leftOf, openTopic, type TopicWanted } from "../../../../src/cli/bench/bench_topic.ts";
import { UsageError } from "../../../../src/cli/exit.ts";
import { AnswerError } from "../../../../src/client/errors.ts";
import { CallError } from "../../../../src/rpc/peer.ts";
import { formatSettings } from "../../../../src/wire/admin.ts";
import type { Reply, Request } from "../../../../src/wire/command.ts";
import { formatClusterInfo, formatRoute } from "../../../../src/wire/route.ts";
import { formatTopicStats } from "../../../../src/wire/topic_stats.ts";
import { test } from "../../../harness.ts";
import { fakeLines, NAMESRVS } from "../../admin/fake_lines.ts";

const BROKERS = [
  { cluster: "C", brokerName: "a", brokerAddrs: new Map([[0, "a:1"], [1, "a:2"]]) },
  { cluster: "C", brokerName: "b", brokerAddrs: new Map([[0, "b:1"]]) },
];
const random = (into: Uint8Array) => void into.fill(0xab);

/** A cluster of two masters, one of which has a slave; `topic` is on both when there is one. */
function cluster(
  topic?: string,
  more: Record<number, (request: Request, at: string) => Reply> = {},
) {
  const queues = BROKERS.map(({ brokerName }) => ({
    brokerName,
    readQueueNums: 8,
    writeQueueNums: brokerName === "a" ? 6 : 0,
    perm: 6,
    topicSysFlag: 0,
  }));
  const ends = { minOffset: 0, maxOffset: 0, lastUpdateTimestamp: 0 };
  return fakeLines({
    17: () => ({ code: 0 }),
    26: (_, at) => ({
      code: 0,
      body: formatSettings([
        ["brokerName", at[0]],
        ["brokerRole", at === "a:2" ? "SLAVE" : "SYNC_MASTER"],
        ["namesrvAddr", "ns2:9876;ns3:9876"],
      ]),
    }),
    105: ({ ext }) =>
      ext?.topic === topic
        ? {
          code: 0,
          body: formatRoute({ queues, brokers: BROKERS, orderTopicConf: undefined }, "quoted"),
        }
        : { code: 17 },
    106: () => ({
      code: 0,
      body: formatClusterInfo({ brokers: BROKERS, clusters: new Map([["C", ["a", "b"]]]) }),
    }),
    202: ({ ext }) =>
      ext?.topic === topic
        ? {
          code: 0,
          body: formatTopicStats([[{ topic: "T", brokerName: "a", queueId: 0 }, ends]]),
        }
        : { code: 17 },
    215: () => ({ code: 0 }),
    216: () => ({ code: 0 }),
    ...more,
  });
}

function wanted(changes: Partial<TopicWanted> = {}): TopicWanted {
  const target = { broker: undefined, cluster: undefined };
  return { name: "T", target, queues: undefined, use: "write", ...changes };
}

const MASTERS = [
  { name: "a", address: "a:1", role: "SYNC_MASTER", queues: 4 },
  { name: "b", address: "b:1", role: "SYNC_MASTER", queues: 4 },
];

test("a topic that was not named is made of a name that nobody has, on every master", async () => {
  const lines = cluster();
  const opened = await openTopic(lines, wanted({ name: undefined }), random);
  assertEquals(opened, { topic: "pocketmq-bench-abababab", made: true, brokers: MASTERS });
  const made = lines.asked.filter(([, { code }]) => code === 17);
  assertEquals(made.map(([at, { ext }]) => [at, ext?.topic, ext?.writeQueueNums]), [
    ["a:1", "pocketmq-bench-abababab", "4"],
    ["b:1", "pocketmq-bench-abababab", "4"],
  ]);
});

test("a topic that is there is used where it may be, and as much of it as is wanted", async () => {
  const lines = cluster("T");
  const [master] = MASTERS;
  const write = await openTopic(lines, wanted({ queues: 2 }), random);
  assertEquals(write, { topic: "T", made: false, brokers: [{ ...master, queues: 2 }] });
  const read = await openTopic(lines, wanted({ use: "read" }), random);
  assertEquals(read.brokers.map(({ address, queues }) => [address, queues]), [["a:1", 8], [
    "b:1",
    8,
  ]]);
  const there = { broker: "a:2", cluster: undefined };
  const atSlave = await openTopic(lines, wanted({ use: "read", target: there }), random);
  assertEquals(atSlave.brokers, [{ name: "a", address: "a:2", role: "SLAVE", queues: 1 }]);
  assertEquals(lines.asked.some(([, { code }]) => code === 17), false);
});

for (
  const { name, what, Kind, reason } of [
    {
      name: "that brokers keep for themselves",
      what: { name: "SCHEDULE_TOPIC_XXXX" },
      Kind: UsageError,
      reason: 'topic "SCHEDULE_TOPIC_XXXX" is one that brokers keep for themselves',
    },
    {
      name: "on a slave",
      what: { target: { broker: "a:2", cluster: undefined } },
      Kind: UsageError,
      reason: "a:2 is a slave, it takes no messages",
    },
    {
      name: "with more queues than it has",
      what: { queues: 7 },
      Kind: UsageError,
      reason: '--queues is 7, topic "T" has 6 on a',
    },
    {
      name: "of another cluster",
      what: { target: { broker: undefined, cluster: "D" } },
      Kind: AnswerError,
      reason: 'No master of cluster "D" has a queue of topic "T" that may be written',
    },
    {
      name: "that is to be read and not there",
      what: { name: "U", use: "read" },
      Kind: AnswerError,
      reason: 'No broker here has topic "U"',
    },
  ] as const
) {
  test(`nothing is measured on a topic ${name}`, async () => {
    const lines = cluster("T");
    const error = await assertRejects(() => openTopic(lines, wanted(what), random), Error);
    assertEquals([error instanceof Kind, error.message], [true, reason]);
    assertEquals(lines.asked.some(([, { code }]) => code === 17), false);
  });
}

test("a topic that cannot be made everywhere is deleted where it was made", async () => {
  const lines = cluster(undefined, { 17: (_, at) => ({ code: at === "b:1" ? 1 : 0 }) });
  await assertRejects(() => openTopic(lines, wanted(), random), AnswerError);
  const deleted = lines.asked.filter(([, { code }]) => code === 215).map(([at]) => at);
  assertEquals(deleted.includes("a:1"), true);
});

test("a topic that was made is deleted, also at the name servers of its brokers", async () => {
  const lines = cluster();
  const topic = { topic: "T", made: true, brokers: MASTERS };
  assertEquals(await leftOf(lines, topic), undefined);
  const told = (code: number) =>
    lines.asked.filter(([, one]) => one.code === code).map(([at]) => at);
  assertEquals([told(215), told(216)], [["a:1", "b:1"], [...NAMESRVS, "ns3:9876"]]);
});

test("a name server that cannot be reached does not keep a topic that brokers have no more", async () => {
  const unreachable = {
    216: () => {
      throw new CallError("unreachable", "cannot reach ns3:9876");
    },
  };
  const topic = { topic: "T", made: true, brokers: MASTERS };
  assertEquals(await leftOf(cluster(undefined, unreachable), topic), undefined);
  assertEquals(
    await leftOf(cluster("T", unreachable), topic),
    "topic T was not deleted: cannot reach ns3:9876",
  );
});
