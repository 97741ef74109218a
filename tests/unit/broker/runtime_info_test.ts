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
  assertEquals([info.sendThreadPoolQueueSize, info.parkedPulls], ["1", "1"]);
  assertEquals(info.pullThreadPoolQueueSize, "0", "a parked pull is no load");
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

test("28 has every key the Java broker gave, with a value of the same kind", async () => {
  await using rig = await brokerRig();
  rig.fs.space = () => ({ usedBytes: 7e11, freeBytes: 3e11 });
  const ours = await infoOf(rig);
  for (const { response } of goldenExchanges().filter(({ code }) => code === 28)) {
    const theirs: Record<string, string> = JSON.parse(response!.bodyText!).table;
    for (const [key, value] of Object.entries(theirs)) {
      const own = ours[key.replace(/^(commitLogDiskRatio_).*/, `$1${rig.parts.disk.path}`)];
      if (own === undefined) assertMatch(key, /^scheduleMessageOffset_/); // it had such messages
      else if (!key.endsWith("Tps")) assertEquals(kindOf(own), kindOf(value), key); // theirs begin with fewer rates
    }
  }
});

/** A text with a mark for each number and for the unit of a size. */
function kindOf(text: string): string {
  return text.replace(/-?\d+(\.\d+)?([eE]-?\d+)?/g, "0").replace(/\b[KMGTPE]?i?B\b/g, "B");
}

test("28 of a slave counts what it took over as stored", async () => {
  await using rig = await brokerRig({ role: "slave" });
  const master = await brokerRig();
  await master.client().askAll(send(), send(), send());
  const bytes = new Uint8Array(master.store.log.tail);
  master.store.log.readAt(0, bytes);
  await master.close();
  rig.store.log.appendRaw(0, bytes);
  await rig.clock.settle();
  const info = await infoOf(rig);
  assertEquals([info.putMessageTimesTotal, info.msgPutTotalTodayNow], ["3", "3"]);
  assertEquals(
    info.putMessageAverageSize,
    (bytes.length / 3).toFixed(1),
    "a double, as Java writes it",
  );
});

test("28 tells how long the slowest read took", async () => {
  await using rig = await brokerRig();
  await rig.client().ask(send());
  const monotonic = rig.clock.monotonic.bind(rig.clock);
  let calls = 0;
  rig.clock.monotonic = () => monotonic() + 7 * calls++;
  await rig.client().ask(pull());
  rig.clock.monotonic = monotonic;
  assertEquals((await infoOf(rig)).getMessageEntireTimeMax, "7");
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
