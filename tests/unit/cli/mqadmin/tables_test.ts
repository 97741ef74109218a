import { assertEquals } from "@std/assert";
import { runtimeLines } from "../../../../src/cli/mqadmin/brokers.ts";
import { type BrokerSeen, loadRow, totalsRow } from "../../../../src/cli/mqadmin/clusters.ts";
import { localTime, settingLines } from "../../../../src/cli/mqadmin/print.ts";
import { configText, joinedOrder, permLetters } from "../../../../src/cli/mqadmin/topic_changes.ts";
import { routeTable } from "../../../../src/cli/mqadmin/topic_looks.ts";
import { test } from "../../../harness.ts";

const NAME = "a-name-longer-than-the-column-that-mqadmin-cuts-it-to";
const seen = (runtime: Record<string, string>): BrokerSeen => ({
  broker: { cluster: "C", name: NAME, id: 0, address: "10.0.0.5:10911" },
  runtime: { value: new Map(Object.entries(runtime)) },
});
const GONE: BrokerSeen = { ...seen({}), runtime: { reason: "cannot reach it", exit: 1 } };
const HOUR = 3_600_000;

test("clusterList has mqadmin's cells, whole, and a dash for what is not known", () => {
  const runtime = {
    brokerVersionDesc: "V4_9_7",
    putTps: "1.5 2.0 3.0",
    sendThreadPoolQueueSize: "3",
    sendThreadPoolQueueHeadWaitTimeMills: "12",
    getTransferedTps: "0.25 0.0 0.0",
    pullThreadPoolQueueSize: "0",
    pullThreadPoolQueueHeadWaitTimeMills: "0",
    pageCacheLockTimeMills: "7",
    earliestMessageTimeStamp: String(5 * HOUR),
    commitLogDiskRatio: "0.5",
  };
  const head = ["C", NAME, "0", "10.0.0.5:10911"];
  assertEquals(loadRow(seen(runtime), 7.5 * HOUR), [
    ...head,
    "V4_9_7",
    "1.50(3,12ms)",
    "0.25(0,0ms)",
    "7",
    "2.50",
    "0.5000",
  ]);
  const empty = loadRow(seen({ earliestMessageTimeStamp: "-1" }), HOUR);
  assertEquals(empty, [...head, "-", "0.00(0,0ms)", "0.00(0,0ms)", "-", "-", "-"]);
  assertEquals(loadRow(GONE, 0), [...head, "UNREACHABLE", "-", "-", "-", "-", "-"]);
});

test("clusterList -m tells yesterday's messages from today's", () => {
  const runtime = {
    msgPutTotalYesterdayMorning: "10",
    msgPutTotalTodayMorning: "14",
    msgPutTotalTodayNow: "21",
    msgGetTotalYesterdayMorning: "0",
    msgGetTotalTodayMorning: "2",
    msgGetTotalTodayNow: "3",
  };
  assertEquals(totalsRow(seen(runtime)), ["C", NAME, "4", "2", "7", "1"]);
  assertEquals(totalsRow(seen({})), ["C", NAME, "-", "-", "-", "-"]);
  assertEquals(totalsRow(GONE), ["C", NAME, "UNREACHABLE", "-", "-", "-"]);
});

test("topicRoute -l has a row for each broker, and their sum", () => {
  const brokerAddrs = new Map([[0, "h:1"], [1, "h:2"]]);
  const data = { perm: 6, readQueueNums: 4, writeQueueNums: 3, topicSysFlag: 0 };
  assertEquals(
    routeTable({
      brokers: [{ brokerName: "b", cluster: "C", brokerAddrs }],
      queues: [{ brokerName: "b", ...data }, { brokerName: "gone", ...data }],
    }),
    `#ClusterName  #BrokerName  #BrokerAddrs    #ReadQueue  #WriteQueue  #Perm
C             b            {0=h:1, 1=h:2}  4           3            6
              gone         {}              4           3            6
-------------------------------------------------------------------------
Total:        2                            8           6
`,
  );
});

test("an order configuration keeps other brokers, and takes these anew", () => {
  assertEquals(joinedOrder("", ["b", "a"], 4), "b:4;a:4");
  assertEquals(joinedOrder("a:2;c:9", ["b", "a"], 4), "a:4;c:9;b:4");
});

test("settings of a topic, a broker and its runtime are printed as mqadmin prints them", () => {
  assertEquals(
    configText({
      topicName: "T",
      readQueueNums: 4,
      writeQueueNums: 2,
      perm: 7,
      topicFilterType: "SINGLE_TAG",
      topicSysFlag: 0,
      order: false,
    }),
    "TopicConfig [topicName=T, readQueueNums=4, writeQueueNums=2, perm=RWX, " +
      "topicFilterType=SINGLE_TAG, topicSysFlag=0, order=false]",
  );
  assertEquals([0, 2, 4, 6].map(permLetters), ["---", "-W-", "R--", "RW-"]);
  const settings = new Map([["b", "x=y"], ["a", ""]]);
  assertEquals(settingLines(settings), `a${" ".repeat(49)}=\nb${" ".repeat(49)}=  x=y\n`);
  const key = `${"b".repeat(40)}`;
  assertEquals(
    runtimeLines(new Map([[key, "1"], ["a", "2"]]), undefined),
    `a${" ".repeat(31)}: 2\n${key}: 1\n`,
  );
  assertEquals(
    runtimeLines(new Map([["a", "2"]]), "10.0.0.5:10911"),
    `10.0.0.5:10911           a${" ".repeat(31)}: 2\n`,
  );
  assertEquals(localTime(new Date(2026, 0, 31, 9, 5, 7, 4).getTime()), "2026-01-31 09:05:07,004");
});
