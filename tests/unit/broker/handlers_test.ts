import { assert, assertEquals } from "@std/assert";
import { concat, utf8 } from "../../../src/base/bytes.ts";
import { fastHandlers } from "../../../src/broker/handlers.ts";
import { plainTopic } from "../../../src/broker/topic_rules.ts";
import { decodeCommand } from "../../../src/wire/codec.ts";
import type { Command } from "../../../src/wire/command.ts";
import { decodeRecord, decodeRecords } from "../../../src/wire/message.ts";
import { test } from "../../harness.ts";
import { type BrokerRig, brokerRig, type RigClient, send } from "../../support/broker_rig.ts";
import {
  type GoldenExchange,
  goldenExchanges,
  goldenFrame,
  type GoldenSide,
} from "../../support/golden.ts";
import { messagesOf } from "../../support/store.ts";

function exchanges(code: number): GoldenExchange[] {
  const found = goldenExchanges().filter((each) => each.code === code && each.to === "master");
  assert(found.length > 0, `no sample of ${code}`);
  return found;
}

/** Sends the request as it was captured; gives our answer and Java's. */
async function replay(
  rig: BrokerRig,
  client: RigClient,
  { request, response }: GoldenExchange,
): Promise<{ ours: Command; theirs: Command }> {
  client.far.send(wholeFrame(request));
  await rig.clock.settle();
  const [ours] = client.far.commands();
  const theirs = decodeCommand(goldenFrame(response!));
  assertEquals([ours.opaque, ours.flag, ours.form], [theirs.opaque, theirs.flag, theirs.form]);
  assertEquals(ours.version, theirs.version);
  return { ours, theirs };
}

function wholeFrame(side: GoldenSide): Uint8Array {
  const frame = goldenFrame(side);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, frame.length);
  return concat([length, frame]);
}

function names({ ext }: Command): string[] {
  return Object.keys(ext).sort();
}

for (const code of [310, 320]) {
  test(`captured sends (${code}) are answered as Java answered them`, async () => {
    for (const exchange of exchanges(code)) {
      await using rig = await brokerRig();
      const { ours, theirs } = await replay(rig, rig.client(), exchange);
      assertEquals([ours.code, ours.remark, names(ours)], [
        theirs.code,
        theirs.remark,
        names(theirs),
      ]);
      const ids = ({ ext }: Command) => ext.msgId.split(",").map((id) => id.length);
      assertEquals(ids(ours), ids(theirs));
      assertEquals({ ...ours.ext, msgId: "" }, { ...theirs.ext, msgId: "" });
      const { ext } = decodeCommand(goldenFrame(exchange.request));
      assertEquals(messagesOf(rig.store, ext.b, Number(ext.e)).length, ids(theirs).length);
    }
  });
}

/** The state Java's broker was in when it answered a pull. */
async function beThere(rig: BrokerRig, client: RigClient, exchange: GoldenExchange): Promise<void> {
  const { ext } = decodeCommand(goldenFrame(exchange.request));
  const theirs = decodeCommand(goldenFrame(exchange.response!));
  rig.parts.topics.update(plainTopic(ext.topic, 4));
  const { topic, queueId } = ext;
  const count = Number(theirs.ext.maxOffset ?? 0);
  await client.askAll(...Array.from({ length: count }, () => send({ topic, queueId })));
  const subVersion = Number(ext.subVersion) - (theirs.code === 25 ? 1 : 0);
  const consumerDataSet = [{
    groupName: ext.consumerGroup,
    messageModel: "CLUSTERING",
    subscriptionDataSet: [{
      topic,
      subString: ext.expressionType === "SQL92" ? "FALSE" : "*",
      subVersion,
      expressionType: ext.expressionType,
    }],
  }];
  await client.ask({ code: 34, body: utf8(JSON.stringify({ clientID: "c", consumerDataSet })) });
}

test("captured pulls (11) are answered as Java answered them", async () => {
  for (const exchange of exchanges(11)) {
    await using rig = await brokerRig();
    const client = rig.client();
    await beThere(rig, client, exchange);
    const { ours, theirs } = await replay(rig, client, exchange);
    assertEquals([ours.code, ours.ext], [theirs.code, theirs.ext]);
    if (theirs.code !== 25) assertEquals(ours.remark, theirs.remark);
    if (theirs.code !== 0) assertEquals(ours.body.length, 0);
    else assertEquals(decodeRecords(ours.body).length, decodeRecords(theirs.body).length);
  }
});

for (const code of [30, 31]) {
  test(`captured questions ${code} are answered as Java answered them`, async () => {
    for (const exchange of exchanges(code)) {
      await using rig = await brokerRig();
      const client = rig.client();
      const { ext: { topic, queueId } } = decodeCommand(goldenFrame(exchange.request));
      rig.parts.topics.update(plainTopic(topic, 4));
      const wanted = decodeCommand(goldenFrame(exchange.response!)).ext.offset;
      const count = code === 30 ? Number(wanted) : 1;
      await client.askAll(...Array.from({ length: count }, () => send({ topic, queueId })));
      const { ours, theirs } = await replay(rig, client, exchange);
      assertEquals([ours.code, ours.ext], [theirs.code, theirs.ext]);
    }
  });
}

test("a captured view by id (33) is answered as Java answered it", async () => {
  for (const exchange of exchanges(33)) {
    await using rig = await brokerRig();
    const client = rig.client();
    const offset = Number(decodeCommand(goldenFrame(exchange.request)).ext.offset);
    const wanted = decodeRecord(decodeCommand(goldenFrame(exchange.response!)).body);
    await fillTo(rig, client, offset);
    const { topic, queueId, properties } = wanted;
    rig.parts.topics.update(plainTopic(topic, Math.max(4, queueId + 1)));
    const body = wanted.body.slice();
    await client.ask({ ...send({ topic, queueId: String(queueId), properties }), body });
    const { ours, theirs } = await replay(rig, client, exchange);
    assertEquals([ours.code, ours.remark, ours.ext], [theirs.code, theirs.remark, theirs.ext]);
    const got = decodeRecord(ours.body);
    assertEquals([got.logOffset, got.topic, got.queueId], [offset, topic, queueId]);
    assertEquals([got.body, got.bodyCrc], [wanted.body, wanted.bodyCrc]);
  }
});

/** Messages that end at exactly this log offset. */
async function fillTo(rig: BrokerRig, client: RigClient, offset: number): Promise<void> {
  await client.ask(send({ topic: "F" }, "x"));
  const empty = rig.store.log.tail - 1;
  await client.ask(send({ topic: "F" }, "x".repeat(offset - rig.store.log.tail - empty)));
  assertEquals(rig.store.log.tail, offset);
}

test("a captured question 28 is answered with a table of texts", async () => {
  for (const exchange of exchanges(28)) {
    await using rig = await brokerRig();
    const { ours, theirs } = await replay(rig, rig.client(), exchange);
    assertEquals([ours.code, ours.remark, ours.ext], [theirs.code, theirs.remark, theirs.ext]);
    assertEquals(Object.keys(JSON.parse(new TextDecoder().decode(ours.body))), ["table"]);
  }
});

test("the fast port answers all but pulls", async () => {
  await using rig = await brokerRig();
  const fast = fastHandlers(rig.handlers);
  const missing = [...rig.handlers.keys()].filter((code) => !fast.has(code));
  assertEquals(missing, [11, 361]);
  assert(rig.handlers.has(11), "the other port still does");
});
