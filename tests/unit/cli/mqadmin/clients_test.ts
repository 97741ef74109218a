import { assertEquals, assertStringIncludes } from "@std/assert";
import { utf8 } from "../../../../src/base/bytes.ts";
import { subscriptionOf } from "../../../../src/client/subscription.ts";
import { connectionsText, merged } from "../../../../src/cli/mqadmin/groups_online.ts";
import { configText } from "../../../../src/cli/mqadmin/groups.ts";
import { summaryRow } from "../../../../src/cli/mqadmin/group_summary.ts";
import { verdictOn } from "../../../../src/cli/mqadmin/group_members.ts";
import { inOrder, queueCells } from "../../../../src/cli/mqadmin/progress_rows.ts";
import { infoText, stuckQueues } from "../../../../src/cli/mqadmin/running_text.ts";
import { rowOf, summed } from "../../../../src/cli/mqadmin/stats.ts";
import { plainGroup } from "../../../../src/wire/group.ts";
import {
  parseRunningInfo,
  type QueueHeld,
  type RunningInfo,
} from "../../../../src/wire/running_info.ts";
import { test } from "../../../harness.ts";
import { goldenLines } from "../../../support/golden.ts";

const [{ body }] = goldenLines<{ body: string }>("wire/running_info.jsonl");
const captured = parseRunningInfo(utf8(body));
const NOW = Date.parse("2026-11-23T04:00:00Z");
const MINUTE = 60_000;
const NAME = "a-name-longer-than-the-column-that-mqadmin-cuts-it-to";

/** The captured client, but that its queue of topic Online is so, and its settings and expression are these. */
function client(
  held: Partial<QueueHeld> = {},
  properties: Readonly<Record<string, string>> = {},
  expression?: string,
): RunningInfo {
  const [queue] = captured.queues.filter(([{ topic }]) => topic === "Online");
  return {
    ...captured,
    queues: [[queue[0], { ...queue[1], ...held }]],
    properties: new Map([...captured.properties, ...Object.entries(properties)]),
    subscriptions: [subscriptionOf({ topic: "Online", expression }, 1)],
  };
}
const WHO = "c MessageQueue [topic=Online, brokerName=broker-a, queueId=0]";

test("consumerStatus tells queues that do not get on", () => {
  const stuck = (held: Partial<QueueHeld>, properties?: Record<string, string>) =>
    stuckQueues("c", client(held, properties), NOW);
  const late = { lastConsumeTimestamp: NOW - 2 * MINUTE };
  assertEquals(stuck({ ...late, cachedMsgCount: 0 }), []);
  assertEquals(stuck({ ...late, cachedMsgCount: 1 }), [
    `${WHO} can't consume for a while, maybe blocked, 120000ms`,
  ]);
  const pulls = { PROP_CONSUME_TYPE: "CONSUME_ACTIVELY" };
  assertEquals(stuck({ ...late, cachedMsgCount: 1 }, pulls), []);
  const ordered = { PROP_CONSUMEORDERLY: "true" };
  assertEquals(stuck({ locked: true }, ordered), []);
  assertEquals(stuck({ locked: false, lastLockTimestamp: NOW - 5 }, ordered), [
    `${WHO} can't lock for a while, 5ms`,
  ]);
  assertEquals(stuck({ droped: true, tryUnlockTimes: 3 }, ordered), [
    `${WHO} unlock 3 times, still failed`,
  ]);
});

test("consumerStatus tells a group whose clients read different things, once they have settled", () => {
  const agree = (...infos: RunningInfo[]) =>
    verdictOn(infos.map((info) => ({ clientId: "c", version: 407, info })), NOW).agree;
  assertEquals(agree(client({}, {}, "A || B"), client({}, {}, "A || B")), true);
  assertEquals(agree(client({}, {}, "A"), client({}, {}, "B")), false);
  const fresh = { PROP_CONSUMER_START_TIMESTAMP: String(NOW - MINUTE) };
  assertEquals(agree(client({}, {}, "A"), client({}, fresh, "B")), true);
  const pulls = { PROP_CONSUME_TYPE: "CONSUME_ACTIVELY" };
  assertEquals(agree(client({}, {}, "A"), client({}, pulls, "B")), true);
});

test("consumerStatus -i has all parts that mqadmin prints, stacks last", () => {
  const text = infoText({ ...captured, jstack: "main TID: 1" });
  const heads = text.match(/^#Consumer [^#]+#$/gm);
  assertEquals(heads, [
    "#Consumer Properties#",
    "#Consumer Subscription#",
    "#Consumer Offset#",
    "#Consumer MQ Detail#",
    "#Consumer RT&TPS#",
    "#Consumer jstack#",
  ]);
  assertStringIncludes(text, "\nconsumeThreadMax                        : 2\n");
  assertStringIncludes(text, "\nOnline              broker-a      1     2\n");
  assertStringIncludes(text, "002 Topic: Online              ClassFilter: false  SubExpression: *");
  assertEquals(text.endsWith("#Consumer jstack#\nmain TID: 1\n"), true);
});

test("a group's clients are those of all brokers, each once", () => {
  const clientOf = (clientId: string) => ({
    clientAddr: "h:1",
    clientId,
    language: "GO",
    version: 407,
  });
  const online = (...ids: string[]) => ({
    connections: ids.map(clientOf),
    consumeFromWhere: "CONSUME_FROM_LAST_OFFSET",
    consumeType: "CONSUME_PASSIVELY",
    messageModel: "CLUSTERING",
    subscriptions: new Map([["T", subscriptionOf({ topic: "T" }, 1)]]),
  });
  const all = merged([
    { broker: "a:1", online: online("d", "c") },
    { broker: "b:1", online: online(NAME, "c") },
  ])!;
  assertEquals(all.brokers, new Map([["d", "a:1"], ["c", "b:1"], [NAME, "b:1"]]));
  assertEquals(
    connectionsText(all),
    `#ClientId                                              #ClientAddr  #Language  #Version
${NAME}  h:1          GO         V4_9_7
c                                                      h:1          GO         V4_9_7
d                                                      h:1          GO         V4_9_7

Below is subscription:
#Topic  #SubExpression
T       *

ConsumeType: CONSUME_PASSIVELY
MessageModel: CLUSTERING
ConsumeFromWhere: CONSUME_FROM_LAST_OFFSET
`,
  );
  assertEquals(merged([]), undefined);
});

test("progress is in order of topic, broker and queue", () => {
  const queue = (topic: string, queueId: number) => ({ brokerName: "b", queueId, topic });
  const at = { brokerOffset: 9, consumerOffset: 4, lastTimestamp: 0 };
  const rows = inOrder([[queue("T", 10), at], [queue("T", 9), at], [queue("A", 0), at]]);
  assertEquals(rows.map(queueCells), [
    ["A", "b", "0", "9", "4"],
    ["T", "b", "9", "9", "4"],
    ["T", "b", "10", "9", "4"],
  ]);
  assertEquals(rows[0].diff, 5);
});

test("a group that is not online is listed as mqadmin lists it", () => {
  const away = { group: NAME, count: 0, version: "", type: "", model: "", tps: 0.9, diffTotal: 7 };
  assertEquals(summaryRow(away), [NAME, "0", "OFFLINE", "", "", "0", "7"]);
});

test("statsAll adds up brokers and takes what the longest time counted", () => {
  const over = (sum: number, tps = 0) => ({ avgpt: 0, sum, tps });
  const day = { statsDay: over(100), statsHour: over(10), statsMinute: over(1, 0.5) };
  const fresh = { statsDay: over(0), statsHour: over(0), statsMinute: over(3, 0.25) };
  assertEquals(summed([day, undefined, fresh]), { tps: 0.75, today: 103 });
  assertEquals(rowOf({ topic: "T", inTps: 1, inToday: 2 }), [
    ...["T", "", "0", "1.00", "", "2", "NO_CONSUMER"],
  ]);
  const read = { group: "g", accumulation: 5, outTps: 0.5, outToday: 9 };
  assertEquals(rowOf({ topic: "T", inTps: 1, inToday: 2, ...read }), [
    ...["T", "g", "5", "1.00", "0.50", "2", "9"],
  ]);
});

test("a group's settings are printed as Java prints the object", () => {
  assertEquals(
    configText({ ...plainGroup("G2"), consumeEnable: false, retryQueueNums: 2 }),
    "SubscriptionGroupConfig [groupName=G2, consumeEnable=false, consumeFromMinEnable=true, " +
      "consumeBroadcastEnable=true, retryQueueNums=2, retryMaxTimes=16, brokerId=0, " +
      "whichBrokerWhenConsumeSlowly=1, notifyConsumerIdsChangedEnable=true]",
  );
});
