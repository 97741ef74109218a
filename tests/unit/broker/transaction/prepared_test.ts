import { assertEquals } from "@std/assert";
import { plainTopic, topicOf } from "../../../../src/broker/topic_rules.ts";
import { preparedDetour } from "../../../../src/broker/transaction/prepared.ts";
import { sendHints } from "../../../../src/broker/send_hints.ts";
import { parseSend } from "../../../../src/wire/send.ts";
import { test } from "../../../harness.ts";
import { sendFields } from "../../../support/broker_rig.ts";
import { message } from "../../../support/store.ts";

const PREPARES = "TRAN_MSG\x01true";

function detour(isFull: boolean, properties: string) {
  const topics = { ensure: (name: string) => topicOf(plainTopic(name, 1)) };
  const sent = { ...message({ properties }) };
  const reply = preparedDetour({ topics, halves: { isFull }, rejects: false })(
    sent,
    sendHints(properties),
    parseSend(sendFields()),
  );
  return { reply, sent };
}

test("with too many transactions open no more are taken, and other messages are", () => {
  assertEquals(detour(true, PREPARES).reply?.code, 2);
  assertEquals(detour(false, PREPARES).reply, undefined);
  const { reply, sent } = detour(true, "TAGS\x01a");
  assertEquals([reply, sent.topic], [undefined, "T1"]);
});
