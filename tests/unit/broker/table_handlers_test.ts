import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { FsError } from "../../../src/ports/fs.ts";
import { decodeCommand } from "../../../src/wire/codec.ts";
import type { ExtFields } from "../../../src/wire/command.ts";
import { parseJson } from "../../../src/wire/json_body.ts";
import { test } from "../../harness.ts";
import { type GoldenExchange, goldenExchanges, goldenFrame } from "../../support/golden.ts";
import { tableBroker } from "../../support/table_broker.ts";

function exchanges(code: number): GoldenExchange[] {
  const found = goldenExchanges().filter((each) => each.code === code && each.to !== "client");
  assert(found.length > 0, `no sample of ${code}`);
  return found;
}

/** What a JSON value looks like: fields and types. Maps with names as keys count as one of their values. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== "object" || value === null) return typeof value;
  const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(entries.map(([key, each]) => [
    key,
    key.endsWith("Table") ? Object.values(each as object).slice(0, 1).map(shapeOf) : shapeOf(each),
  ]));
}

for (const code of [14, 15, 17, 21, 34, 35, 38, 41, 42, 43, 45, 200, 201, 207, 215]) {
  test(`code ${code} is answered as the Java broker answered it`, async () => {
    for (const { request, response, oneway } of exchanges(code)) {
      const { answer, ask, offsets } = tableBroker();
      const command = decodeCommand(goldenFrame(request));
      if (code === 38) await beOnline(ask, command.ext.consumerGroup);
      if (code === 43) offsets.commit("g", "T", 0, 1);
      const ours = await answer(command);
      if (oneway) continue;
      const theirs = decodeCommand(goldenFrame(response!));
      assertEquals(ours.code, theirs.code);
      assertEquals(Object.keys(ours.ext ?? {}), Object.keys(theirs.ext));
      const [got, wanted] = [textOf(ours.body ?? utf8("")), textOf(theirs.body)];
      assertEquals(got === "", wanted === "");
      if (wanted === "" || wanted.length < 20) continue;
      if (wanted === '{"offsetTable":{}}') continue;
      assertEquals(shapeOf(parseJson(got)), shapeOf(parseJson(wanted)));
    }
  });
}

async function beOnline(ask: ReturnType<typeof tableBroker>["ask"], groupName: string) {
  const consumerDataSet = [{ groupName, subscriptionDataSet: [] }];
  assertEquals((await ask(34, {}, { clientID: "c", consumerDataSet })).code, 0);
}

test("41 gives back exactly the queues that Java gave back", async () => {
  for (const { request, response } of exchanges(41)) {
    const ours = await tableBroker().answer(decodeCommand(goldenFrame(request)));
    assertEquals(textOf(ours.body!), response!.bodyText);
  }
});

const NEW_TOPIC = {
  topic: "T",
  defaultTopic: "TBW102",
  readQueueNums: "4",
  writeQueueNums: "3",
  perm: "4",
  topicFilterType: "MULTI_TAG",
  order: "false",
};

test("17 is answered when the topic is on the disk", async () => {
  const { ask, topics, fs } = tableBroker();
  assertEquals((await ask(17, NEW_TOPIC)).code, 0);
  assertEquals(topics.get("T")?.topicFilterType, "MULTI_TAG");
  assertStringIncludes(textOf(fs.bytes("/config/topics.json")), '"MULTI_TAG"');
});

test("17 does not touch a topic's order", async () => {
  const { ask, topics } = tableBroker();
  await ask(17, { ...NEW_TOPIC, order: "true" });
  assertEquals(topics.get("T")?.order, false);
  topics.setOrdered(new Set(["T"]));
  await ask(17, { ...NEW_TOPIC, perm: "6" });
  assertEquals([topics.get("T")?.order, topics.get("T")?.perm], [true, 6]);
});

test("17 fails when the disk does, with its reason", async () => {
  const { ask, fs } = tableBroker();
  fs.fault = () => ({ error: new FsError("full", "no space left") });
  const error = await ask(17, NEW_TOPIC).catch((error) => error);
  assert(error instanceof FsError);
  assertEquals(error.message, "no space left");
});

test("17 and 215 leave the broker's own topics alone", async () => {
  for (
    const topic of ["TBW102", "broker-a", "DefaultCluster", "SCHEDULE_TOPIC_XXXX", "rmq_sys_x"]
  ) {
    const { ask, topics } = tableBroker();
    for (const [code, ext] of [[17, { ...NEW_TOPIC, topic }], [215, { topic }]] as const) {
      const reply = await ask(code, ext);
      assertEquals(reply.code, 1);
      assertStringIncludes(reply.remark!, topic);
    }
    assertEquals(topics.dataVersion.counter, 0);
  }
});

test("215 deletes a topic and its messages, also when that is asked again", async () => {
  const { ask, topics, deleted } = tableBroker();
  await ask(17, NEW_TOPIC);
  assertEquals((await ask(215, { topic: "T" })).code, 0);
  assertEquals((await ask(215, { topic: "T" })).code, 0);
  assertEquals([topics.get("T"), deleted], [undefined, ["T", "T"]]);
});

test("207 keeps the offsets of a group unless it is told to drop them", async () => {
  for (
    const [flags, left] of [
      [{}, 3],
      [{ removeOffset: "false" }, 3],
      [{ removeOffset: "true" }, undefined],
      [{ cleanOffset: "true" }, undefined],
    ] as const
  ) {
    const { ask, groups, offsets } = tableBroker();
    groups.find("g");
    offsets.commit("g", "T", 0, 3);
    assertEquals((await ask(207, { groupName: "g", ...flags } as ExtFields)).code, 0);
    assertEquals([groups.get("g"), offsets.of("g", "T", 0)], [undefined, left]);
  }
});

test("a slave refuses 17, 215, 200 and 207, and answers the rest", async () => {
  const { ask, topics, groups } = tableBroker({ isSlave: true });
  for (
    const [code, ext, body] of [
      [17, NEW_TOPIC, ""],
      [215, { topic: "T" }, ""],
      [200, {}, { groupName: "g" }],
      [207, { groupName: "g" }, ""],
    ] as const
  ) {
    const reply = await ask(code, ext as ExtFields, body);
    assertEquals(reply.code, 1);
    assertStringIncludes(reply.remark!, "slave");
  }
  assertEquals([topics.get("T"), groups.get("g")], [undefined, undefined]);
  for (const code of [21, 43, 45, 201]) assertEquals((await ask(code)).code, 0);
});

const PLACE = { consumerGroup: "g", topic: "T", queueId: "0" };

for (
  const { name, min, onDisk, stored, ext, code, offset } of [
    { name: "a stored offset", min: 5, onDisk: true, stored: 7, code: 0, offset: "7" },
    { name: "a stored 0", min: 5, onDisk: true, stored: 0, code: 0, offset: "0" },
    { name: "a young queue", min: 0, onDisk: false, code: 0, offset: "0" },
    { name: "no queue yet", min: -1, onDisk: false, code: 0, offset: "0" },
    { name: "a queue that lost its first messages", min: 5, onDisk: false, code: 22 },
    { name: "a queue whose first message is far back", min: 0, onDisk: true, code: 22 },
    {
      name: "a client that does not want 0",
      min: 0,
      onDisk: false,
      ext: { setZeroIfNotFound: "false" },
      code: 22,
    },
    {
      name: "a client that does",
      min: 0,
      onDisk: false,
      ext: { setZeroIfNotFound: "true" },
      code: 0,
      offset: "0",
    },
  ]
) {
  test(`14 for ${name} answers ${code}`, async () => {
    const { ask, offsets, queues } = tableBroker();
    if (stored !== undefined) offsets.commit("g", "T", 0, stored);
    Object.assign(queues, { min, onDisk });
    const reply = await ask(14, { ...PLACE, ...ext } as ExtFields);
    assertEquals([reply.code, reply.ext?.offset], [code, offset]);
  });
}

test("15 then 14 give the offset back", async () => {
  const { ask } = tableBroker();
  assertEquals((await ask(15, { ...PLACE, commitOffset: "12" })).code, 0);
  assertEquals((await ask(14, PLACE)).ext?.offset, "12");
  assertEquals(textOf((await ask(43)).body!), '{"offsetTable":{"T@g":{0:12}}}');
});

test("a consumer's heartbeat makes its group and retry topic, a producer's nothing", async () => {
  const { ask, topics, groups } = tableBroker();
  await ask(34, {}, { clientID: "c", producerDataSet: [{ groupName: "p" }] });
  assertEquals([groups.get("p"), topics.dataVersion.counter], [undefined, 0]);
  await beOnline(ask, "g");
  assertEquals(groups.get("g")?.retryQueueNums, 1);
  assertEquals(topics.get("%RETRY%g")?.readQueueNums, 1);
});

test("38 lists the members of a group, and refuses a group without any", async () => {
  const { ask } = tableBroker();
  assertEquals((await ask(38, { consumerGroup: "g" })).code, 1);
  await beOnline(ask, "g");
  assertEquals(textOf((await ask(38, { consumerGroup: "g" })).body!), '{"consumerIdList":["c"]}');
  assertEquals((await ask(35, { clientID: "c", consumerGroup: "g" })).code, 0);
  assertEquals((await ask(38, { consumerGroup: "g" })).code, 1);
});

test("46 takes tags and SQL92 expressions, and refuses what does not compile", async () => {
  const { ask, answer } = tableBroker();
  for (const expressionType of ["TAG", "", undefined]) {
    const subscriptionData = { topic: "T", expressionType };
    assertEquals((await ask(46, {}, { clientId: "c", group: "g", subscriptionData })).code, 0);
  }
  for (const { request } of exchanges(46)) {
    const reply = await answer(decodeCommand(goldenFrame(request)));
    assertEquals(reply.code, 0);
  }
  for (const [expressionType, subString] of [["SQL92", "a >"], ["SQL92", "*"], ["XPATH", "a"]]) {
    const subscriptionData = { topic: "T", expressionType, subString };
    const reply = await ask(46, {}, { clientId: "c", group: "g", subscriptionData });
    assertEquals(reply.code, 23);
    assertStringIncludes(reply.remark!, 'Cannot subscribe to "T": ');
  }
});

test("41 and 42 lock and unlock for a client of a group", async () => {
  const { ask } = tableBroker();
  const mqSet = [{ brokerName: "broker-a", queueId: 0, topic: "T" }];
  const lock = async (clientId: string) =>
    textOf((await ask(41, {}, { clientId, consumerGroup: "g", mqSet })).body!);
  assertEquals(await lock("a"), JSON.stringify({ lockOKMQSet: mqSet }));
  assertEquals(await lock("b"), '{"lockOKMQSet":[]}');
  assertEquals((await ask(42, {}, { clientId: "a", consumerGroup: "g", mqSet })).code, 0);
  assertEquals(await lock("b"), JSON.stringify({ lockOKMQSet: mqSet }));
});
