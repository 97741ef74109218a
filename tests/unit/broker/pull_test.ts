import { assertEquals, assertStringIncludes } from "@std/assert";
import { plainTopic } from "../../../src/broker/topic_rules.ts";
import { FsError } from "../../../src/ports/fs.ts";
import { decodeRecords } from "../../../src/wire/message.ts";
import type { Command, ExtFields } from "../../../src/wire/command.ts";
import { plainGroup } from "../../../src/wire/group.ts";
import { test } from "../../harness.ts";
import {
  type BrokerRig,
  brokerRig,
  pull,
  type RigClient,
  type RigOptions,
  send,
} from "../../support/broker_rig.ts";
import { utf8 } from "../../../src/base/bytes.ts";

const COMMIT = 1;
const PARK = 2;
const OWN = 4;

/** A broker with these messages in queue 0 of T, each with the tag behind its colon. */
async function withMessages(
  texts: readonly string[],
  options: RigOptions = {},
): Promise<BrokerRig> {
  const rig = await brokerRig(options);
  await put(rig, ...texts);
  return rig;
}

async function put(rig: BrokerRig, ...texts: string[]): Promise<void> {
  const sends = texts.map((text) => {
    const [body, tag] = text.split(":");
    return send({ properties: tag ? `TAGS\x01${tag}` : "" }, body);
  });
  const answers = sends.length === 0 ? [] : await rig.client().askAll(...sends);
  for (const { code } of answers) assertEquals(code, 0);
}

function textsIn({ body }: Command): string[] {
  return decodeRecords(body).map((record) => new TextDecoder().decode(record.body));
}

/** The four numbers every answer has: where to go on, the queue's ends, whom to ask. */
function progress({ ext }: Command): number[] {
  assertEquals(Object.keys(ext).sort(), [
    "maxOffset",
    "minOffset",
    "nextBeginOffset",
    "suggestWhichBrokerId",
  ]);
  const { nextBeginOffset, minOffset, maxOffset, suggestWhichBrokerId } = ext;
  return [nextBeginOffset, minOffset, maxOffset, suggestWhichBrokerId].map(Number);
}

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

for (const code of [11, 361]) {
  for (const form of ["json", "binary"] as const) {
    test(`pull ${code} in ${form} form gives the records as they were stored`, async () => {
      await using rig = await withMessages(["a", "b", "c"]);
      const answer = await rig.client().ask({ ...pull(), code, form });
      assertEquals([answer.code, answer.remark, answer.form], [0, "FOUND", form]);
      assertEquals(textsIn(answer), ["a", "b", "c"]);
      assertEquals(progress(answer), [3, 0, 3, 0]);
      const stored = new Uint8Array(rig.store.log.tail);
      rig.store.log.readAt(0, stored);
      assertEquals(answer.body, stored);
    });
  }
}

test("pulls of one read are answered in order, with one write", async () => {
  await using rig = await withMessages(["a", "b"]);
  const client = rig.client();
  const answers = await client.askAll(
    pull({ queueOffset: "1" }),
    pull({ queueOffset: "2" }),
    pull({ maxMsgNums: "1" }),
  );
  assertEquals(answers.map(({ code }) => code), [0, 19, 0]);
  assertEquals([textsIn(answers[0]), textsIn(answers[2])], [["b"], ["a"]]);
  assertEquals(client.far.writes.length, 1);
});

/** What a read finds, and what is answered. Three messages, of which the first file has one hundred entries. */
for (
  const { name, fields, code, remark, next, parked = false } of [
    {
      name: "an empty queue from 0",
      fields: { queueId: "1" },
      code: 19,
      remark: "NO_MESSAGE_IN_QUEUE",
      next: 0,
      parked: true,
    },
    {
      name: "an empty queue from elsewhere",
      fields: { queueId: "1", queueOffset: "5" },
      code: 21,
      remark: "NO_MESSAGE_IN_QUEUE",
      next: 0,
    },
    {
      name: "before the first message",
      fields: { queueOffset: "-1" },
      code: 21,
      remark: "OFFSET_TOO_SMALL",
      next: 0,
    },
    {
      name: "at the end",
      fields: { queueOffset: "3" },
      code: 19,
      remark: "OFFSET_OVERFLOW_ONE",
      next: 3,
      parked: true,
    },
    {
      name: "behind the end",
      fields: { queueOffset: "4" },
      code: 21,
      remark: "OFFSET_OVERFLOW_BADLY",
      next: 3,
    },
    {
      name: "a tag nobody has",
      fields: { subscription: "zzz" },
      code: 20,
      remark: "NO_MATCHED_MESSAGE",
      next: 3,
    },
  ] as {
    name: string;
    fields: ExtFields;
    code: number;
    remark: string;
    next: number;
    parked?: boolean;
  }[]
) {
  test(`pulling ${name} is answered ${code} ${remark}`, async () => {
    await using rig = await withMessages(["a:x", "b:y", "c:x"]);
    const client = rig.client();
    const answer = await client.ask(pull(fields));
    assertEquals([answer.code, answer.remark], [code, remark]);
    const end = fields.queueId === "1" ? 0 : 3;
    assertEquals(progress(answer), [next, 0, end, 0]);
    const held = await client.askAll(pull({ ...fields, sysFlag: String(PARK | OWN) }));
    assertEquals([held.length, rig.pulls.parked], parked ? [0, 1] : [1, 0]);
  });
}

test("a slave lets offsets stand and sends the reader to the master", async () => {
  const fs = await withMessages(["a", "b"]).then(async (rig) => (await rig.close(), rig.fs));
  for (
    const { offset, code, next } of [
      { offset: "-1", code: 20, next: -1 },
      { offset: "7", code: 20, next: 7 },
      { offset: "2", code: 19, next: 2 },
    ]
  ) {
    await using rig = await brokerRig({ role: "slave", fs });
    rig.parts.groups.update({ ...plainGroup("C"), brokerId: 6 });
    const answer = await rig.client().ask(pull({ queueOffset: offset }));
    assertEquals([answer.code, progress(answer)], [code, [next, 0, 2, 6]]);
  }
  await using rig = await brokerRig({ role: "slave", fs, flags: { offsetCheckInSlave: "true" } });
  const answer = await rig.client().ask(pull({ queueOffset: "7" }));
  assertEquals([answer.code, progress(answer)], [21, [2, 0, 2, 6]]);
});

test("a slave serves messages of a topic whose settings have not come yet", async () => {
  const master = await brokerRig();
  await master.client().ask(send());
  await master.close();
  const { fs } = master;
  await using rig = await brokerRig({ role: "slave", fs });
  rig.parts.topics.delete("T");
  const [found, unknown] = await rig.client().askAll(pull(), pull({ topic: "U" }));
  assertEquals([found.code, textsIn(found), unknown.code], [0, ["hello"], 17]);
});

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
      await beat(client, {}, { messageModel: "BROADCASTING" });
      parts.groups.update({ ...plainGroup("C"), consumeBroadcastEnable: false });
    },
    fields: { sysFlag: "0", subVersion: "6" },
    code: 16,
    says: "broadcast",
  },
  { name: "a filter by properties", fields: { expressionType: "SQL92" }, code: 1, says: "SQL92" },
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

test("a pull's own offset is committed when it says so, when it is parked too, never on a slave", async () => {
  await using rig = await withMessages(["a", "b"]);
  const { offsets } = rig.parts;
  const client = rig.client();
  await client.ask(pull({ commitOffset: "1" }));
  assertEquals(offsets.of("C", "T", 0), undefined);
  await client.ask(pull({ commitOffset: "1", sysFlag: String(COMMIT | OWN) }));
  assertEquals(offsets.of("C", "T", 0), 1);
  const parked = { queueOffset: "2", sysFlag: String(COMMIT | PARK | OWN) };
  assertEquals(await client.askAll(pull({ ...parked, commitOffset: "2" })), []);
  assertEquals(offsets.of("C", "T", 0), 2);
  await rig.close();
  await using slave = await brokerRig({ role: "slave", fs: rig.fs });
  await slave.client().ask(pull({ commitOffset: "1", sysFlag: String(COMMIT | OWN) }));
  assertEquals(slave.parts.offsets.of("C", "T", 0), 2);
});

for (
  const { expression, found } of [
    { expression: undefined, found: ["a", "b", "c", "d"] },
    { expression: "*", found: ["a", "b", "c", "d"] },
    { expression: "x", found: ["a", "c"] },
    { expression: " x || y ", found: ["a", "b", "c"] },
    { expression: "y||", found: ["b"] },
  ]
) {
  test(`a pull of tags "${expression}" gives ${found}`, async () => {
    await using rig = await withMessages(["a:x", "b:y", "c:x", "d"]);
    const request = pull(expression === undefined ? {} : { subscription: expression });
    if (expression === undefined) delete request.ext!.subscription;
    const answer = await rig.client().ask(request);
    assertEquals([textsIn(answer), progress(answer)[0]], [found, 4]);
  });
}

test("a pull without an expression of its own filters as the group's heartbeat said", async () => {
  await using rig = await withMessages(["a:x", "b:y", "c:x"]);
  const client = rig.client();
  const subscription = { subString: "y", tagsSet: ["y"], codeSet: [121] };
  await beat(client, subscription);
  const answer = await client.ask(pull({ sysFlag: "0", subVersion: "5" }));
  assertEquals([textsIn(answer), progress(answer)[0]], [["b"], 3]);
});

test("the first match is given whatever its size", async () => {
  const flags = {
    maxTransferBytesOnMessageInMemory: "1000",
    maxTransferBytesOnMessageInDisk: "1000",
  };
  await using rig = await brokerRig({ flags });
  await put(rig, "small:y", "x".repeat(5000) + ":x", "after:x");
  const answer = await rig.client().ask(pull({ subscription: "x" }));
  assertEquals([answer.code, decodeRecords(answer.body).length, progress(answer)[0]], [0, 1, 2]);
  const next = await rig.client().ask(pull({ subscription: "x", queueOffset: "2" }));
  assertEquals(textsIn(next), ["after"]);
});

for (
  const { name, fields, flags, totalBytes, count } of [
    { name: "as many as asked for", fields: { maxMsgNums: "3" }, count: 3 },
    { name: "32 at most", fields: { maxMsgNums: "1000" }, count: 32 },
    { name: "one when none is asked for", fields: { maxMsgNums: "0" }, count: 1 },
    { name: "one when fewer than none are asked for", fields: { maxMsgNums: "-5" }, count: 1 },
    {
      name: "as many as fit the bytes",
      flags: { maxTransferBytesOnMessageInMemory: "1000" },
      count: 1000 / 200,
    },
    {
      name: "8 when they are on disk",
      flags: { accessMessageInMemoryMaxRatio: "1" },
      totalBytes: 100,
      count: 8,
    },
    {
      name: "as many as fit the bytes of a read from disk",
      flags: { accessMessageInMemoryMaxRatio: "1", maxTransferBytesOnMessageInDisk: "800" },
      totalBytes: 100,
      count: 4,
    },
  ] as {
    name: string;
    fields?: ExtFields;
    flags?: Record<string, string>;
    totalBytes?: number;
    count: number;
  }[]
) {
  test(`a pull gives ${name}`, async () => {
    const recordBytes = 200;
    await using rig = await brokerRig({ flags, totalBytes });
    const empty = 91 + 1 + "CLUSTER\x01DefaultCluster".length;
    await put(rig, ...Array.from({ length: 40 }, () => "x".repeat(recordBytes - empty)));
    assertEquals(rig.store.log.tail, 40 * recordBytes);
    const answer = await rig.client().ask(pull(fields));
    assertEquals([answer.code, decodeRecords(answer.body).length], [0, count]);
    assertEquals(progress(answer)[0], count);
  });
}

test("limits above what a frame holds are cut to it", async () => {
  const flags = {
    maxTransferBytesOnMessageInMemory: String(64 * 1024 * 1024),
    maxTransferCountOnMessageInMemory: "1000",
    mappedFileSizeCommitLog: String(64 * 1024 * 1024),
  };
  await using rig = await brokerRig({ flags });
  const client = rig.client();
  const text = "x".repeat(3 * 1024 * 1024);
  for (let i = 0; i < 7; i++) await client.ask(send({}, text));
  const answer = await client.ask(pull());
  assertEquals([answer.code, decodeRecords(answer.body).length], [0, 5]);
});

for (
  const { name, flags, totalBytes, suggested } of [
    { name: "reads from memory", totalBytes: 2 ** 40, suggested: [6, 6] },
    { name: "reads from disk", totalBytes: 100, suggested: [9, 6] },
    {
      name: "reads from disk, and slaves may not be read",
      flags: { slaveReadEnable: "false" },
      totalBytes: 100,
      suggested: [0, 0],
    },
  ] as { name: string; flags?: Record<string, string>; totalBytes: number; suggested: number[] }[]
) {
  test(`a reader that ${name} is told to go on at broker ${suggested[0]}`, async () => {
    await using rig = await withMessages(["a", "b"], { flags, totalBytes });
    const group = { ...plainGroup("C"), brokerId: 6, whichBrokerWhenConsumeSlowly: 9 };
    rig.parts.groups.update(group);
    const [found, end] = await rig.client().askAll(pull(), pull({ queueOffset: "2" }));
    assertEquals([found, end].map((answer) => progress(answer)[3]), suggested);
  });
}

const HELD = { queueOffset: "1", sysFlag: String(PARK | OWN), suspendTimeoutMillis: "15000" };

test("a parked pull is answered when its message comes, without waiting", async () => {
  await using rig = await withMessages(["a"]);
  const [client, other] = [rig.client(), rig.client("10.0.0.2")];
  assertEquals(
    await client.askAll(pull(HELD), pull({ ...HELD, queueId: "1", queueOffset: "0" })),
    [],
  );
  assertEquals(rig.pulls.parked, 2);
  await other.ask(send({ topic: "T", queueId: "0" }, "new"));
  const [answer, ...rest] = client.far.commands();
  assertEquals([answer.code, textsIn(answer), answer.opaque, rest.length], [0, ["new"], 1, 0]);
  assertEquals(rig.pulls.parked, 1);
});

test("all pulls parked at a queue are answered by one message", async () => {
  await using rig = await withMessages(["a"]);
  const clients = Array.from({ length: 3 }, (_, i) => rig.client(`10.0.1.${i + 1}`));
  for (const client of clients) await client.askAll(pull(HELD), pull(HELD));
  await put(rig, "new");
  for (const client of clients) {
    assertEquals(client.far.commands().map(textsIn), [["new"], ["new"]]);
    assertEquals(client.far.writes.length, 1);
  }
});

test("a parked pull is answered 19 when its time is up, at most half a second late", async () => {
  await using rig = await withMessages(["a"]);
  const client = rig.client();
  await client.askAll(pull({ ...HELD, suspendTimeoutMillis: "3000" }));
  await rig.clock.advance(2999);
  assertEquals(client.far.commands(), []);
  await rig.clock.advance(501);
  const [answer] = client.far.commands();
  assertEquals([answer.code, progress(answer), rig.pulls.parked], [19, [1, 0, 1, 0], 0]);
});

test("without long polling a pull is parked for shortPollingTimeMills", async () => {
  const flags = { longPollingEnable: "false", shortPollingTimeMills: "700" };
  await using rig = await withMessages(["a"], { flags });
  const client = rig.client();
  await client.askAll(pull(HELD));
  await rig.clock.advance(699);
  assertEquals(client.far.commands(), []);
  await rig.clock.advance(501);
  assertEquals(client.far.commands().map(({ code }) => code), [19]);
});

test("a pull with no time to wait is answered at once", async () => {
  await using rig = await withMessages(["a"]);
  const answer = await rig.client().ask(pull({ ...HELD, suspendTimeoutMillis: "0" }));
  assertEquals(answer.code, 19);
});

test("a parked pull sleeps on through messages it does not want, and skips them afterwards", async () => {
  await using rig = await withMessages(["a:x"]);
  const client = rig.client();
  await client.askAll(pull({ ...HELD, subscription: "x", suspendTimeoutMillis: "9000" }));
  await put(rig, "b:y", "c:y");
  assertEquals([client.far.commands().length, rig.pulls.parked], [0, 1]);
  await put(rig, "d:x");
  const [answer] = client.far.commands();
  assertEquals([textsIn(answer), progress(answer)], [["d"], [4, 0, 4, 0]]);

  await client.askAll(pull({ ...HELD, queueOffset: "4", subscription: "x" }));
  await put(rig, "e:y");
  await rig.clock.advance(15_500);
  const [late] = client.far.commands();
  assertEquals([late.code, progress(late)], [19, [5, 0, 5, 0]]);
});

test("a parked pull with more to look at than one read does goes back to its client", async () => {
  await using rig = await withMessages(["a:x"]);
  const client = rig.client();
  await client.askAll(pull({ ...HELD, subscription: "x" }));
  await put(rig, ...Array.from({ length: 900 }, () => "b:y"));
  const [answer] = client.far.commands();
  assertEquals([answer.code, progress(answer)], [20, [801, 0, 901, 0]]);
});

test("a parked pull whose topic or right to read is gone hears so", async () => {
  await using rig = await withMessages(["a"]);
  const client = rig.client();
  await client.askAll(pull(HELD));
  rig.parts.groups.update({ ...plainGroup("C"), consumeEnable: false });
  await put(rig, "b");
  assertEquals(client.far.commands().map(({ code }) => code), [16]);
});

test("a parked pull of a closed connection is dropped, and nobody else waits for it", async () => {
  await using rig = await withMessages(["a"]);
  const [gone, stays] = [rig.client(), rig.client("10.0.0.2")];
  await gone.askAll(pull(HELD), pull({ ...HELD, queueId: "1", queueOffset: "0" }));
  await stays.askAll(pull(HELD));
  gone.far.break();
  await rig.clock.advance(500);
  assertEquals(rig.pulls.parked, 1);
  await put(rig, "new");
  assertEquals([gone.far.writes.length, stays.far.commands().map(textsIn)], [0, [["new"]]]);
  assertEquals(rig.log.lines, []);
});

test("a one-way pull is never answered, parked or not", async () => {
  await using rig = await withMessages(["a"]);
  const client = rig.client();
  const oneway = (fields: ExtFields) => ({ ...pull(fields), oneway: true });
  await client.askAll(oneway({}), oneway(HELD), oneway({ topic: "U" }));
  await put(rig, "new");
  await rig.clock.advance(20_000);
  assertEquals(client.far.writes.length, 0);
});

test("a read that fails half way is answered 1, and the connection stays whole", async () => {
  await using rig = await withMessages(["a", "b"]);
  const client = rig.client();
  const { log } = rig.store;
  const readAt = log.readAt.bind(log);
  let reads = 0;
  log.readAt = (at, into) => {
    if (++reads === 2) throw new FsError("other", "I/O error");
    return readAt(at, into);
  };
  const answers = await client.askAll(pull(), pull());
  assertEquals(answers.map(({ code, opaque }) => [opaque, code]), [[1, 1], [2, 0]]);
  assertEquals(textsIn(answers[1]), ["a", "b"]);
});

test("a record that is not there in full is no part of an answer", async () => {
  await using rig = await withMessages(["a", "b"]);
  const { log } = rig.store;
  const readAt = log.readAt.bind(log);
  log.readAt = (at, into) => at === 0 ? readAt(at, into) : readAt(at, into.subarray(0, 50));
  const client = rig.client();
  const [broken, fine] = await client.askAll(pull(), pull({ maxMsgNums: "1" }));
  assertEquals([broken.code, fine.code, textsIn(fine)], [1, 0, ["a"]]);
});

test("a parked pull that fails when it is woken hurts no other, and not the store", async () => {
  await using rig = await withMessages(["a"]);
  const [first, second] = [rig.client(), rig.client("10.0.0.2")];
  await first.askAll(pull(HELD));
  await second.askAll(pull(HELD));
  const { log } = rig.store;
  const readAt = log.readAt.bind(log);
  let fails = true;
  log.readAt = (at, into) => {
    const part = readAt(at, into);
    const isAnswer = into.length < 1000;
    if (isAnswer && fails) {
      fails = false;
      throw new FsError("other", "I/O error");
    }
    return part;
  };
  await put(rig, "new");
  assertEquals(first.far.commands().map(({ code }) => code), [1]);
  assertEquals(second.far.commands().map(textsIn), [["new"]]);
  assertEquals([rig.store.dispatch.failure, rig.store.dispatch.position], [undefined, log.tail]);
});

test("pulls are counted: those that found, those that did not, and messages", async () => {
  await using rig = await withMessages(["a", "b"]);
  await rig.client().askAll(pull(), pull({ queueOffset: "1" }), pull({ queueOffset: "2" }));
  const { found, missed, got } = rig.parts.stats;
  assertEquals([found.total, missed.total, got.total], [2, 1, 3]);
});

test("a pull that asks from far outside any file is corrected", async () => {
  await using rig = await withMessages(["a"]);
  const answer = await rig.client().ask(pull({ queueOffset: "9223372036854775807" }));
  assertEquals([answer.code, progress(answer)], [21, [1, 0, 1, 0]]);
});
