import { assertEquals } from "@std/assert";
import { textOf, utf8 } from "../../../../src/base/bytes.ts";
import {
  parseConsumerConnections,
  parseProducerConnections,
  parseProducers,
} from "../../../../src/wire/connections.ts";
import { parseGroup, plainGroup } from "../../../../src/wire/group.ts";
import { parseTopicList } from "../../../../src/wire/route.ts";
import { parseTopicConfig } from "../../../../src/wire/topic.ts";
import { plainTopic } from "../../../../src/broker/topic_rules.ts";
import { test } from "../../../harness.ts";
import { brokerRig, type RigClient } from "../../../support/broker_rig.ts";
import { goldenExchanges } from "../../../support/golden.ts";

const SUBSCRIPTION = { topic: "T", subString: "a", codeSet: [97], tagsSet: ["a"], subVersion: 5 };

async function beat(client: RigClient): Promise<void> {
  const body = {
    clientID: "me@1",
    producerDataSet: [{ groupName: "P" }],
    consumerDataSet: [{ groupName: "G", subscriptionDataSet: [SUBSCRIPTION] }],
  };
  const language = "GO";
  const answer = await client.ask({ code: 34, language, body: utf8(JSON.stringify(body)) });
  assertEquals(answer.code, 0);
}

test("203 and 204 tell who is online in a group, and what it reads", async () => {
  await using rig = await brokerRig();
  const client = rig.client("10.0.0.1", 4711);
  await beat(client);
  const [member] = rig.parts.clients.producers("P")!.values();
  const connections = [{
    clientAddr: "10.0.0.1:4711",
    clientId: "me@1",
    language: "GO",
    version: member.version,
  }];
  const group = await client.ask({ code: 203, ext: { consumerGroup: "G" } });
  const { subscriptions, ...told } = parseConsumerConnections(group.body);
  assertEquals(told, {
    connections,
    consumeFromWhere: "CONSUME_FROM_LAST_OFFSET",
    consumeType: "CONSUME_PASSIVELY",
    messageModel: "CLUSTERING",
  });
  assertEquals([...subscriptions.keys()], ["T"]);
  assertEquals([...subscriptions.get("T")!.codes], SUBSCRIPTION.codeSet);
  const producers = await client.ask({ code: 204, ext: { producerGroup: "P" } });
  assertEquals(parseProducerConnections(producers.body), connections);
});

test("203 and 204 say so when nobody is online", async () => {
  await using rig = await brokerRig();
  assertEquals((await rig.client().ask({ code: 203, ext: { consumerGroup: "G" } })).code, 206);
  assertEquals((await rig.client().ask({ code: 204, ext: { producerGroup: "P" } })).code, 1);
  assertEquals(textOf((await rig.client().ask({ code: 328 })).body), '{"data":{}}');
});

test("328 tells when each producer was heard of last", async () => {
  await using rig = await brokerRig();
  const client = rig.client();
  await beat(client);
  const heard = rig.clock.now();
  await rig.clock.advance(5000);
  const [info] = parseProducers((await client.ask({ code: 328 })).body).get("P")!;
  assertEquals([info.clientId, info.remoteAddr], ["me@1", "10.0.0.1:4711"]);
  assertEquals(info.lastUpdateTimestamp, heard);
});

test("305 tells the same system topics as Java's broker", async () => {
  await using rig = await brokerRig();
  const { response } = goldenExchanges().find(({ code }) => code === 305)!;
  const theirs = parseTopicList(utf8(response!.bodyText!)).topics;
  rig.parts.topics.update(plainTopic("T", 1));
  const ours = parseTopicList((await rig.client().ask({ code: 305 })).body).topics;
  assertEquals(ours.includes("T"), false);
  assertEquals(ours.toSorted(), theirs.toSorted());
});

test("351 and 352 tell the settings of one topic and one group", async () => {
  await using rig = await brokerRig();
  const config = { ...plainTopic("T", 3), order: true };
  rig.parts.topics.update(config);
  rig.parts.groups.update({ ...plainGroup("G"), retryMaxTimes: 3 });
  const ask = (code: number, ext: Record<string, string>) => rig.client().ask({ code, ext });
  assertEquals(parseTopicConfig((await ask(351, { topic: "T" })).body), config);
  assertEquals(parseGroup((await ask(352, { group: "G" })).body).retryMaxTimes, 3);
  assertEquals((await ask(351, { topic: "no" })).code, 17);
  assertEquals((await ask(352, { group: "no" })).code, 26);
});
