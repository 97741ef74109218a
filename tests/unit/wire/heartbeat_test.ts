import { assertEquals, assertThrows } from "@std/assert";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { FieldError } from "../../../src/base/errors.ts";
import { decodeCommand } from "../../../src/wire/codec.ts";
import {
  formatConsumerIds,
  formatConsumerListQuery,
  formatGroupChanged,
  formatHeartbeat,
  formatLeave,
  parseClientCheck,
  parseConsumerIds,
  parseGroupChanged,
  parseHeartbeat,
} from "../../../src/wire/heartbeat.ts";
import { goldenExchanges, goldenFrame } from "../../support/golden.ts";
import { test } from "../../harness.ts";

const captured = (code: number) => goldenExchanges().filter((exchange) => exchange.code === code);

test("captured heartbeats come out of formatHeartbeat() byte for byte", () => {
  const beats = captured(34);
  assertEquals(beats.length, 4);
  for (const { request } of beats) {
    const beat = parseHeartbeat(utf8(request.bodyText!));
    assertEquals(textOf(formatHeartbeat(beat).body!), request.bodyText);
  }
});

test("parseHeartbeat() reads what a consumer subscribes to", () => {
  const beat = parseHeartbeat(utf8(captured(34)[1].request.bodyText!));
  assertEquals(beat.clientId, "192.0.2.2@c1829404757171");
  assertEquals(beat.producerGroups, ["CLIENT_INNER_PRODUCER"]);
  assertEquals(beat.consumers[0].subscriptions[1], {
    topic: "IT7mwrqz0or4",
    subString: "(a BETWEEN 5 AND 14 AND c IN ('even')) OR a = 29",
    codes: new Set<number>(),
    tags: [],
    subVersion: 1795346540797,
    expressionType: "SQL92",
    classFilterMode: false,
  });
});

test("parseHeartbeat() takes numbers for names and texts for numbers, as C++ clients send them", () => {
  const { consumers: [consumer] } = parseHeartbeat(utf8(JSON.stringify({
    clientID: "c",
    consumerDataSet: [{
      groupName: "G",
      consumeType: 1,
      messageModel: 0,
      consumeFromWhere: 4,
      subscriptionDataSet: [{
        topic: "T",
        subString: "a",
        subVersion: "17",
        codeSet: ["97"],
        tagsSet: ["a"],
      }],
    }],
  })));
  assertEquals(
    [consumer.consumeType, consumer.messageModel, consumer.consumeFromWhere],
    ["CONSUME_PASSIVELY", "BROADCASTING", "CONSUME_FROM_FIRST_OFFSET"],
  );
  const [{ subVersion, codes, expressionType }] = consumer.subscriptions;
  assertEquals([subVersion, codes, expressionType], [17, new Set([97]), "TAG"]);
});

test("parseHeartbeat() passes over what later clients add", () => {
  assertEquals(
    parseHeartbeat(utf8('{"clientID":"c","heartbeatFingerprint":0,"withoutSub":false}')),
    {
      clientId: "c",
      producerGroups: [],
      consumers: [],
    },
  );
});

for (
  const { body, field } of [
    { body: "{}", field: "body.clientID" },
    { body: '{"clientID":"c","producerDataSet":[{}]}', field: "body.producerDataSet[0].groupName" },
    {
      body: '{"clientID":"c","consumerDataSet":[{"groupName":"G","messageModel":"ALL"}]}',
      field: "body.consumerDataSet[0].messageModel",
    },
    {
      body:
        '{"clientID":"c","consumerDataSet":[{"groupName":"G","subscriptionDataSet":[{"topic":1}]}]}',
      field: "body.consumerDataSet[0].subscriptionDataSet[0].topic",
    },
    {
      body:
        '{"clientID":"c","consumerDataSet":[{"groupName":"G","subscriptionDataSet":[{"topic":"T","codeSet":["x"]}]}]}',
      field: "body.consumerDataSet[0].subscriptionDataSet[0].codeSet[0]",
    },
  ]
) {
  test(`parseHeartbeat() names ${field} when it cannot be read`, () => {
    const error = assertThrows(() => parseHeartbeat(utf8(body)), FieldError);
    assertEquals((error as FieldError).field, field);
  });
}

test("parseClientCheck() reads a captured check of an expression", () => {
  const [{ request }] = captured(46);
  const { group, subscription } = parseClientCheck(utf8(request.bodyText!));
  assertEquals([group !== "", subscription.expressionType], [true, "SQL92"]);
});

test("formatLeave() writes captured requests of 35", () => {
  assertEquals(captured(35).length, 4);
  for (const { request } of captured(35)) {
    const { ReqT: _, clientID, ...groups } = decodeCommand(goldenFrame(request)).ext;
    assertEquals(formatLeave(clientID, groups).ext, { clientID, ...groups });
  }
});

test("the list of a group's consumers reads and writes as captured", () => {
  for (const { request, response } of captured(38)) {
    const { ext } = decodeCommand(goldenFrame(request));
    assertEquals(formatConsumerListQuery(ext.consumerGroup).ext, ext);
    const ids = parseConsumerIds(utf8(response!.bodyText!));
    assertEquals(textOf(formatConsumerIds(ids)), response!.bodyText);
  }
});

test("the notice of a change reads and writes as captured", () => {
  for (const { request } of captured(40)) {
    const { ext } = decodeCommand(goldenFrame(request));
    assertEquals(formatGroupChanged(parseGroupChanged(ext)).ext, ext);
  }
  assertThrows(() => parseGroupChanged({}), FieldError, "consumerGroup");
});
