import { assert, assertEquals } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import { plainTopic } from "../../../src/broker/topic_rules.ts";
import type { ExtFields } from "../../../src/wire/command.ts";
import { parseProperties } from "../../../src/wire/properties.ts";
import { test } from "../../harness.ts";
import { batch, brokerRig, lettersOf, props, send, sendFields } from "../../support/broker_rig.ts";
import { messagesOf, textsOf } from "../../support/store.ts";

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

test("a queue below 0 leaves the choice among the write queues to the broker", async () => {
  const asked: number[] = [];
  await using rig = await brokerRig({ sends: { pick: (n) => (asked.push(n), 2) } });
  const topic = { ...plainTopic("W", 8), writeQueueNums: 3 };
  rig.parts.topics.update(topic);
  const answer = await rig.client().ask(send({ topic: "W", queueId: "-1" }));
  assertEquals([answer.code, answer.ext.queueId, asked], [0, "2", [3]]);
  assertEquals(textsOf(rig.store, "W", 2), ["hello"]);
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
