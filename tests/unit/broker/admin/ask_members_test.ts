import { assertEquals, assertStringIncludes } from "@std/assert";
import { textOf, utf8 } from "../../../../src/base/bytes.ts";
import {
  formatDirectConsume,
  formatDirectResult,
  formatRunningInfoQuery,
  parseDirectResult,
} from "../../../../src/wire/consumer_ask.ts";
import { formatStatusQuery, parseConsumerStatus } from "../../../../src/wire/consumer_status.ts";
import { decodeRecord } from "../../../../src/wire/message.ts";
import { test } from "../../../harness.ts";
import { brokerRig, send } from "../../../support/broker_rig.ts";
import { handedOn, heardBy, memberOf } from "../../../support/members.ts";

const running = formatRunningInfoQuery({ group: "G", clientId: "c1", withStacks: true });

test("307 is handed on to the member it names, and its answer back", async () => {
  await using rig = await brokerRig();
  const member = await memberOf(rig, "c1");
  const other = await memberOf(rig, "c2");
  const said = { code: 0, remark: "well", body: utf8('{"properties":{}}') };
  const { asked, answered } = await handedOn(rig, rig.client(), running, member, said);
  assertEquals([asked.flag, asked.ext], [0, running.ext]);
  assertEquals([answered.code, answered.remark, textOf(answered.body)], [
    0,
    "well",
    '{"properties":{}}',
  ]);
  assertEquals(await heardBy(rig, other, 307), []);
});

test("307 answers 1 for a member that is not there and 207 for one that is silent", async () => {
  await using rig = await brokerRig();
  const { code, remark } = await rig.client().ask(running);
  assertEquals([code, remark], [
    1,
    'Cannot ask "c1": no such client of group "G" is online',
  ]);
  const member = await memberOf(rig, "c1");
  const asker = rig.client();
  await asker.askAll(running);
  await rig.clock.advance(10_000);
  assertEquals(asker.far.commands().map((answer) => answer.code), [207]);
  await asker.askAll(running);
  member.peer.close();
  await rig.clock.settle();
  assertEquals(asker.far.commands().map((answer) => answer.code), [1]);
});

test("309 brings the member the record, and the broker's name", async () => {
  await using rig = await brokerRig();
  const member = await memberOf(rig, "c1");
  const messageId = (await rig.client().ask(send({}, "again"))).ext.msgId;
  const request = formatDirectConsume({ group: "G", clientId: "c1", messageId });
  const result = { isOrdered: false, autoCommits: true, result: "CR_SUCCESS", spentMs: 3 };
  const { asked, answered } = await handedOn(rig, rig.client(), request, member, {
    body: formatDirectResult(result),
  });
  assertEquals([asked.ext.brokerName, textOf(decodeRecord(asked.body).body)], [
    "broker-a",
    "again",
  ]);
  assertEquals(parseDirectResult(answered.body), result);
});

test("309 says so when there is no such message, or the id is none", async () => {
  await using rig = await brokerRig();
  await memberOf(rig, "c1");
  const ask = (messageId: string) =>
    rig.client().ask(formatDirectConsume({ group: "G", clientId: "c1", messageId }));
  const gone = await ask("0A00000900002A9F0000000000001000");
  assertEquals(gone.code, 1);
  assertStringIncludes(gone.remark!, "Cannot find message 0A00");
  const bad = await ask("x");
  assertEquals(bad.code, 1);
  assertStringIncludes(bad.remark!, "msgId");
});

test("223 gathers what members say by 221, without those that say nothing", async () => {
  await using rig = await brokerRig();
  const members = [await memberOf(rig, "c1"), await memberOf(rig, "c2")];
  const asker = rig.client();
  await asker.askAll(formatStatusQuery({ topic: "T", group: "G" }));
  const [asked] = await heardBy(rig, members[0], 221);
  assertEquals(asked.ext, { topic: "T", group: "G" });
  const queue = '{"brokerName":"broker-a","queueId":0,"topic":"T"}';
  members[0].far.answer(asked, {
    body: utf8(`{"consumerTable":{},"messageQueueTable":{${queue}:7}}`),
  });
  await rig.clock.advance(5_000);
  const [{ code, body }] = asker.far.commands();
  assertEquals(code, 0);
  assertEquals(textOf(body), `{"consumerTable":{"c1":{${queue}:7}},"messageQueueTable":{}}`);
  assertEquals(parseConsumerStatus(body), new Map([["c1", [[JSON.parse(queue), 7]]]]));
});

test("223 asks the one client it names, and answers 1 when nobody is there", async () => {
  await using rig = await brokerRig();
  const member = await memberOf(rig, "c1");
  const ask = (clientId: string) => formatStatusQuery({ topic: "T", group: "G", clientId });
  const { code, remark } = await rig.client().ask(ask("c9"));
  assertEquals([code, remark], [1, 'Cannot tell how far "G" is: no client "c9" is online']);
  const answer = { body: utf8('{"messageQueueTable":{}}') };
  const { answered } = await handedOn(rig, rig.client(), ask("c1"), member, answer, 221);
  assertEquals([...parseConsumerStatus(answered.body).keys()], ["c1"]);
});
