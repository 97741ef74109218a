/**
 * The rules of pulls, offsets, groups and locks, asked of a Java broker and of ours in the same words: each
 * answer's code, fields and body must be the same. Remarks are for people, but those of pulls name the status.
 */
import { test } from "../harness.ts";
import { alike, ask, beat, ends, group, pull, queues, send, topic } from "./group_rules/asking.ts";

const ABC = ["a", "b", "a", "c"].map((tag, i) => send("Rules", tag, `body ${i}`));

alike(
  "what a pull finds, and how an offset is corrected",
  topic("Rules"),
  ...ABC,
  ["a", "hears"], // until the queue has them
  pull({}),
  pull({ queueOffset: "2", maxMsgNums: "1" }),
  pull({ maxMsgNums: "0" }),
  pull({ queueOffset: "-1" }),
  pull({ queueOffset: "4" }),
  pull({ queueOffset: "5" }),
  pull({ queueId: "1" }),
  pull({ queueId: "1", queueOffset: "9" }),
  pull({ subscription: "a || c" }),
  pull({ subscription: "b", queueOffset: "1" }),
  pull({ subscription: "nobody" }),
  pull({ queueOffset: "4", sysFlag: "6" }), // parked for a moment
  pull({ topic: "OFFSET_MOVED_EVENT" }),
);

alike(
  "why a pull is refused",
  topic("Rules"),
  topic("Unreadable", 2),
  group("Disabled", { consumeEnable: false }),
  group("Alone", { consumeBroadcastEnable: false }),
  pull({ consumerGroup: "Disabled", topic: "Nothing" }),
  pull({ topic: "Nothing", queueId: "7" }),
  pull({ topic: "Unreadable", queueId: "7" }),
  pull({ queueId: "2" }),
  pull({ queueId: "-1" }),
  pull({ sysFlag: "0", consumerGroup: "Nobody" }),
  beat("b", { group: "Sub", topics: [["Rules", 5]] }),
  pull({ sysFlag: "0", consumerGroup: "Sub", subVersion: "5", queueId: "1" }),
  pull({ sysFlag: "0", consumerGroup: "Sub", subVersion: "4", queueId: "1" }),
  pull({ sysFlag: "0", consumerGroup: "Sub", subVersion: "6" }),
  pull({ sysFlag: "0", consumerGroup: "Sub", topic: "Unsubscribed" }),
  topic("Unsubscribed"),
  pull({ sysFlag: "0", consumerGroup: "Sub", topic: "Unsubscribed" }),
  beat("b", { group: "Alone", topics: [["Rules", 5]], model: "BROADCASTING" }),
  pull({ sysFlag: "0", consumerGroup: "Alone", subVersion: "9" }),
  pull({ sysFlag: "0", consumerGroup: "Alone", topic: "Unsubscribed" }),
  pull({ sysFlag: "4", consumerGroup: "Alone", queueId: "1" }), // its own expression: nobody asks
);

alike(
  "where a group goes on",
  topic("Young"),
  ask("a", 14, { consumerGroup: "New", topic: "Young", queueId: "0" }),
  ask("a", 14, { consumerGroup: "New", topic: "Rules", queueId: "0" }), // its first message is on disk
  ask("a", 14, { consumerGroup: "New", topic: "Nothing", queueId: "0" }),
  ask("a", 15, { consumerGroup: "New", topic: "Rules", queueId: "0", commitOffset: "3" }),
  ask("a", 14, { consumerGroup: "New", topic: "Rules", queueId: "0" }),
  ask("a", 15, { consumerGroup: "New", topic: "Rules", queueId: "0", commitOffset: "1" }),
  ask("a", 14, { consumerGroup: "New", topic: "Rules", queueId: "0" }), // it may go back
  ask("a", 14, { consumerGroup: "New", topic: "Rules", queueId: "1" }),
  pull({ consumerGroup: "New", sysFlag: "5", commitOffset: "2" }),
  ask("a", 14, { consumerGroup: "New", topic: "Rules", queueId: "0" }),
  pull({ consumerGroup: "New", sysFlag: "4", commitOffset: "4" }), // no flag, no commit
  ask("a", 14, { consumerGroup: "New", topic: "Rules", queueId: "0" }),
  ask("a", 207, { groupName: "New" }),
  ask("a", 14, { consumerGroup: "New", topic: "Rules", queueId: "0" }),
  ask("a", 207, { groupName: "New", removeOffset: "true" }),
  ask("a", 14, { consumerGroup: "New", topic: "Rules", queueId: "0" }),
  ...[30, 31].flatMap((code) => [
    ask("a", code, { topic: "Rules", queueId: "0" }),
    ask("a", code, { topic: "Young", queueId: "0" }),
  ]),
  ask("a", 29, { topic: "Rules", queueId: "0", timestamp: "0" }),
  ask("a", 29, { topic: "Rules", queueId: "0", timestamp: "99999999999999" }),
  ask("a", 29, { topic: "Young", queueId: "0", timestamp: "0" }),
);

alike(
  "who has which queue to itself",
  queues("a", 41, "Ordered", 0, 1),
  queues("b", 41, "Ordered", 0, 1),
  queues("b", 41, "Other", 1),
  queues("a", 41, "Ordered", 1),
  queues("b", 42, "Ordered", 0, 1), // not its own
  queues("b", 41, "Ordered", 0, 1),
  queues("a", 42, "Ordered", 1),
  queues("b", 41, "Ordered", 0, 1),
  queues("a", 41, "Ordered", 0, 1),
  queues("a", 42, "Nobody", 0),
);

alike(
  "who is in a group, and who hears that it changed",
  ask("a", 38, { consumerGroup: "Members" }),
  beat("a", { group: "Members", topics: [["Rules", 1]], producer: "P" }),
  ask("b", 38, { consumerGroup: "Members" }),
  ["a", "hears"],
  beat("b", { group: "Members", topics: [["Rules", 1]] }),
  ask("a", 38, { consumerGroup: "Members" }),
  ["a", "hears"],
  ["b", "hears"],
  beat("b", { group: "Members", topics: [["Rules", 2]] }), // another expression, the same topics
  ["a", "hears"],
  beat("b", { group: "Members", topics: [["Rules", 2], ["Young", 1]] }),
  ["a", "hears"],
  group("Quiet", { notifyConsumerIdsChangedEnable: false }),
  beat("a", { group: "Quiet", topics: [["Rules", 1]] }),
  beat("b", { group: "Quiet", topics: [["Rules", 1]] }),
  ["a", "hears"],
  beat("c", { group: "Members", topics: [["Rules", 2]] }), // and without Young
  ["b", "hears"],
  ["c", "closes"],
  ["a", "hears"],
  ask("b", 38, { consumerGroup: "Members" }),
  ask("b", 35, { clientID: "client-b", consumerGroup: "Members" }),
  ["a", "hears"],
  ["b", "hears"],
  ask("a", 38, { consumerGroup: "Members" }),
  ask("a", 35, { clientID: "client-a", consumerGroup: "Members", producerGroup: "P" }),
  ask("a", 38, { consumerGroup: "Members" }),
);

test("Java and ours answer alike: both end", async () => {
  for (const end of ends) await end();
});
