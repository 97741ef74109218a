import { assertEquals, assertStringIncludes } from "@std/assert";
import { textOf, utf8 } from "../../../../src/base/bytes.ts";
import type { ExtFields } from "../../../../src/wire/command.ts";
import { formatProperties } from "../../../../src/wire/properties.ts";
import { test } from "../../../harness.ts";
import {
  type BrokerRig,
  brokerRig,
  pull,
  type RigClient,
  type RigOptions,
  send,
} from "../../../support/broker_rig.ts";
import { OWN, PARK, progress, textsIn } from "../../../support/pulls.ts";

type Said = Record<string, string>;

/** Stores a message with these properties in queue 0 of T. */
async function put(rig: BrokerRig, body: string, said: Said): Promise<void> {
  const properties = formatProperties(Object.entries(said));
  const { code } = await rig.client().ask(send({ properties }, body));
  assertEquals(code, 0);
}

/** A broker with five messages: a is 1 to 5, b is odd or even. */
async function withFive(options: RigOptions = {}): Promise<BrokerRig> {
  const rig = await brokerRig(options);
  for (let i = 1; i <= 5; i++) {
    await put(rig, `m${i}`, { a: String(i), b: i % 2 === 0 ? "even" : "odd", c: "grün".repeat(i) });
  }
  return rig;
}

const sql = (subscription: string, more: ExtFields = {}) =>
  pull({ sysFlag: String(OWN), expressionType: "SQL92", subscription, ...more });

/** A heartbeat of group C that subscribes to T. */
function beat(client: RigClient, subString: string, subVersion: number, type = "SQL92") {
  const subscriptionDataSet = [{ topic: "T", subString, subVersion, expressionType: type }];
  const consumerDataSet = [{ groupName: "C", messageModel: "CLUSTERING", subscriptionDataSet }];
  const body = utf8(JSON.stringify({ clientID: "c", consumerDataSet }));
  return client.ask({ code: 34, body });
}

for (
  const { expression, wanted } of [
    { expression: "a > 3", wanted: ["m4", "m5"] },
    { expression: "a BETWEEN 2 AND 3 OR b = 'odd' AND a = 5", wanted: ["m2", "m3", "m5"] },
    { expression: "b IN ('even')", wanted: ["m2", "m4"] },
    { expression: "c = 'grüngrün'", wanted: ["m2"] },
    { expression: "zz IS NULL AND a <> 1", wanted: ["m2", "m3", "m4", "m5"] },
    { expression: "UNIQ_KEY IS NULL AND CLUSTER = 'DefaultCluster' AND a < 2", wanted: ["m1"] },
    { expression: "TRUE", wanted: ["m1", "m2", "m3", "m4", "m5"] },
  ]
) {
  test(`a pull with ${expression} gets the messages that match`, async () => {
    await using rig = await withFive();
    const answer = await rig.client().ask(sql(expression));
    assertEquals([answer.code, textsIn(answer)], [0, wanted]);
    assertEquals(progress(answer), [5, 0, 5, 0]);
  });
}

test("a pull of which nothing matches is answered 20 and goes on behind what was looked at", async () => {
  await using rig = await withFive();
  const answer = await rig.client().ask(sql("a > 5"));
  assertEquals([answer.code, answer.remark, progress(answer)], [
    20,
    "NO_MATCHED_MESSAGE",
    [5, 0, 5, 0],
  ]);
});

for (const size of [0, 1, 3_900, 4_000, 4_096, 100_000]) {
  test(`properties are found behind a body of ${size} bytes`, async () => {
    await using rig = await brokerRig();
    for (const a of ["1", "2"]) {
      await rig.client().ask(send({ properties: `x\x01y\x02a\x01${a}` }, "x".repeat(size)));
    }
    for (const a of [1, 2]) {
      const answer = await rig.client().ask(sql(`a = ${a}`));
      assertEquals([answer.code, textsIn(answer)], [0, ["x".repeat(size)]]);
    }
  });
}

for (
  const { name, properties, expression } of [
    { name: "of equal names the last counts", properties: "a\x011\x02a\x013", expression: "a = 3" },
    { name: "no value is none", properties: "a\x01\x02b\x01x", expression: "a IS NULL" },
    { name: "no name is none", properties: "\x015\x02a\x013", expression: "a = 3" },
    { name: "a value may hold 0x01", properties: "a\x01x\x01y", expression: "a = 'x\x01y'" },
    { name: "a name that begins alike", properties: "ab\x011\x02a\x012", expression: "a = 2" },
    {
      name: "a long value",
      properties: `a\x01${"v".repeat(900)}`,
      expression: `a = '${"v".repeat(900)}'`,
    },
    { name: "a tag is a property", properties: "TAGS\x01red", expression: "TAGS IN ('red')" },
  ]
) {
  test(`properties in the record's bytes: ${name}`, async () => {
    await using rig = await brokerRig();
    await rig.client().ask(send({ properties }, "m"));
    assertEquals((await rig.client().ask(sql(expression))).code, 0);
    assertEquals((await rig.client().ask(sql(`NOT (${expression})`))).code, 20);
  });
}

test("a parked pull sleeps while messages come that it does not want, and gets the first that it wants", async () => {
  await using rig = await withFive();
  const client = rig.client();
  const held = {
    queueOffset: "5",
    sysFlag: String(OWN | PARK),
    suspendTimeoutMillis: "15000",
  };
  assertEquals(await client.askAll(sql("b = 'even'", held)), []);
  for (let i = 0; i < 3; i++) {
    await put(rig, "unwanted", { b: "odd" });
    assertEquals([client.far.commands(), rig.pulls.parked], [[], 1]);
  }
  await put(rig, "wanted", { b: "even" });
  const [answer] = client.far.commands();
  assertEquals([answer.code, textsIn(answer), progress(answer)], [0, ["wanted"], [9, 0, 9, 0]]);
});

for (const role of ["master", "slave"] as const) {
  test(`a pull without an expression filters by its group's heartbeat, on a ${role}`, async () => {
    await using first = await withFive();
    await first.close();
    await using rig = await brokerRig({ fs: first.fs, role });
    const client = rig.client();
    assertEquals((await beat(client, "a > 3", 7)).code, 0);
    const answer = await client.ask(pull({ sysFlag: "0", subVersion: "7" }));
    assertEquals([answer.code, textsIn(answer)], [0, ["m4", "m5"]]);
  });
}

test("a parked pull follows its group's new expression", async () => {
  await using rig = await withFive();
  const client = rig.client();
  await beat(client, "a > 9", 7);
  const held = { queueOffset: "5", sysFlag: String(PARK), suspendTimeoutMillis: "15000" };
  assertEquals(await client.askAll(pull({ ...held, subVersion: "7" })), []);
  await put(rig, "six", { a: "6" });
  assertEquals(client.far.commands(), []);
  await beat(client, "a > 6", 8);
  await put(rig, "seven", { a: "7" });
  assertEquals(client.far.commands().map(textsIn), [["seven"]]);
});

test("trap: filter data that is older than the subscription is answered 28", async () => {
  await using rig = await withFive();
  const client = rig.client();
  await beat(client, "a > 3", 7);
  await beat(client, "*", 8, "TAG"); // changes the subscription and not the filter
  await beat(client, "a > 3", 7);
  const { filters, clients } = rig.parts;
  const group = clients.consumerGroup("C")!;
  const subscription = { ...group.subscriptions.get("T")!, expressionType: "SQL92", subVersion: 9 };
  const reader = { messageModel: "CLUSTERING", subscriptions: new Map([["T", subscription]]) };
  const request = { consumerGroup: "C", topic: "T", subVersion: 9, sysFlag: 0 };
  const answer = filters.of(request, reader, true);
  if (!("code" in answer)) throw new Error("it was not refused");
  assertEquals(answer.code, 28);
  assertStringIncludes(answer.remark!, "of 7, its subscription of 9");
});

test("a group whose new expression does not compile is answered 27 until one does", async () => {
  await using rig = await withFive();
  const client = rig.client();
  const codes: number[] = [];
  for (const [version, text] of ["a > 3", "a >", "a > 4"].entries()) {
    await beat(client, text, version + 1);
    codes.push((await client.ask(pull({ sysFlag: "0", subVersion: "1" }))).code);
  }
  assertEquals(codes, [0, 27, 0]);
});

test("filters outlive the broker: a pull right after a restart waits for its group's heartbeat only", async () => {
  await using first = await withFive();
  await beat(first.client(), "a > 3", 7);
  await first.close();
  const text = textOf(first.fs.bytes("/store/config/consumerFilter.json"));
  assertStringIncludes(text, '"expression": "a > 3"');
  await using rig = await brokerRig({ fs: first.fs });
  const request = pull({ sysFlag: "0", subVersion: "7" });
  assertEquals((await rig.client().ask(request)).code, 24);
  await beat(rig.client(), "a > 3", 7);
  assertEquals(textsIn(await rig.client().ask(request)), ["m4", "m5"]);
});
