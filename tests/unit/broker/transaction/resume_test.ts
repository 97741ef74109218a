import { assertEquals, assertStringIncludes } from "@std/assert";
import { formatMessageId, messageIdPrefix } from "../../../../src/wire/message_id.ts";
import { hostBytes } from "../../../../src/wire/host_address.ts";
import { property } from "../../../../src/wire/properties.ts";
import { formatResumeCheck } from "../../../../src/wire/resume_check.ts";
import { test } from "../../../harness.ts";
import { brokerRig } from "../../../support/broker_rig.ts";
import { messagesOf } from "../../../support/store.ts";
import { GIVEN_UP, HALF, newestHalf, producerBeat, transactionRig } from "./rig.ts";

const FLAGS = {
  transactionTimeOut: "6000",
  transactionCheckInterval: "10000",
  transactionCheckMax: "1",
};
const idAt = (logOffset: number) =>
  formatMessageId(messageIdPrefix(hostBytes({ host: "10.0.0.9", port: 10911 })), logOffset);

test("323 takes up a transaction that was given up: it is asked for anew, and ends once", async () => {
  await using t = await transactionRig({ flags: FLAGS });
  await t.client.ask(producerBeat("p1"));
  await t.prepare("hello");
  await t.rig.clock.advance(10_000);
  const asked = newestHalf(t.rig);
  await t.rig.clock.advance(10_000);
  const [givenUp] = messagesOf(t.rig.store, GIVEN_UP, 0);
  assertEquals(t.rig.parts.transactions.open, 0);
  t.client.far.commands();
  assertEquals((await t.client.ask(formatResumeCheck(idAt(givenUp.logOffset)))).code, 0);
  await t.settle();
  assertEquals(t.rig.parts.transactions.open, 1);
  const half = messagesOf(t.rig.store, HALF, 0).at(-1)!;
  assertEquals(property(half.properties, "TRANSACTION_CHECK_TIMES"), undefined);
  assertEquals((await t.end(asked, "8")).code, 1, "the old one has ended");
  await t.rig.clock.advance(10_000);
  assertEquals(t.client.far.commands().map(({ code }) => code), [39]);
  assertEquals((await t.end(newestHalf(t.rig), "8")).code, 0);
  assertEquals(t.texts(), ["hello"]);
});

test("323 is refused for any other message, and on a slave", async () => {
  await using t = await transactionRig({ flags: FLAGS });
  const half = await t.prepare("hello");
  const { code, remark } = await t.client.ask(formatResumeCheck(idAt(half.logOffset)));
  assertEquals(code, 1);
  assertStringIncludes(remark!, `it must be a message of "${GIVEN_UP}"`);
  assertStringIncludes((await t.client.ask(formatResumeCheck("x"))).remark!, "msgId");
  await using slave = await brokerRig({ role: "slave" });
  assertEquals((await slave.client().ask(formatResumeCheck(idAt(0)))).code, 1);
});
