import { assertEquals, assertStringIncludes } from "@std/assert";
import { utf8 } from "../../../../src/base/bytes.ts";
import type { Command, ExtFields } from "../../../../src/wire/command.ts";
import { formatHeartbeat } from "../../../../src/wire/heartbeat.ts";
import { parseProperties } from "../../../../src/wire/properties.ts";
import { parsePushedReply } from "../../../../src/wire/reply.ts";
import { test } from "../../../harness.ts";
import {
  type BrokerRig,
  brokerRig,
  lettersOf,
  props,
  type RigClient,
  sendFields,
} from "../../../support/broker_rig.ts";
import type { CommandFields } from "../../../support/far_end.ts";
import { messagesOf, textsOf } from "../../../support/store.ts";

const TOPIC = "DefaultCluster_REPLY_TOPIC";
const PROPERTIES = props(
  ["MSG_TYPE", "reply"],
  ["REPLY_TO_CLIENT", "asker@1"],
  ["CORRELATION_ID", "c1"],
  ["TTL", "3000"],
);

function reply(fields: ExtFields = {}, code: 324 | 325 = 325): CommandFields {
  const ext = sendFields({ topic: TOPIC, properties: PROPERTIES, ...fields });
  return { code, ext: code === 325 ? lettersOf(ext) : ext, body: utf8("pong") };
}

/** A client that asked, known to the broker by its heartbeat. */
async function askerOf(rig: BrokerRig): Promise<RigClient> {
  const asker = rig.client("10.0.0.7", 5000);
  const beat = formatHeartbeat({ clientId: "asker@1", producerGroups: ["P"], consumers: [] });
  await asker.ask({ code: beat.code, body: beat.body });
  return asker;
}

/** What the asker is pushed, after it took it with that code. */
async function taken(rig: BrokerRig, asker: RigClient, code = 0): Promise<Command[]> {
  await rig.clock.settle();
  const pushed = asker.far.commands();
  for (const { opaque } of pushed) asker.far.send({ code, opaque, flag: 1 });
  await rig.clock.settle();
  return pushed;
}

for (const code of [324, 325] as const) {
  test(`an answer (${code}) is pushed to the client that asked, and stored`, async () => {
    await using rig = await brokerRig();
    const asker = await askerOf(rig);
    const replier = rig.client("10.0.0.8", 6000);
    assertEquals(await replier.askAll(reply({ flag: "7" }, code)), [], "not before it has it");
    const [pushed] = await taken(rig, asker);
    assertEquals([pushed.code, new TextDecoder().decode(pushed.body)], [326, "pong"]);
    const told = parsePushedReply(pushed.ext);
    const { topic, flag, bornHost, storeHost, storeTimestamp } = told;
    assertEquals({ topic, flag, bornHost, storeHost, storeTimestamp }, {
      topic: TOPIC,
      flag: 7,
      bornHost: "10.0.0.8:6000",
      storeHost: "10.0.0.9:10911",
      storeTimestamp: rig.clock.now(),
    });
    const properties = parseProperties(told.properties);
    assertEquals(properties.get("CORRELATION_ID"), "c1");
    assertEquals(properties.get("PUSH_REPLY_TIME"), String(rig.clock.now()));
    const [answer] = replier.far.commands();
    assertEquals([answer.code, answer.ext.msgId, answer.ext.queueOffset], [
      0,
      "0A00000900002A9F0000000000000000",
      "0",
    ]);
    assertEquals(textsOf(rig.store, TOPIC, 0), ["pong"]);
    assertEquals(messagesOf(rig.store, TOPIC, 0)[0].properties, PROPERTIES);
  });
}

test("storeReplyMessageEnable=false pushes it only, and says msgId 0", async () => {
  await using rig = await brokerRig({ flags: { storeReplyMessageEnable: "false" } });
  const asker = await askerOf(rig);
  const replier = rig.client("10.0.0.8", 6000);
  await replier.askAll(reply());
  await taken(rig, asker);
  const [answer] = replier.far.commands();
  assertEquals([answer.code, answer.ext.msgId, answer.ext.queueOffset], [0, "0", "0"]);
  assertEquals(textsOf(rig.store, TOPIC, 0), []);
});

test("an answer to nobody who is connected is answered 1 with the reason, and stored all the same", async () => {
  await using rig = await brokerRig();
  const answer = await rig.client().ask(reply());
  assertEquals(answer.code, 1);
  assertStringIncludes(answer.remark!, '"asker@1": no such producer is connected');
  assertEquals(textsOf(rig.store, TOPIC, 0), ["pong"]);
});

test("an answer that says not whom it is for is answered 1", async () => {
  await using rig = await brokerRig();
  const answer = await rig.client().ask(reply({ properties: props(["MSG_TYPE", "reply"]) }));
  assertEquals(answer.code, 1);
  assertStringIncludes(answer.remark!, "REPLY_TO_CLIENT");
});

test("an asker that refuses, is silent for 10 s or goes is told to whoever answered", async () => {
  await using rig = await brokerRig();
  const asker = await askerOf(rig);
  const replier = rig.client("10.0.0.8", 6000);
  await replier.askAll(reply());
  await taken(rig, asker, 1);
  assertStringIncludes(replier.far.commands()[0].remark!, "it says 1");
  await replier.askAll(reply());
  await rig.clock.advance(10_000);
  assertStringIncludes(replier.far.commands()[0].remark!, "within 10000 ms");
  await replier.askAll(reply());
  asker.peer.close();
  await rig.clock.settle();
  assertEquals(replier.far.commands().map(({ code }) => code), [1]);
});

test("a store that takes nothing does not keep an answer from whoever asked", async () => {
  await using rig = await brokerRig();
  const asker = await askerOf(rig);
  const replier = rig.client("10.0.0.8", 6000);
  rig.store.log.gate.hold("the disk is full");
  await replier.askAll(reply());
  assertEquals((await taken(rig, asker)).length, 1);
  const [answer] = replier.far.commands();
  assertEquals([answer.code, answer.ext.msgId], [0, "0"]);
});

test("a slave answers 14", async () => {
  await using rig = await brokerRig({ role: "slave" });
  assertEquals((await rig.client().ask(reply())).code, 14);
});
