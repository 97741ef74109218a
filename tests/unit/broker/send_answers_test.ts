import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FsError } from "../../../src/ports/fs.ts";
import { test } from "../../harness.ts";
import { batch, type BrokerRig, brokerRig, props, send } from "../../support/broker_rig.ts";
import { settled } from "../../support/clock.ts";
import { textsOf } from "../../support/store.ts";

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
  const [late] = await client.askAll(send()); // nobody waits for a disk that said it failed
  assertEquals([late.code, late.ext.queueOffset], [10, "1"]);
  const after = await client.ask(send());
  assertEquals(after.code, 14);
  assertStringIncludes(after.remark!, "I/O error");
  assertEquals(textsOf(rig.store, "T", 0).length, 2);
});

test("SYNC_FLUSH on a slow disk answers 10 when time is up, and 0 again when the disk keeps up", async () => {
  const flags = { flushDiskType: "SYNC_FLUSH", syncFlushTimeout: "800" };
  await using rig = await brokerRig({ flags });
  const client = rig.client();
  await client.ask(send());
  const slow = Promise.withResolvers<void>();
  rig.fs.slowness = () => slow.promise;
  const places = async (...sends: Parameters<typeof client.askAll>) =>
    (await client.askAll(...sends)).map(({ code, ext }) => [code, ext.queueOffset]);
  assertEquals(await places(send({}, "a"), send({}, "b")), []);
  await rig.clock.advance(799);
  assertEquals(await places(send({}, "c")), []);
  await rig.clock.advance(1);
  assertEquals(await places(), [[10, "1"], [10, "2"]]);
  rig.fs.slowness = undefined;
  slow.resolve();
  assertEquals(await places(), [[0, "3"]]);
  assertEquals((await client.ask(send({}, "d"))).code, 0);
  assertEquals(textsOf(rig.store, "T", 0).slice(1), ["a", "b", "c", "d"]);
  assertEquals(rig.log.lines, []);
});

test("with 100,000 messages waiting new ones are answered 2", async () => {
  const state = { waiting: 99_998 };
  await using rig = await brokerRig();
  const { confirmations } = rig.parts;
  Object.defineProperty(confirmations, "waiting", { get: () => state.waiting });
  confirmations.add = () => {};
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
