/** mqadmin's commands about brokers and the cluster. */
import { assertMatch, assertStringIncludes } from "@std/assert";
import { javaKeys } from "../../../src/broker/java_keys.ts";
import { test } from "../../harness.ts";
import { cells, sorted, value } from "./marks.ts";
import { eventually, same, type Terms, twins } from "./twins.ts";

test("mqadmin clusterList shows both brokers, their versions and their totals", async () => {
  await same("clusterList -n {namesrv}", {
    // The hours that the log goes back: a log shorter than 8 MiB has none in Java, which gives hours since 1970.
    marks: [cells({ 5: "inTps", 6: "outTps", 8: "hours", 9: "space" })],
  });
  const { ours } = await same("clusterList -n {namesrv} -m", { marks: [cells({})] });
  assertMatch(ours.out, / 12 +16\n/);
});

/** What was measured, or is a matter of the moment. */
const MEASURED = [
  ...["bootTimestamp", "runtime", "commitLogDirCapacity", "remainHowManyDataToFlush"],
  ...["commitLogDiskRatio(?:_<home>\\S+)?", "consumeQueueDiskRatio"],
  ...["getMessageEntireTimeMax", "putMessageEntireTimeMax", "putMessageDistributeTime"],
  ...["putLatency99", "putLatency999"],
  ...["putTps", "getFoundTps", "getMissTps", "getTotalTps", "getTransferedTps"],
  "earliestMessageTimeStamp", // Java says -1 while the log is shorter than 8 MiB
].map(value);

const RUNTIME_INFO: Terms = {
  marks: [...MEASURED, sorted],
  onlyOurs: [
    { line: /brokerActive +: true$/, why: "5.x tools read it" },
    { line: /getTransferredTps +: /, why: "5.x tools read it" },
    {
      line: /eventLoop(Own)?Stall\w+ *: /,
      why: "how long nobody was served: Java has many threads",
    },
    { line: /parkedPulls(Max)? +: /, why: "Java does not tell" },
    { line: /residentBytes +: /, why: "Java does not tell" },
    { line: /sendThreadPoolQueueCapacity +: 100000$/, why: "our own bound" },
    { line: /(pull|query)ThreadPoolQueueCapacity *: 0$/, why: "there is no such queue" },
    { line: /EndTransactionThreadPoolQueueCapacity *: 0$/, why: "there is no such queue" },
  ],
  onlyJava: [
    { line: /(send|pull|query)ThreadPoolQueueCapacity *: \d+$/, why: "see ours" },
    { line: /EndTransactionThreadPoolQueueCapacity *: 100000$/, why: "see ours" },
  ],
};

test("mqadmin brokerStatus shows the runtime of one broker, and of all", async () => {
  const { ours } = await same("brokerStatus -n {namesrv} -b {master}", RUNTIME_INFO);
  assertMatch(ours.out, /^msgPutTotalTodayNow +: 12$/m);
  await same("brokerStatus -n {namesrv} -b {slave}", RUNTIME_INFO);
  await same("brokerStatus -n {namesrv} -c DefaultCluster", RUNTIME_INFO);
  await same("brokerStatus -n {namesrv} -c NoCluster");
  await same("brokerStatus -n {namesrv} -b 127.0.0.1:1");
});

const CONFIGURATION: Terms = {
  marks: [sorted, value("listenPort"), value("haListenPort")],
  onlyOurs: [
    {
      line: /^(bindAddress|kvConfigPath|namesrvPort) +=/,
      why: "a name server and a broker share it",
    },
    {
      line: /^(haAutoResync|haProof|haSyncFrom|logDamage) +=/,
      why: "Java does as none of them says",
    },
    { line: /^(inSyncReplicas|minInSyncReplicas) +=/, why: "of 5.x" },
    { line: /^haMasterAddress +=/, why: "Java does not tell" },
    { line: /^diskSpace(\w+) +=/, why: "system properties in Java" },
    { line: /^enablePropertyFilter += +true$/, why: "ours filters unless told not to" },
    { line: /^slaveTimeout += +2500$/, why: "below the client's own time-out" },
  ],
  onlyJava: [
    {
      line: new RegExp(`^(${[...javaKeys].filter((key) => !isTold(key)).join("|")}) +=`),
      why: "thread pools, buffers and modes that are not here",
    },
    {
      line: /^(aclEnable|enable(DLegerCommitLog|Lmq|MultiDispatch|ConsumeQueueExt)) +=/,
      why: "not here",
    },
    { line: /^enablePropertyFilter += +false$/, why: "see ours" },
    { line: /^slaveTimeout += +3000$/, why: "see ours" },
  ],
};

/** Keys of no use here that are told all the same, because mqadmin's exports read them. */
function isTold(key: string): boolean {
  return ["clientCallbackExecutorThreads", "filterServerNums", "msgTraceTopicName"].includes(key);
}

test("mqadmin getBrokerConfig shows what a broker was told", async () => {
  await same("getBrokerConfig -n {namesrv} -b {master}", CONFIGURATION);
  await same("getBrokerConfig -n {namesrv} -b {slave}", CONFIGURATION);
  await same("getBrokerConfig -n {namesrv} -c DefaultCluster", CONFIGURATION);
  await same("getBrokerConfig -n {namesrv} -c NoCluster");
  await same("getBrokerConfig -n {namesrv} -b 127.0.0.1:1");
});

test("mqadmin updateBrokerConfig changes what may be changed", async () => {
  await same("updateBrokerConfig -n {namesrv} -b {master} -k fileReservedTime -v 48");
  await same("updateBrokerConfig -n {namesrv} -c DefaultCluster -k longPollingEnable -v true");
  await same("updateBrokerConfig -n {namesrv} -b {slave} -k fileReservedTime -v 24");
  const { ours } = await same("getBrokerConfig -n {namesrv} -c DefaultCluster", CONFIGURATION);
  assertMatch(ours.out, /fileReservedTime += +48\n[^]*fileReservedTime += +24\n/);
  for (const broker of ["-b {master}", "-b {slave}"]) {
    await same(`updateBrokerConfig -n {namesrv} ${broker} -k fileReservedTime -v 72`);
  }
  for (const permission of [4, 6]) {
    await same(`updateBrokerConfig -n {namesrv} -b {master} -k brokerPermission -v ${permission}`);
    for (const twin of Object.values(await twins())) {
      await eventually(`name servers hear of permission ${permission}`, async () => {
        const { out } = await twin.run("topicRoute -n {namesrv} -t twin-orders");
        return out.includes(`"perm":${permission}`);
      });
    }
    await same("topicRoute -n {namesrv} -t twin-orders");
  }
  for (const timeOut of [7_000, 6_000]) {
    await same(`updateBrokerConfig -n {namesrv} -b {master} -k transactionTimeOut -v ${timeOut}`);
  }
  await same("updateBrokerConfig -n {namesrv} -b {master} -k noSuchKey -v 3");
  await same("updateBrokerConfig -n {namesrv} -b 127.0.0.1:1 -k fileReservedTime -v 3");
  await same("updateBrokerConfig -n {namesrv} -c NoCluster -k fileReservedTime -v 3");
});

test("mqadmin updateBrokerConfig is told what our broker does not take, where Java says success", async () => {
  const cases = [
    [
      "storePathRootDir",
      "/elsewhere",
      16,
      "Cannot change storePathRootDir: paths are set at the start",
    ],
    [
      "brokerConfigPath",
      "/elsewhere",
      16,
      "Cannot change brokerConfigPath: paths are set at the start",
    ],
    [
      ...["fileReservedTime", "abc", 1],
      "Cannot use fileReservedTime = abc: it must be a whole number of hours from 0 to 1000000",
    ],
    [
      ...["maxMessageSize", "5000000", 1],
      "Cannot change maxMessageSize from 4194304 to 5000000 while the broker runs: restart it with that",
    ],
  ] as const;
  const { ours } = await twins();
  for (const [key, text, code, says] of cases) {
    const words = `updateBrokerConfig -n {namesrv} -b {master} -k ${key} -v ${text}`;
    const { err } = await ours.run(words);
    assertStringIncludes(err, `MQBrokerException: CODE: ${code}  DESC: ${says} BROKER: `);
  }
});

test("mqadmin cleanExpiredCQ, deleteExpiredCommitLog and cleanUnusedTopic are done", async () => {
  for (const command of ["cleanExpiredCQ", "deleteExpiredCommitLog", "cleanUnusedTopic"]) {
    for (const which of ["-b {master}", "-b {slave}", "-c DefaultCluster", "", "-b 127.0.0.1:1"]) {
      await same(`${command} -n {namesrv} ${which}`.trim());
    }
    await same(`${command} -n {namesrv} -c NoCluster`);
  }
});
