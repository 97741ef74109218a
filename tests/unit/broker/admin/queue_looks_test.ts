import { assertEquals, assertStringIncludes } from "@std/assert";
import { utf8 } from "../../../../src/base/bytes.ts";
import { parseCorrections } from "../../../../src/wire/correction.ts";
import { javaHash } from "../../../../src/wire/hash.ts";
import { parseQueueEntries } from "../../../../src/wire/queue_entries.ts";
import { parseTimeSpans } from "../../../../src/wire/time_span.ts";
import { test } from "../../../harness.ts";
import { type BrokerRig, brokerRig, props, send } from "../../../support/broker_rig.ts";
import { messagesOf } from "../../../support/store.ts";

/** Three messages in queue 0 of T, one second between two; the first has tag a, the others b. */
async function threeMessages(rig: BrokerRig): Promise<ReturnType<typeof messagesOf>> {
  for (const tag of ["a", "b", "b"]) {
    await rig.client().ask(send({ properties: props(["TAGS", tag]) }));
    await rig.clock.advance(1000);
  }
  return messagesOf(rig.store, "T", 0);
}

test("303 tells how far a group is in time, and how long its next message waits", async () => {
  await using rig = await brokerRig();
  const [first, second, third] = (await threeMessages(rig)).map((each) => each.storeTimestamp);
  const ask = async () => {
    const ext = { topic: "T", group: "G" };
    return parseTimeSpans((await rig.client().ask({ code: 303, ext })).body);
  };
  const queue = { brokerName: "broker-a", queueId: 0, topic: "T" };
  const span = { queue, minTimeStamp: first, maxTimeStamp: third };
  const before = await ask();
  assertEquals(before.length, 4);
  assertEquals(before[0], { ...span, consumeTimeStamp: first, delayTime: rig.clock.now() - first });
  const nothing = { minTimeStamp: -1, maxTimeStamp: -1, consumeTimeStamp: -1, delayTime: 0 };
  assertEquals(before[1], { queue: { ...queue, queueId: 1 }, ...nothing });
  rig.parts.offsets.commit("G", "T", 0, 2);
  const delayTime = rig.clock.now() - third;
  assertEquals((await ask())[0], { ...span, consumeTimeStamp: second, delayTime });
  rig.parts.offsets.commit("G", "T", 0, 3);
  assertEquals((await ask())[0], { ...span, consumeTimeStamp: third, delayTime: 0 });
  assertEquals((await rig.client().ask({ code: 303, ext: { topic: "no", group: "G" } })).code, 17);
});

test("308 tells where the slowest group is, without those that do not count", async () => {
  await using rig = await brokerRig();
  await threeMessages(rig);
  for (const [group, offset] of [["A", 1], ["B", 2], ["C", 3]] as const) {
    rig.parts.offsets.commit(group, "T", 0, offset);
  }
  const ask = async (compareGroup: string, filterGroups: string) => {
    const ext = { topic: "T", compareGroup, filterGroups };
    return [...parseCorrections((await rig.client().ask({ code: 308, ext })).body)];
  };
  assertEquals(await ask("nobody", ""), [[0, 1]]);
  assertEquals(await ask("C", "A"), [[0, 2]]);
  assertEquals(await ask("A", "A"), [[0, undefined]], "A is behind all others");
  assertEquals(rig.parts.offsets.of("A", "T", 0), 1, "what does not count stays");
});

test("321 tells what a queue's entries are, and which of them a group's filter lets through", async () => {
  await using rig = await brokerRig();
  const messages = await threeMessages(rig);
  const client = rig.client();
  const ask = async (more: Record<string, string> = {}) => {
    const ext = { topic: "T", queueId: "0", index: "1", count: "9", ...more };
    return parseQueueEntries((await client.ask({ code: 321, ext })).body);
  };
  const entries = messages.slice(1).map(({ logOffset, size }) => ({
    eval: false,
    physicOffset: logOffset,
    physicSize: size,
    tagsCode: javaHash("b"),
  }));
  assertEquals(await ask(), { maxQueueIndex: 3, minQueueIndex: 0, entries });
  assertEquals((await ask({ count: "1" })).entries.length, 1);
  for (const index of ["3", "-1", "9223372036854775807"]) {
    assertEquals((await ask({ index })).entries, []);
  }
  assertEquals((await ask({ count: "-1" })).entries, []);
  assertStringIncludes((await ask({ consumerGroup: "G" })).filterData!, "online");
  const subscriptionDataSet = [{ topic: "T", subString: "b", codeSet: [javaHash("b")] }];
  const consumerDataSet = [{ groupName: "G", subscriptionDataSet }];
  await client.ask({ code: 34, body: utf8(JSON.stringify({ clientID: "c", consumerDataSet })) });
  const found = await ask({ consumerGroup: "G", index: "0" });
  assertEquals(found.entries.map((entry) => entry.eval), [false, true, true]);
  assertEquals(found.subscription?.subString, "b");
  assertEquals(found.filterData, "null", "it filters by tags alone");
});

test("321 tries a group's condition on the properties of what the entries point at", async () => {
  await using rig = await brokerRig();
  for (const number of ["1", "2", "3"]) {
    await rig.client().ask(send({ properties: props(["number", number]) }));
  }
  const wanted = { topic: "T", subString: "number > 1", expressionType: "SQL92", subVersion: 7 };
  const consumerDataSet = [{ groupName: "G", subscriptionDataSet: [wanted] }];
  const body = utf8(JSON.stringify({ clientID: "c", consumerDataSet }));
  await rig.client().ask({ code: 34, body });
  const ext = { topic: "T", queueId: "0", index: "0", count: "9", consumerGroup: "G" };
  const found = parseQueueEntries((await rig.client().ask({ code: 321, ext })).body);
  assertEquals(found.entries.map((entry) => entry.eval), [false, true, true]);
  assertStringIncludes(found.filterData!, '\n\t"expression":"number > 1",\n');
});

test("321 refuses a queue that is not there", async () => {
  await using rig = await brokerRig();
  const ext = { topic: "T", queueId: "0", index: "0", count: "1" };
  assertEquals((await rig.client().ask({ code: 321, ext })).code, 1);
});
