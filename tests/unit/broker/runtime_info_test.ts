import { assert, assertEquals, assertMatch } from "@std/assert";
import { textOf } from "../../../src/base/bytes.ts";
import { test } from "../../harness.ts";
import { type BrokerRig, brokerRig, pull, send } from "../../support/broker_rig.ts";
import { goldenExchanges } from "../../support/golden.ts";

async function infoOf(rig: BrokerRig): Promise<Record<string, string>> {
  const { body } = await rig.client().ask({ code: 28 });
  return JSON.parse(textOf(body)).table;
}

/** What mqadmin clusterList reads; it fails on one that is missing. Sources: ClusterListSubCommand of 4.9 and 5.x. */
const CLUSTER_LIST = [
  "brokerVersionDesc",
  "brokerActive",
  "putTps",
  "getTransferedTps",
  "getTransferredTps",
  "sendThreadPoolQueueSize",
  "pullThreadPoolQueueSize",
  "sendThreadPoolQueueHeadWaitTimeMills",
  "pullThreadPoolQueueHeadWaitTimeMills",
  "pageCacheLockTimeMills",
  "earliestMessageTimeStamp",
  "commitLogDiskRatio",
  // with -m
  "msgPutTotalYesterdayMorning",
  "msgPutTotalTodayMorning",
  "msgPutTotalTodayNow",
  "msgGetTotalYesterdayMorning",
  "msgGetTotalTodayMorning",
  "msgGetTotalTodayNow",
];

test("28 has every key that clusterList reads, as a text", async () => {
  await using rig = await brokerRig();
  const info = await infoOf(rig);
  for (const key of CLUSTER_LIST) assertEquals(typeof info[key], "string", key);
  for (const value of Object.values(info)) assertEquals(typeof value, "string");
  for (const key of ["putTps", "getTransferedTps", "getTransferredTps", "getTotalTps"]) {
    assertMatch(info[key], /^\d+\.\d{4} \d+\.\d{4} \d+\.\d{4}$/);
  }
  for (const key of CLUSTER_LIST.slice(5)) assert(!Number.isNaN(Number(info[key])), key);
});

test("28 of an empty broker says so", async () => {
  await using rig = await brokerRig();
  const info = await infoOf(rig);
  assertEquals(
    [info.commitLogMinOffset, info.commitLogMaxOffset, info.earliestMessageTimeStamp],
    ["0", "0", "-1"],
  );
  assertEquals([info.brokerVersion, info.brokerVersionDesc], ["407", "V4_9_7"]);
});

test("28 tells what was stored, pulled, and waits", async () => {
  await using rig = await brokerRig({ flags: { brokerRole: "SYNC_MASTER" } });
  rig.parts.acks.follower("10.0.0.3", 0);
  const stored = rig.clock.now();
  const client = rig.client();
  await client.askAll(send(), send({ properties: "WAIT\x01false" }));
  await client.askAll(
    pull(),
    pull({ queueOffset: "2", sysFlag: "6", suspendTimeoutMillis: "20000" }),
  );
  await rig.clock.advance(1000);
  const info = await infoOf(rig);
  const { tail, durable } = rig.store.log;
  assertEquals(info.commitLogMaxOffset, String(tail));
  assertEquals(info.earliestMessageTimeStamp, String(stored));
  assertEquals([info.msgPutTotalTodayNow, info.msgGetTotalTodayNow], ["2", "2"]);
  assertEquals([info.sendThreadPoolQueueSize, info.pullThreadPoolQueueSize], ["1", "1"]);
  assertEquals([info.dispatchBehindBytes, info.remainHowManyDataToFlush], [
    "0",
    `${tail - durable} B`,
  ]);
  assertEquals(info.putTps.split(" ")[0], "2.0000");
  assertEquals(info.getTotalTps.split(" ")[0], "2.0000", "pulls that found and that did not");
});

test("28 tells the disks of the log and of the queues apart, each in whole percent", async () => {
  await using rig = await brokerRig();
  const { path } = rig.parts.disk;
  rig.fs.space = (of) =>
    of === path ? { usedBytes: 701e9, freeBytes: 299e9 } : { usedBytes: 1e9, freeBytes: 9e9 };
  const info = await infoOf(rig);
  assertEquals(
    [info.commitLogDiskRatio, info[`commitLogDiskRatio_${path}`], info.consumeQueueDiskRatio],
    ["0.71", "0.71", "0.1"],
  );
});

test("28 says how long the broker runs", async () => {
  await using rig = await brokerRig();
  rig.clock.pause(((26 * 60 + 3) * 60 + 4) * 1000);
  const info = await infoOf(rig);
  assertEquals(info.runtime, "[ 1 days, 2 hours, 3 minutes, 4 seconds ]");
  assertEquals(Number(info.bootTimestamp), rig.parts.startedAt);
});

test("28 gives values of the kind the Java broker gave under the same names", async () => {
  await using rig = await brokerRig();
  const ours = await infoOf(rig);
  for (const { response } of goldenExchanges().filter(({ code }) => code === 28)) {
    const theirs: Record<string, string> = JSON.parse(response!.bodyText!).table;
    for (const [key, value] of Object.entries(ours)) {
      if (theirs[key] === undefined || key.endsWith("Tps")) continue; // theirs begin with fewer rates
      const kind = (text: string) => text.replace(/-?\d+(\.\d+)?([eE]-?\d+)?/g, "0");
      if (key === "commitLogDirCapacity" || key === "remainHowManyDataToFlush") {
        assert(value.split(" ").length >= 2, key);
      } else assertEquals(kind(value), kind(theirs[key]), key);
    }
  }
});

test("28 tells how long the event loop was stuck", async () => {
  await using rig = await brokerRig();
  assertEquals((await infoOf(rig)).eventLoopStallMills, "0.0 0.0 0.0");
  const stop = new AbortController();
  const running = rig.parts.stats.stalls.run(stop.signal);
  const monotonic = rig.clock.monotonic.bind(rig.clock);
  let stuckMs = 0;
  rig.clock.monotonic = () => monotonic() + stuckMs;
  await rig.clock.advance(5);
  stuckMs = 80;
  await rig.clock.advance(100);
  const info = await infoOf(rig);
  assertEquals(info.eventLoopStallMills, "80.0 80.0 80.0");
  assertEquals(info.eventLoopStallsOver50Mills, "1");
  stop.abort();
  await running;
});
