import { assertEquals } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import type { Message } from "../../../src/client/incoming.ts";
import { jsonOf, textOf } from "../../../src/cli/message_text.ts";
import { test } from "../../harness.ts";

const message: Message = {
  topic: "orders",
  brokerName: "broker-a",
  queueId: 3,
  queueOffset: 17,
  messageId: "A1",
  offsetMessageId: "B2",
  body: utf8("grüezi"),
  problem: undefined,
  tag: "new",
  keys: ["k1", "k2"],
  properties: new Map([["TAGS", "new"]]),
  flag: 0,
  bornTimestamp: 0,
  storeTimestamp: 1,
  bornHost: "10.0.0.1:1",
  storeHost: "10.0.0.2:10911",
  reconsumeTimes: 0,
};

test("textOf() prints the body and a line break", () => {
  assertEquals(textOf(message), "grüezi\n");
});

test("jsonOf() prints everything on one line", () => {
  const line = jsonOf({ ...message, body: utf8("a\nb") });
  assertEquals(line.indexOf("\n"), line.length - 1);
  assertEquals(JSON.parse(line), {
    topic: "orders",
    broker: "broker-a",
    queueId: 3,
    queueOffset: 17,
    messageId: "A1",
    offsetMessageId: "B2",
    tag: "new",
    keys: ["k1", "k2"],
    born: "1970-01-01T00:00:00.000Z",
    stored: "1970-01-01T00:00:00.001Z",
    bornHost: "10.0.0.1:1",
    reconsumeTimes: 0,
    properties: { TAGS: "new" },
    body: "a\nb",
  });
});

test("jsonOf() gives a body that is no text as base64", () => {
  const { body, bodyBase64 } = JSON.parse(jsonOf({ ...message, body: Uint8Array.of(255, 0, 1) }));
  assertEquals([body, bodyBase64], [undefined, "/wAB"]);
});
