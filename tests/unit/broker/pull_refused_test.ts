import { assertEquals, assertStringIncludes } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import { plainTopic } from "../../../src/broker/topic_rules.ts";
import type { ExtFields } from "../../../src/wire/command.ts";
import { plainGroup } from "../../../src/wire/group.ts";
import { test } from "../../harness.ts";
import { type BrokerRig, pull, type RigClient } from "../../support/broker_rig.ts";
import { COMMIT, OWN, PARK, withMessages } from "../../support/pulls.ts";

function beat(client: RigClient, subscription: Record<string, unknown> = {}, extra = {}) {
  const consumerDataSet = [{
    groupName: "C",
    messageModel: "CLUSTERING",
    subscriptionDataSet: [{ topic: "T", subString: "*", subVersion: 5, ...subscription }],
    ...extra,
  }];
  const body = utf8(JSON.stringify({ clientID: "c", consumerDataSet }));
  return client.ask({ code: 34, body });
}

/** The checks before a read, in their order: each row passes those above it. */
const REFUSED: {
  name: string;
  fields?: ExtFields;
  flags?: Record<string, string>;
  before?: (rig: BrokerRig, client: RigClient) => unknown;
  code: number;
  says: string;
}[] = [
  {
    name: "a field that is no number",
    fields: { queueOffset: "x" },
    code: 1,
    says: '"queueOffset" is "x"',
  },
  {
    name: "a broker that may not be read",
    flags: { brokerPermission: "2" },
    fields: { topic: "U", queueId: "99" },
    code: 16,
    says: "broker",
  },
  {
    name: "a group that is not made",
    flags: { autoCreateSubscriptionGroup: "false" },
    fields: { topic: "U", queueId: "99" },
    code: 26,
    says: '"C"',
  },
  {
    name: "a disabled group",
    before: ({ parts }) => parts.groups.update({ ...plainGroup("C"), consumeEnable: false }),
    fields: { topic: "U", queueId: "99" },
    code: 16,
    says: '"C"',
  },
  { name: "no such topic", fields: { topic: "U", queueId: "99" }, code: 17, says: '"U"' },
  {
    name: "a topic that may not be read",
    before: ({ parts }) => parts.topics.update(plainTopic("T", 4, 2)),
    fields: { queueId: "99" },
    code: 16,
    says: '"T"',
  },
  {
    name: "a queue beyond the last",
    fields: { queueId: "4", sysFlag: "0" },
    code: 1,
    says: "4 queues",
  },
  { name: "a queue below 0", fields: { queueId: "-1" }, code: 1, says: "-1" },
  { name: "a group of nobody", fields: { sysFlag: "0" }, code: 24, says: "online" },
  {
    name: "a topic the group did not subscribe to",
    before: (_, client) => beat(client, { topic: "U" }),
    fields: { sysFlag: "0" },
    code: 24,
    says: '"T"',
  },
  {
    name: "a subscription that is not here yet",
    before: (_, client) => beat(client),
    fields: { sysFlag: "0", subVersion: "6" },
    code: 25,
    says: "6",
  },
  {
    name: "a group that may not broadcast",
    before: async ({ parts }, client) => {
      await beat(client, { topic: "U" }, { messageModel: "BROADCASTING" });
      parts.groups.update({ ...plainGroup("C"), consumeBroadcastEnable: false });
    },
    fields: { sysFlag: "0", subVersion: "6" },
    code: 16,
    says: "broadcast",
  },
  {
    name: "a filter by properties where only tags are filtered by",
    flags: { enablePropertyFilter: "false" },
    fields: { expressionType: "SQL92", subscription: "a > 1" },
    code: 1,
    says: "enablePropertyFilter is false",
  },
  {
    name: "an SQL92 expression that is none",
    fields: { expressionType: "SQL92", subscription: "a >" },
    code: 23,
    says: "character 4",
  },
  {
    name: "no SQL92 expression",
    fields: { expressionType: "SQL92", subscription: "" },
    code: 23,
    says: "the end",
  },
  {
    name: "a filter of another kind",
    fields: { expressionType: "XPATH", subscription: "a" },
    code: 23,
    says: '"XPATH"',
  },
  {
    name: "tags that are none (trap: FilterAPI refuses them)",
    fields: { subscription: "||" },
    code: 23,
    says: '"||"',
  },
  {
    name: "the expression of a heartbeat that was none",
    before: (_, client) => beat(client, { expressionType: "SQL92", subString: "a >" }),
    fields: { sysFlag: "0" },
    code: 27,
    says: "no expression",
  },
  {
    name: "the expression of a heartbeat where only tags are filtered by",
    flags: { enablePropertyFilter: "false" },
    before: (_, client) => beat(client, { expressionType: "SQL92", subString: "a > 1" }),
    fields: { sysFlag: "0" },
    code: 1,
    says: "enablePropertyFilter is false",
  },
];

for (const { name, fields = {}, flags, before, code, says } of REFUSED) {
  test(`pulling with ${name} is answered ${code}, and commits no offset`, async () => {
    await using rig = await withMessages(["a"], { flags });
    const client = rig.client();
    await before?.(rig, client);
    const sysFlag = String(Number(fields.sysFlag ?? OWN) | COMMIT | PARK);
    const answer = await client.ask(pull({ ...fields, sysFlag, commitOffset: "1" }));
    assertEquals(answer.code, code);
    assertStringIncludes(answer.remark!, says);
    assertEquals(rig.parts.offsets.groupsOf("T"), []);
    assertEquals(rig.parts.offsets.groupsOf("U"), []);
    assertEquals([rig.pulls.parked, rig.log.lines], [0, []]);
  });
}
