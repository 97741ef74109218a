/** mqadmin's commands about topics. */
import { assertMatch, assertStringIncludes } from "@std/assert";
import { test } from "../../harness.ts";
import { dates, sorted } from "./marks.ts";
import { same, sameRefusal, twins } from "./twins.ts";

const NO_ROUTE = `No route of topic "nowhere": no broker that is alive has registered it here`;

const SYSTEM_TOPICS = [
  ...["TBW102", "SCHEDULE_TOPIC_XXXX", "BenchmarkTest", "OFFSET_MOVED_EVENT", "SELF_TEST_TOPIC"],
  ...["DefaultCluster", "broker-a", "DefaultCluster_REPLY_TOPIC", "TRANS_CHECK_MAX_TIME_TOPIC"],
  "RMQ_SYS_TRACE_TOPIC",
];

test("mqadmin updateTopic makes topics and changes them", async () => {
  await same("updateTopic -n {namesrv} -b {master} -t made-one");
  await same("topicRoute -n {namesrv} -t made-one");
  await same("updateTopic -n {namesrv} -b {master} -t made-one -r 3 -w 5");
  await same("topicRoute -n {namesrv} -t made-one");
  await same(
    "updateTopic -n {namesrv} -c DefaultCluster -t made-two -r 2 -w 2 -p 4 -u true -s true",
  );
  await same("topicRoute -n {namesrv} -t made-two -l");
});

test("mqadmin updateTopic -o puts the order of the topic's queues where clients look for it", async () => {
  await same("updateTopic -n {namesrv} -c DefaultCluster -t made-ordered -r 3 -w 3 -o true");
  const { ours } = await same("updateOrderConf -n {namesrv} -t made-ordered -m get");
  assertStringIncludes(ours.out, "orderConf=[broker-a:3]");
  await same("deleteTopic -n {namesrv} -c DefaultCluster -t made-ordered");
  await same("updateOrderConf -n {namesrv} -t made-ordered -m delete");
});

test("mqadmin updateTopic is refused where it makes no sense", async () => {
  await same("updateTopic -n {namesrv} -c NoCluster -t made-three");
  await same("updateTopic -n {namesrv} -b 127.0.0.1:1 -t made-three");
  await sameRefusal(
    "updateTopic -n {namesrv} -b {slave} -t made-three",
    `Cannot create "made-three": this is a slave, ask its master`,
  );
  await sameRefusal(
    "updateTopic -n {namesrv} -b {master} -t bad*topic",
    `field "topic" is "bad*topic", it must be a topic's name: only letters, digits and % - _ | may stand in it`,
  );
  await sameRefusal(
    `updateTopic -n {namesrv} -b {master} -t ${"long".repeat(32)}`,
    `field "topic" is "${
      "long".repeat(25)
    }…", it must be a topic's name: it has 128 characters, 127 are the most`,
  );
  for (const topic of [...SYSTEM_TOPICS, "RMQ_SYS_TRANS_HALF_TOPIC", "rmq_sys_any"]) {
    await sameRefusal(
      `updateTopic -n {namesrv} -b {master} -t ${topic}`,
      `Cannot create "${topic}": the topic belongs to the broker`,
    );
  }
});

test("mqadmin updateTopic is told what our broker does not take, where Java says success", async () => {
  const cases = [
    ["-p 9", `field "perm" is "9", it must be a whole number from 0 to 7`],
    ["-r -1", `field "readQueueNums" is "-1", it must be a whole number from 0 to 65535`],
  ];
  const { ours } = await twins();
  for (const [flag, says] of cases) {
    const { err } = await ours.run(`updateTopic -n {namesrv} -b {master} -t made-odd ${flag}`);
    assertStringIncludes(err, `CODE: 1  DESC: ${says}\n`);
  }
});

test("mqadmin updateTopic makes topics that nobody can use, and those of groups", async () => {
  const odd = ["made-none -r 0 -w 0", "made-shut -p 0", "%RETRY%made-group", "made|bar"];
  for (const topic of odd) {
    await same(`updateTopic -n {namesrv} -b {master} -t ${topic}`);
    await same(`topicRoute -n {namesrv} -t ${topic.split(" ")[0]}`);
  }
  await same("topicStatus -n {namesrv} -t made-none");
  await same("topicStatus -n {namesrv} -t made-shut");
  for (const topic of odd) {
    await same(`deleteTopic -n {namesrv} -c DefaultCluster -t ${topic.split(" ")[0]}`);
  }
});

test("mqadmin updateTopicPerm changes what clients may do with a topic", async () => {
  await same("updateTopicPerm -n {namesrv} -b {master} -t made-one -p 4");
  await same("updateTopicPerm -n {namesrv} -b {master} -t made-one -p 4");
  await same("updateTopicPerm -n {namesrv} -c DefaultCluster -t made-one -p 6");
  await same("updateTopicPerm -n {namesrv} -b {slave} -t made-one -p 4");
  await sameRefusal("updateTopicPerm -n {namesrv} -c DefaultCluster -t nowhere -p 6", NO_ROUTE);
});

test("mqadmin topicRoute, topicStatus and topicClusterList show a topic", async () => {
  for (const topic of ["twin-orders", "twin-empty", "made-one", "TBW102", "SCHEDULE_TOPIC_XXXX"]) {
    await same(`topicRoute -n {namesrv} -t ${topic}`);
    await same(`topicClusterList -n {namesrv} -t ${topic}`);
  }
  await same("topicRoute -n {namesrv} -t twin-orders -l");
  const { ours } = await same("topicStatus -n {namesrv} -t twin-orders", { marks: [dates] });
  assertMatch(ours.out, /broker-a +3 +0 +3 +20\d\d-/);
  await same("topicStatus -n {namesrv} -t twin-empty");
  for (const command of ["topicRoute", "topicStatus", "topicClusterList"]) {
    await sameRefusal(`${command} -n {namesrv} -t nowhere`, NO_ROUTE);
  }
});

test("mqadmin topicList and allocateMQ show what there is", async () => {
  await same("topicList -n {namesrv}", { marks: [sorted] });
  await same("topicList -n {namesrv} -c", { marks: [sorted] });
  await same("allocateMQ -n {namesrv} -t twin-orders -i 127.0.0.1@a,127.0.0.1@b,127.0.0.1@c");
  await sameRefusal("allocateMQ -n {namesrv} -t nowhere -i 127.0.0.1@a", NO_ROUTE);
});

test("mqadmin deleteTopic takes a topic away, also from the name server", async () => {
  for (const topic of ["made-one", "made-two"]) {
    await same(`deleteTopic -n {namesrv} -c DefaultCluster -t ${topic}`);
  }
  await sameRefusal(
    "topicRoute -n {namesrv} -t made-one",
    `No route of topic "made-one": no broker that is alive has registered it here`,
  );
  await same("topicList -n {namesrv}", { marks: [sorted] });
  await same("deleteTopic -n {namesrv} -c DefaultCluster -t nowhere");
  await same("deleteTopic -n {namesrv} -c NoCluster -t nowhere");
  await sameRefusal(
    "deleteTopic -n {namesrv} -c DefaultCluster -t bad*topic",
    `field "topic" is "bad*topic", it must be a topic's name: only letters, digits and % - _ | may stand in it`,
  );
  for (const topic of SYSTEM_TOPICS) {
    await sameRefusal(
      `deleteTopic -n {namesrv} -c DefaultCluster -t ${topic}`,
      `Cannot delete "${topic}": the topic belongs to the broker`,
    );
  }
});
