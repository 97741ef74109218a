/** mqadmin's commands about name servers. */
import { assertMatch, assertStringIncludes } from "@std/assert";
import { test } from "../../harness.ts";
import { sorted, value } from "./marks.ts";
import { same, sameRefusal, twins } from "./twins.ts";

test("mqadmin updateOrderConf keeps the order of a topic's queues; routes have it when they are told to", async () => {
  await same("updateOrderConf -n {namesrv} -t twin-orders -m put -v broker-a:4");
  await same("updateOrderConf -n {namesrv} -t twin-orders -m get");
  await same("topicRoute -n {namesrv} -t twin-orders");
  await same("updateNamesrvConfig -n {namesrv} -k orderMessageEnable -v true");
  const { ours } = await same("topicRoute -n {namesrv} -t twin-orders");
  assertStringIncludes(ours.out, `"orderTopicConf":"broker-a:4"`);
  await same("updateOrderConf -n {namesrv} -t twin-orders -m delete");
  await same("topicRoute -n {namesrv} -t twin-orders");
  await same("updateNamesrvConfig -n {namesrv} -k orderMessageEnable -v false");
  for (const topic of ["twin-orders", "nowhere"]) {
    await sameRefusal(
      `updateOrderConf -n {namesrv} -t ${topic} -m get`,
      `No key "${topic}" in namespace "ORDER_TOPIC_CONFIG"`,
    );
    await same(`updateOrderConf -n {namesrv} -t ${topic} -m delete`);
  }
});

test("mqadmin updateKvConfig and deleteKvConfig answer", async () => {
  await same("updateKvConfig -n {namesrv} -s NS -k key -v value");
  await same("updateKvConfig -n {namesrv} -s NS -k key -v other");
  for (const where of ["-s NS -k key", "-s NS -k key", "-s NoNS -k key"]) {
    await same(`deleteKvConfig -n {namesrv} ${where}`);
  }
});

test("mqadmin wipeWritePerm and addWritePerm count the topics, and routes show it", async () => {
  const { ours } = await same("wipeWritePerm -n {namesrv} -b broker-a");
  assertMatch(ours.out, /OK, [1-9]/);
  await same("topicRoute -n {namesrv} -t twin-orders");
  await same("addWritePerm -n {namesrv} -b broker-a");
  await same("topicRoute -n {namesrv} -t twin-orders");
  await same("wipeWritePerm -n {namesrv} -b broker-z");
  await same("addWritePerm -n {namesrv} -b broker-z");
});

test("mqadmin getNamesrvConfig shows what there is to be told, updateNamesrvConfig changes what may be", async () => {
  const terms = {
    marks: [sorted, value("kvConfigPath"), value("listenPort")],
    onlyOurs: [{ line: /^bindAddress/, why: "Java listens on all addresses" }],
    onlyJava: [
      { line: /^(server|writeBuffer|useEpoll)\w+ +=/, why: "of its network layer: not ours" },
      { line: /^(rocketmqHome|configStorePath) +=/, why: "no folder and no file is needed here" },
      {
        line: /^(brokerFastFailureEnable|osPageCache\w+) +=/,
        why: "every Java node is given them",
      },
      { line: /^(productEnvName|clusterTest) +=/, why: "a test mode inside Alibaba" },
    ],
  };
  await same("getNamesrvConfig -n {namesrv}", terms);
  for (const key of ["kvConfigPath", "configStorePath"]) {
    await sameRefusal(
      `updateNamesrvConfig -n {namesrv} -k ${key} -v /elsewhere`,
      `Cannot set "${key}": it names a place on this machine`,
    );
  }
  const { ours } = await twins();
  const refused = [
    ["-k rocketmqHome -v /x", `CODE: 16  DESC: Cannot set "rocketmqHome": it names a place`],
    ["-k orderMessageEnable -v maybe", `CODE: 1  DESC: field "orderMessageEnable" is "maybe", it`],
  ];
  for (const [change, says] of refused) { // where Java says success
    const { err } = await ours.run(`updateNamesrvConfig -n {namesrv} ${change}`);
    assertStringIncludes(err, says);
  }
  await same("updateNamesrvConfig -n {namesrv} -k noSuchKey -v 3");
  await same("updateNamesrvConfig -n {namesrv} -k serverWorkerThreads -v many");
  await same("getNamesrvConfig -n {namesrv}", terms);
});
