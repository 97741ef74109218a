import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import type { Confirmations } from "../../../src/broker/confirm.ts";
import { plainTopic } from "../../../src/broker/topic_rules.ts";
import { FsError } from "../../../src/ports/fs.ts";
import { encodeBatch } from "../../../src/wire/batch.ts";
import type { ExtFields } from "../../../src/wire/command.ts";
import { parseProperties } from "../../../src/wire/properties.ts";
import { test } from "../../harness.ts";
import {
  type BrokerRig,
  brokerRig,
  lettersOf,
  send,
  sendFields,
} from "../../support/broker_rig.ts";
import type { CommandFields } from "../../support/far_end.ts";
import { settled } from "../../support/clock.ts";
import { messagesOf, textsOf } from "../../support/store.ts";

/** Properties as a producer writes them. */
function props(...pairs: [string, string][]): string {
  return pairs.map(([name, value]) => `${name}\x01${value}`).join("\x02");
}

function batch(
  entries: [text: string, properties: string][],
  fields: ExtFields = {},
): CommandFields {
  const body = encodeBatch(
    entries.map(([text, properties]) => ({ flag: 3, body: utf8(text), properties })),
  );
  return { code: 320, ext: lettersOf(sendFields({ batch: "true", ...fields })), body };
}

const FORMS = [
  { name: "10", code: 10, ext: (ext: ExtFields) => ext },
  { name: "310", code: 310, ext: lettersOf },
];

for (const { name, code, ext } of FORMS) {
  for (const form of ["json", "binary"] as const) {
    test(`send ${name} in ${form} form stores what was sent`, async () => {
      await using rig = await brokerRig();
      const fields = sendFields({
        queueId: "2",
        sysFlag: "1",
        flag: "-7",
        reconsumeTimes: "3",
        properties: props(["TAGS", "a"]),
      });
      const answer = await rig.client().ask({ code, form, ext: ext(fields), body: utf8("hi") });
      assertEquals([answer.code, answer.form, answer.remark], [0, form, undefined]);
      assertEquals({ ...answer.ext }, {
        MSG_REGION: "DefaultRegion",
        TRACE_ON: "true",
        msgId: "0A00000900002A9F0000000000000000",
        queueId: "2",
        queueOffset: "0",
      });
      const [stored] = messagesOf(rig.store, "T", 2);
      assertEquals(new TextDecoder().decode(stored.body), "hi");
      const { topic, queueId, sysFlag, flag, bornTimestamp, reconsumeTimes, bornHost } = stored;
      assertEquals(
        { topic, queueId, sysFlag, flag, bornTimestamp, reconsumeTimes, bornHost },
        {
          topic: "T",
          queueId: 2,
          sysFlag: 1,
          flag: -7,
          bornTimestamp: 1700000000123,
          reconsumeTimes: 3,
          bornHost: { host: "10.0.0.1", port: 4711 },
        },
      );
      assertEquals(stored.storeHost, { host: "10.0.0.9", port: 10911 });
      assertEquals(stored.storeTimestamp, rig.clock.now());
      assertEquals(
        [...parseProperties(stored.properties)],
        [["TAGS", "a"], ["CLUSTER", "DefaultCluster"]],
      );
    });
  }
}

test("sends of one read are numbered in order, written at once and answered in one write", async () => {
  await using rig = await brokerRig();
  const client = rig.client();
  await client.ask(send());
  const [writes, answersBefore] = [rig.fs.counts.write, client.far.writes.length];
  const texts = ["a", "b", "c", "d"];
  const answers = await client.askAll(...texts.map((text) => send({}, text)));
  assertEquals(answers.map(({ ext }) => ext.queueOffset), ["1", "2", "3", "4"]);
  assertEquals(textsOf(rig.store, "T", 0), ["hello", ...texts]);
  assertEquals(client.far.writes.length, answersBefore + 1);
  assertEquals(rig.fs.counts.write, writes + 1);
  const ids = answers.map(({ ext }) => parseInt(ext.msgId.slice(16), 16));
  assertEquals(ids, messagesOf(rig.store, "T", 0).slice(1).map(({ logOffset }) => logOffset));
});

test("sends of all connections that are readable now share one write of the log", async () => {
  await using rig = await brokerRig();
  const clients = [1, 2, 3].map((n) => rig.client(`10.0.0.${n}`));
  await clients[0].ask(send());
  const writes = rig.fs.counts.write;
  const answers = await Promise.all(clients.map((client) => client.ask(send())));
  assertEquals(answers.map(({ ext }) => ext.queueOffset).sort(), ["1", "2", "3"]);
  assertEquals(rig.fs.counts.write, writes + 1);
});

test("more than 4 MiB staged are written without waiting for the rest of the turn", async () => {
  await using rig = await brokerRig({ flags: { mappedFileSizeCommitLog: "67108864" } });
  const clients = [1, 2, 3].map((n) => rig.client(`10.0.0.${n}`));
  await clients[0].ask(send());
  let most = 0;
  const staged = () => most = Math.max(most, rig.store.log.stage.length);
  const text = "x".repeat(3 * 1024 * 1024);
  const append = rig.store.append.bind(rig.store);
  rig.store.append = (message) => {
    const appended = append(message);
    staged();
    return appended;
  };
  const answers = await Promise.all(clients.map((client) => client.ask(send({}, text))));
  assertEquals(answers.map(({ code }) => code), [0, 0, 0]);
  assert(most < 8 * 1024 * 1024, `${most} bytes were staged at a time`);
});

test("a batch is stored message by message and answered once, with all ids", async () => {
  await using rig = await brokerRig();
  const client = rig.client();
  const answer = await client.ask(batch(
    [["one", props(["TAGS", "x"], ["UNIQ_KEY", "1"])], ["two", ""], [
      "three",
      props(["KEYS", "k"]),
    ]],
    { queueId: "1", properties: props(["WAIT", "true"]) },
  ));
  assertEquals([answer.code, answer.ext.queueId, answer.ext.queueOffset], [0, "1", "0"]);
  const stored = messagesOf(rig.store, "T", 1);
  assertEquals(textsOf(rig.store, "T", 1), ["one", "two", "three"]);
  assertEquals(
    answer.ext.msgId.split(",").map((id) => parseInt(id.slice(16), 16)),
    stored.map(({ logOffset }) => logOffset),
  );
  assertEquals(stored.map(({ flag }) => flag), [3, 3, 3]);
  assertEquals(stored.map(({ properties }) => Object.fromEntries(parseProperties(properties))), [
    { TAGS: "x", UNIQ_KEY: "1", WAIT: "true", CLUSTER: "DefaultCluster" },
    { WAIT: "true", CLUSTER: "DefaultCluster" },
    { KEYS: "k", WAIT: "true", CLUSTER: "DefaultCluster" },
  ]);
  assertEquals((await client.ask(send({ queueId: "1" }))).ext.queueOffset, "3");
  assertEquals(rig.parts.stats.put.total, 4);
});

test("the batch flag says what is a batch, not the code", async () => {
  await using rig = await brokerRig();
  const client = rig.client();
  await client.ask({ ...batch([["one", ""], ["two", ""]]), code: 310 });
  await client.ask({ code: 320, ext: lettersOf(sendFields()), body: utf8("three") });
  assertEquals(textsOf(rig.store, "T", 0), ["one", "two", "three"]);
});

for (
  const { name, body, code, says } of [
    { name: "without a message", body: new Uint8Array(0), code: 1, says: "at least one message" },
    {
      name: "cut short",
      body: encodeBatch([{ flag: 0, body: utf8("one"), properties: "" }]).slice(0, -1),
      code: 1,
      says: '"body"',
    },
    { name: "of garbage", body: new Uint8Array(64).fill(0xff), code: 1, says: '"body"' },
  ]
) {
  test(`a batch ${name} is answered ${code} and leaves nothing`, async () => {
    await using rig = await brokerRig();
    const client = rig.client();
    const [refused, good] = await client.askAll({ ...batch([]), body }, send());
    const [bad, fine] = refused.code === 0 ? [good, refused] : [refused, good];
    assertEquals(bad.code, code);
    assertStringIncludes(bad.remark!, says);
    assertEquals([fine.code, fine.ext.queueOffset], [0, "0"]);
    assertEquals(textsOf(rig.store, "T", 0), ["hello"]);
  });
}

test("a batch with one message too large leaves nothing of the others", async () => {
  await using rig = await brokerRig();
  const tooLong = props(["KEYS", "x".repeat(32_750)]); // until CLUSTER joins it;
  const client = rig.client();
  const answer = await client.ask(batch([["one", ""], ["two", tooLong], ["three", ""]]));
  assertEquals(answer.code, 13);
  assertEquals((await client.ask(send())).ext.queueOffset, "0");
  assertEquals(textsOf(rig.store, "T", 0), ["hello"]);
});

test("a queue below 0 leaves the choice among the write queues to the broker", async () => {
  const asked: number[] = [];
  await using rig = await brokerRig({ sends: { pick: (n) => (asked.push(n), 2) } });
  const topic = { ...plainTopic("W", 8), writeQueueNums: 3 };
  rig.parts.topics.update(topic);
  const answer = await rig.client().ask(send({ topic: "W", queueId: "-1" }));
  assertEquals([answer.code, answer.ext.queueId, asked], [0, "2", [3]]);
  assertEquals(textsOf(rig.store, "W", 2), ["hello"]);
});

/** Sends that are refused: nothing of them is stored, and the connection goes on. */
const REFUSED: {
  name: string;
  request: CommandFields;
  code: number;
  says: string;
  flags?: Record<string, string>;
  role?: "master" | "slave";
  before?: (rig: BrokerRig) => void;
}[] = [
  {
    name: "a body that is too large",
    flags: { maxMessageSize: "1000" },
    request: send({}, "x".repeat(1001)),
    code: 13,
    says: "1000",
  },
  {
    name: "a batch that is too large",
    flags: { maxMessageSize: "1000" },
    request: batch([["x".repeat(600), ""], ["x".repeat(600), ""]]),
    code: 13,
    says: "1000",
  },
  {
    name: "properties that are too large",
    request: send({ properties: props(["KEYS", "x".repeat(32_768)]) }),
    code: 13,
    says: "properties",
  },
  {
    name: "properties that CLUSTER makes too large",
    request: send({ properties: props(["KEYS", "x".repeat(32_767 - 5)]) }),
    code: 13,
    says: "properties",
  },
  {
    name: "a record larger than a log file",
    request: send({}, "x".repeat(1_048_576)),
    code: 13,
    says: "log file",
  },
  { name: "a send to a slave", role: "slave", request: send(), code: 14, says: "slave" },
  {
    name: "a batch to a slave",
    role: "slave",
    request: batch([["a", ""]]),
    code: 14,
    says: "slave",
  },
  {
    name: "an unknown topic without a template",
    request: send({ defaultTopic: "NoSuchTopic" }),
    code: 17,
    says: '"T"',
  },
  {
    name: "an unknown topic where none are created",
    flags: { autoCreateTopicEnable: "false" },
    request: send(),
    code: 17,
    says: '"T"',
  },
  ...["a b", "x".repeat(128), "a@b", "a/../b", " "].map((topic) => ({
    name: `the name "${topic.slice(0, 10)}" for a topic`,
    request: send({ topic }),
    code: 1,
    says: topic,
  })),
  ...["SCHEDULE_TOPIC_XXXX", "OFFSET_MOVED_EVENT", "SELF_TEST_TOPIC"].map((topic) => ({
    name: `the broker's own topic ${topic}`,
    request: send({ topic }),
    code: 16,
    says: topic,
  })),
  { name: "a queue beyond the last", request: send({ queueId: "4" }), code: 1, says: "4 queues" },
  {
    name: "a topic without a queue to write to",
    request: send({ topic: "R", queueId: "-1" }),
    before: ({ parts }) => parts.topics.update({ ...plainTopic("R", 4), writeQueueNums: 0 }),
    code: 1,
    says: '"R"',
  },
  {
    name: "a delay, which is not there yet",
    request: send({ properties: props(["DELAY", "3"]) }),
    code: 13,
    says: "delay",
  },
  {
    name: "a delayed batch",
    request: batch([["a", ""]], { properties: props(["DELAY", "3"]) }),
    code: 13,
    says: "delay",
  },
  {
    name: "a transaction, which is not there yet",
    request: send({ properties: props(["TRAN_MSG", "true"]), sysFlag: "4" }),
    code: 16,
    says: "transaction",
  },
  {
    name: "a message that says it is prepared",
    request: send({ sysFlag: "4" }),
    code: 16,
    says: "transaction",
  },
  {
    name: "a missing field",
    request: { code: 10, ext: { ...sendFields(), topic: "" } },
    code: 1,
    says: '"topic"',
  },
  {
    name: "a queue that is no number, by its letter",
    request: { code: 310, ext: lettersOf(sendFields({ queueId: "x" })) },
    code: 1,
    says: '"queueId" is "x"',
  },
];

for (const { name, request, code, says, flags, role, before } of REFUSED) {
  test(`${name} is answered ${code}, and nothing is stored`, async () => {
    await using rig = await brokerRig({ flags, role });
    before?.(rig);
    const { tail } = rig.store.log;
    const client = rig.client();
    const answer = await client.ask(request);
    assertEquals(answer.code, code);
    assertStringIncludes(answer.remark!, says);
    assertEquals([rig.store.log.tail, rig.parts.stats.put.total], [tail, 0]);
    if (role === "slave") return;
    assertEquals((await client.ask(send({ topic: "BenchmarkTest" }))).code, 0);
    assertEquals(rig.log.lines, []);
  });
}

test("a topic is made after its template by the first send, with the queues it asks for", async () => {
  await using rig = await brokerRig();
  const client = rig.client();
  for (const [topic, wanted, queues] of [["Few", "2", 2], ["Many", "100", 8]] as const) {
    const answer = await client.ask(send({ topic, defaultTopicQueueNums: wanted }));
    assertEquals(answer.code, 0);
    const made = rig.parts.topics.get(topic)!;
    assertEquals([made.readQueueNums, made.writeQueueNums, made.perm], [queues, queues, 6]);
  }
});

test("WAIT is obeyed, not stored", async () => {
  await using rig = await brokerRig({ flags: { brokerRole: "SYNC_MASTER" } });
  const client = rig.client();
  const texts = [
    props(["WAIT", "false"], ["TAGS", "a"]),
    props(["TAGS", "a"], ["WAIT", "true"]),
    props(["KEYS", "1"], ["WAIT", "false"], ["TAGS", "a"]),
    props(["WAIT", "false"]),
    props(["AWAIT", "false"]),
  ];
  const codes: number[] = [];
  for (const properties of texts) codes.push((await client.ask(send({ properties }))).code);
  assertEquals(codes, [0, 11, 0, 0, 11], "there is no slave");
  const stored = messagesOf(rig.store, "T", 0);
  assertEquals(stored.map(({ properties }) => Object.fromEntries(parseProperties(properties))), [
    { TAGS: "a", CLUSTER: "DefaultCluster" },
    { TAGS: "a", CLUSTER: "DefaultCluster" },
    { KEYS: "1", TAGS: "a", CLUSTER: "DefaultCluster" },
    { CLUSTER: "DefaultCluster" },
    { AWAIT: "false", CLUSTER: "DefaultCluster" },
  ]);
});

test("a batch obeys the WAIT of the whole", async () => {
  await using rig = await brokerRig({ flags: { brokerRole: "SYNC_MASTER" } });
  const client = rig.client();
  const waits = await client.ask(batch([["a", ""]]));
  const not = await client.ask(batch([["b", ""]], { properties: props(["WAIT", "false"]) }));
  assertEquals([waits.code, not.code], [11, 0]);
});

for (
  const { host, stored, bits } of [
    { host: "192.0.2.7", stored: "192.0.2.7", bits: 0 },
    { host: "2001:db8::7", stored: "2001:db8::7", bits: 16 },
    { host: "::ffff:192.0.2.7", stored: "192.0.2.7", bits: 0 },
    { host: "fe80::1%eth0", stored: "fe80::1", bits: 16 },
  ]
) {
  test(`a message from ${host} keeps where it was born`, async () => {
    await using rig = await brokerRig();
    const answer = await rig.client(host, 50_001).ask(send({ sysFlag: "49" }));
    assertEquals(answer.code, 0);
    const [message] = messagesOf(rig.store, "T", 0);
    assertEquals(message.bornHost, { host: stored, port: 50_001 });
    assertEquals(message.sysFlag, 1 | bits, "the broker says which hosts are IPv6, not the sender");
  });
}

test("a broker known by an IPv6 address says so in records and ids", async () => {
  await using rig = await brokerRig({
    sends: { storeHost: { host: "2001:db8::9", port: 10911 } },
  });
  const answer = await rig.client().ask(send());
  assertEquals(answer.ext.msgId, "20010DB800000000000000000000000900002A9F0000000000000000");
  const [{ storeHost, sysFlag }] = messagesOf(rig.store, "T", 0);
  assertEquals([storeHost, sysFlag], [{ host: "2001:db8::9", port: 10911 }, 32]);
});

test("messages of a topic with many tags say so", async () => {
  await using rig = await brokerRig();
  rig.parts.topics.update({ ...plainTopic("M", 1), topicFilterType: "MULTI_TAG" });
  await rig.client().ask(send({ topic: "M", sysFlag: "1" }));
  assertEquals(messagesOf(rig.store, "M", 0)[0].sysFlag, 3);
});

test("one-way sends are stored and never answered, refused ones neither", async () => {
  await using rig = await brokerRig();
  const client = rig.client();
  const answers = await client.askAll(
    { ...send({}, "one"), oneway: true },
    { ...send({ queueId: "99" }), oneway: true },
    { ...batch([["two", ""], ["three", ""]]), oneway: true },
    { ...send({ queueId: "x" }), oneway: true },
  );
  assertEquals([answers, client.far.writes.length], [[], 0]);
  assertEquals(textsOf(rig.store, "T", 0), ["one", "two", "three"]);
});

for (
  const { name, fails } of [
    { name: "is full", fails: (rig: BrokerRig) => void (rig.fs.freeBytes = 10) },
    {
      name: "fails",
      fails: (rig: BrokerRig) => {
        rig.fs.fault = (operation) =>
          operation === "write"
            ? { error: new FsError("full", "disk is full"), keep: 7 }
            : undefined;
      },
    },
  ]
) {
  test(`when the disk ${name} all sends of the turn are answered 14, and later ones work`, async () => {
    await using rig = await brokerRig();
    const [client, other] = [rig.client(), rig.client("10.0.0.2")];
    assertEquals((await client.ask(send({}, "before"))).code, 0);
    const { tail } = rig.store.log;
    fails(rig);
    const asked = [
      client.askAll(
        send({}, "a"),
        send({ properties: props(["WAIT", "false"]) }),
        send({}, "b"),
        batch([["c", ""]]),
      ),
      other.ask(send()),
    ];
    const answers = (await Promise.all(asked)).flat();
    assertEquals(answers.map(({ code }) => code), [14, 14, 14, 14, 14]);
    for (const { remark } of answers) assertStringIncludes(remark!, "disk is full");
    assertEquals([rig.store.log.tail, textsOf(rig.store, "T", 0)], [tail, ["before"]]);
    rig.fs.fault = undefined;
    rig.fs.freeBytes = Infinity;
    const after = await client.ask(send({}, "after"));
    assertEquals([after.code, after.ext.queueOffset], [0, "1"]);
    assertEquals(textsOf(rig.store, "T", 0), ["before", "after"]);
    assertEquals(rig.parts.stats.put.total, 2);
  });
}

test("a SYNC_MASTER answers 0 when a slave has the message, and not before", async () => {
  await using rig = await brokerRig({ flags: { brokerRole: "SYNC_MASTER" } });
  const { acks } = rig.parts;
  const slave = acks.follower("10.0.0.3", 0);
  const client = rig.client();
  assertEquals(await client.askAll(send({}, "a"), send({}, "b")), []);
  assertEquals(rig.parts.confirmations.waiting, 2);
  const { tail } = rig.store.log;
  slave.send(tail);
  slave.confirm(tail - 1);
  await rig.clock.settle();
  assertEquals(client.far.commands(), []);
  slave.confirm(tail);
  await rig.clock.settle();
  const answers = client.far.commands();
  assertEquals(answers.map(({ code, ext }) => [code, ext.queueOffset]), [[0, "0"], [0, "1"]]);
  assertEquals([client.far.writes.length, rig.parts.confirmations.waiting], [1, 0]);
});

test("a batch waits for a slave that has its last message", async () => {
  await using rig = await brokerRig({ flags: { brokerRole: "SYNC_MASTER" } });
  const slave = rig.parts.acks.follower("10.0.0.3", 0);
  const client = rig.client();
  assertEquals(await client.askAll(batch([["a", ""], ["b", ""]])), []);
  const { tail } = rig.store.log;
  slave.send(tail);
  slave.confirm(tail - 1); // the first message is there
  await rig.clock.settle();
  assertEquals(client.far.commands(), []);
  slave.confirm(tail);
  await rig.clock.settle();
  assertEquals(client.far.commands().map(({ code }) => code), [0]);
});

test("a queue that may be read takes messages, as Java's do while queues are taken away", async () => {
  await using rig = await brokerRig();
  rig.parts.topics.update({ ...plainTopic("W", 8), writeQueueNums: 3 });
  const answers = await rig.client().askAll(
    send({ topic: "W", queueId: "7" }),
    send({ topic: "W", queueId: "8" }),
  );
  assertEquals(answers.map(({ code }) => code).sort(), [0, 1]);
});

test("a SYNC_MASTER answers 12, with all fields, when no slave confirms in time", async () => {
  const flags = { brokerRole: "SYNC_MASTER", slaveTimeout: "700" };
  await using rig = await brokerRig({ flags });
  rig.parts.acks.follower("10.0.0.3", 0);
  const client = rig.client();
  assertEquals(await client.askAll(send()), []);
  await rig.clock.advance(699);
  assertEquals(client.far.commands(), []);
  await rig.clock.advance(1);
  const [answer] = client.far.commands();
  assertEquals([answer.code, answer.ext.queueOffset, answer.ext.queueId], [12, "0", "0"]);
  assertEquals(answer.ext.msgId.length, 32);
  assertEquals(textsOf(rig.store, "T", 0), ["hello"]);
});

test("a SYNC_MASTER without a slave, or with none near enough, answers 11 at once", async () => {
  const flags = { brokerRole: "SYNC_MASTER", haSlaveFallbehindMax: "100" };
  await using rig = await brokerRig({ flags });
  const client = rig.client();
  const alone = await client.ask(send());
  assertEquals([alone.code, alone.ext.queueOffset], [11, "0"]);
  rig.parts.acks.follower("10.0.0.3", 0); // it is far behind
  assertEquals((await client.ask(send())).code, 11);
  assertEquals(textsOf(rig.store, "T", 0).length, 2);
});

test("a send that waits for a slave is forgotten with its connection", async () => {
  await using rig = await brokerRig({ flags: { brokerRole: "SYNC_MASTER" } });
  const slave = rig.parts.acks.follower("10.0.0.3", 0);
  const client = rig.client();
  await client.askAll(send());
  client.far.break();
  await rig.clock.settle();
  slave.send(rig.store.log.tail);
  slave.confirm(rig.store.log.tail);
  await rig.clock.settle();
  assertEquals([client.far.writes.length, rig.log.lines], [0, []]);
});

test("SYNC_FLUSH answers when the disk has it", async () => {
  await using rig = await brokerRig({ flags: { flushDiskType: "SYNC_FLUSH" } });
  const client = rig.client();
  await client.ask(send());
  const syncs = rig.fs.counts.sync;
  const answers = await client.askAll(send(), send());
  assertEquals(answers.map(({ code }) => code), [0, 0]);
  assertEquals([rig.fs.counts.sync, rig.store.log.durable], [syncs + 1, rig.store.log.tail]);
  const unsafe = await client.ask(send({ properties: props(["WAIT", "false"]) }));
  assertEquals(unsafe.code, 0);
});

test("SYNC_FLUSH answers 10 when the disk does not take it, and 14 from then on", async () => {
  const flags = { flushDiskType: "SYNC_FLUSH", syncFlushTimeout: "800" };
  await using rig = await brokerRig({ flags });
  const client = rig.client();
  await client.ask(send());
  rig.fs.fault = (operation) =>
    operation === "sync" ? { error: new FsError("other", "I/O error") } : undefined;
  assertEquals(await client.askAll(send()), []);
  await rig.clock.advance(800);
  const [late] = client.far.commands();
  assertEquals([late.code, late.ext.queueOffset], [10, "1"]);
  const after = await client.ask(send());
  assertEquals(after.code, 14);
  assertStringIncludes(after.remark!, "I/O error");
  assertEquals(textsOf(rig.store, "T", 0).length, 2);
});

test("with 100,000 messages waiting new ones are answered 2", async () => {
  const state = { waiting: 99_998 };
  const confirmations = { ...state, add: () => {} } as unknown as Confirmations;
  Object.defineProperty(confirmations, "waiting", { get: () => state.waiting });
  await using rig = await brokerRig({ sends: { confirmations } });
  const client = rig.client();
  const refused = await client.askAll(send(), send(), send());
  assertEquals(refused.map(({ code }) => code), [2]);
  assert(refused[0].remark!.startsWith("["), "clients look for a tag in brackets");
  assertEquals(textsOf(rig.store, "T", 0).length, 2);
  state.waiting = 0;
  assertEquals(await client.askAll(send()), []);
  assertEquals(textsOf(rig.store, "T", 0).length, 3);
});

test("with fewer nodes than minInSyncReplicas nothing is stored, and the answer is 1", async () => {
  await using rig = await brokerRig({ sends: { tooFewReplicas: () => true } });
  const answer = await rig.client().ask(send());
  assertEquals([answer.code, rig.store.log.tail], [1, 0]);
  assertStringIncludes(answer.remark!, "minInSyncReplicas");
});

test("a store that is being closed is no success", async () => {
  await using rig = await brokerRig();
  const client = rig.client();
  await client.ask(send());
  client.far.send(send());
  await settled();
  assert(rig.store.log.stage.length > 0, "it was staged");
  rig.store.takeBack();
  await rig.clock.settle();
  const [answer] = client.far.commands();
  assertEquals(answer.code, 14);
  assertEquals(textsOf(rig.store, "T", 0).length, 1);
});
