import { assertEquals, assertStringIncludes } from "@std/assert";
import { plainTopic } from "../../../../src/broker/topic_rules.ts";
import { formatSendBack, type SendBackRequest } from "../../../../src/wire/send_back.ts";
import { plainGroup } from "../../../../src/wire/group.ts";
import { test } from "../../../harness.ts";
import { type BrokerRig, brokerRig, props, send } from "../../../support/broker_rig.ts";
import type { CommandFields } from "../../../support/far_end.ts";
import { messagesOf, textsOf } from "../../../support/store.ts";
import { delayRig, propertiesIn } from "../delay/delay_rig.ts";

const WAITS = "SCHEDULE_TOPIC_XXXX";
const RETRY = "%RETRY%G";
const DEAD = "%DLQ%G";

function back(fields: Partial<SendBackRequest> = {}): CommandFields {
  const request = { logOffset: 0, group: "G", delayLevel: 0, unitMode: false, ...fields };
  return { ...formatSendBack(request), version: 407 };
}

test("a message that was sent back comes to the retry topic after its delay, counted", async () => {
  await using rig = await delayRig();
  const client = rig.client();
  await client.ask(send({ queueId: "3", sysFlag: "1", properties: props(["TAGS", "a"]) }));
  assertEquals((await client.ask(back())).code, 0);
  assertEquals(messagesOf(rig.store, WAITS, 2).length, 1); // level 3
  await rig.clock.advance(10_100);
  const [first] = messagesOf(rig.store, "T", 3);
  const [again] = messagesOf(rig.store, RETRY, 0);
  const { topic, queueId, queueOffset, logOffset, size, properties, storeTimestamp } = again;
  const own = { topic, queueId, queueOffset, logOffset, size, properties, storeTimestamp };
  assertEquals(again, { ...first, ...own, reconsumeTimes: 1 });
  assertEquals(Object.fromEntries(propertiesIn(rig, RETRY)[0]), {
    TAGS: "a",
    CLUSTER: "DefaultCluster",
    RETRY_TOPIC: "T",
    ORIGIN_MESSAGE_ID: "0A00000900002A9F0000000000000000",
    DELAY: "3",
    REAL_TOPIC: RETRY,
    REAL_QID: "0",
  });
});

test("each failure waits a level longer, names the first topic and id, and the last is dead", async () => {
  await using rig = await delayRig();
  const client = rig.client();
  await client.ask(send());
  let logOffset = 0;
  for (let failures = 0; failures < 3; failures++) {
    await client.ask(back({ logOffset, maxReconsumeTimes: 3 }));
    assertEquals(messagesOf(rig.store, WAITS, 2 + failures).length, 1, `failure ${failures + 1}`);
    await rig.clock.advance(120_000);
    logOffset = messagesOf(rig.store, RETRY, 0).at(-1)!.logOffset;
  }
  await client.ask(back({ logOffset, maxReconsumeTimes: 3 }));
  await rig.clock.advance(120_000);
  assertEquals(messagesOf(rig.store, RETRY, 0).map((m) => m.reconsumeTimes), [1, 2, 3]);
  const [dead] = messagesOf(rig.store, DEAD, 0);
  assertEquals([dead.reconsumeTimes, textsOf(rig.store, DEAD, 0)], [4, ["hello"]]);
  const properties = propertiesIn(rig, DEAD)[0];
  assertEquals(properties.get("RETRY_TOPIC"), "T");
  assertEquals(properties.get("ORIGIN_MESSAGE_ID"), "0A00000900002A9F0000000000000000");
  assertEquals([properties.get("DELAY"), properties.get("CLUSTER")], ["0", "DefaultCluster"]);
  assertEquals(rig.parts.topics.get(DEAD)?.perm, 6);
});

for (
  const { name, fields, times, queue, dead } of [
    { name: "a level of its own", fields: { delayLevel: 5 }, times: "0", queue: 4, dead: false },
    { name: "a level too high", fields: { delayLevel: 99 }, times: "0", queue: 17, dead: false },
    { name: "15 failures", fields: {}, times: "15", queue: 17, dead: false },
    { name: "16 failures, the group's bound", fields: {}, times: "16", queue: 0, dead: true },
    { name: "a level below 0", fields: { delayLevel: -1 }, times: "0", queue: 0, dead: true },
    {
      name: "no tries at all",
      fields: { maxReconsumeTimes: 0 },
      times: "0",
      queue: 0,
      dead: true,
    },
    {
      name: "more tries than the group bears",
      fields: { maxReconsumeTimes: 20 },
      times: "16",
      queue: 17,
      dead: false,
    },
  ]
) {
  test(`a message sent back with ${name} ${dead ? "is dead" : `waits in queue ${queue}`}`, async () => {
    await using rig = await brokerRig();
    const client = rig.client();
    await client.ask(send({ reconsumeTimes: times }));
    assertEquals((await client.ask(back(fields))).code, 0);
    assertEquals(messagesOf(rig.store, dead ? DEAD : WAITS, queue).length, 1);
  });
}

test("an old consumer's number of tries is not what it means", async () => {
  await using rig = await brokerRig();
  const client = rig.client();
  await client.ask(send());
  await client.ask({ ...back({ maxReconsumeTimes: 0 }), version: 120 });
  assertEquals(messagesOf(rig.store, WAITS, 2).length, 1);
});

test("the retry topic has the group's queues, and copies go to those that are there", async () => {
  await using rig = await brokerRig();
  rig.parts.groups.update({ ...plainGroup("G"), retryQueueNums: 2 });
  const client = rig.client();
  await client.ask(send());
  await client.ask(back());
  assertEquals(rig.parts.topics.get(RETRY)?.readQueueNums, 2);
  rig.parts.groups.update({ ...plainGroup("G"), retryQueueNums: 1_000 });
  for (let i = 0; i < 5; i++) await client.ask(back());
  const queues = propertiesIn(rig, WAITS, 2).map((each) => Number(each.get("REAL_QID")));
  assertEquals(queues.every((id) => id < 2), true, `${queues}`);
});

test("a group that wants nothing again is answered 0, and nothing is stored", async () => {
  await using rig = await brokerRig();
  rig.parts.groups.update({ ...plainGroup("G"), retryQueueNums: 0 });
  const client = rig.client();
  await client.ask(send());
  const { tail } = rig.store.log;
  assertEquals((await client.ask(back())).code, 0);
  assertEquals(rig.store.log.tail, tail);
});

interface Refused {
  name: string;
  code: number;
  says: string;
  fields?: Partial<SendBackRequest>;
  flags?: Record<string, string>;
  role?: "slave";
  before?: (rig: BrokerRig) => void;
}

const REFUSED: Refused[] = [
  {
    name: "an unknown group that may not be made",
    flags: { autoCreateSubscriptionGroup: "false" },
    code: 26,
    says: '"G"',
  },
  {
    name: "a broker that may not be written",
    flags: { brokerPermission: "4" },
    code: 16,
    says: "",
  },
  {
    name: "a retry topic that may not be written",
    before: ({ parts }) => parts.topics.update(plainTopic(RETRY, 1, 4)),
    code: 16,
    says: RETRY,
  },
  { name: "a place without a message", fields: { logOffset: 7 }, code: 1, says: "log offset 7" },
  {
    name: "a group of too long a name",
    fields: { group: "g".repeat(121) },
    code: 1,
    says: "topic",
  },
  { name: "a slave", role: "slave", code: 1, says: "slave" },
  { name: "a closed log", before: ({ store }) => store.log.refuse("full"), code: 1, says: "full" },
];

for (const { name, code, says, fields, flags, role, before } of REFUSED) {
  test(`a send-back is answered ${code} by or for ${name}, and nothing is stored`, async () => {
    await using rig = await brokerRig({ flags, role });
    const client = rig.client();
    await client.ask(send());
    before?.(rig);
    const { tail } = rig.store.log;
    const answer = await client.ask(back(fields));
    assertEquals(answer.code, code);
    assertStringIncludes(answer.remark!, says);
    assertEquals(rig.store.log.tail, tail);
  });
}

test("a send-back waits for a slave as a send does; what is late is stored all the same", async () => {
  await using rig = await brokerRig({ flags: { brokerRole: "SYNC_MASTER" } });
  const client = rig.client();
  await client.ask(send());
  const answer = await client.ask(back()); // no slave is there: a send would be answered 11
  assertEquals(answer.code, 0);
  assertStringIncludes(answer.remark!, "no slave");
  assertEquals(messagesOf(rig.store, WAITS, 2).length, 1);
});

test("a send-back is not stored where too few nodes would have it", async () => {
  const flags = { brokerRole: "SYNC_MASTER", minInSyncReplicas: "2" };
  await using rig = await brokerRig({ flags });
  const client = rig.client();
  await client.ask(send());
  const answer = await client.ask(back());
  assertEquals(answer.code, 1);
  assertStringIncludes(answer.remark!, "minInSyncReplicas");
});
