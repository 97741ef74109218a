import { assertEquals, assertStringIncludes } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import { encodeBatch } from "../../../src/wire/batch.ts";
import { parseProperties } from "../../../src/wire/properties.ts";
import { test } from "../../harness.ts";
import { batch, brokerRig, lettersOf, props, send, sendFields } from "../../support/broker_rig.ts";
import { messagesOf, textsOf } from "../../support/store.ts";

test("a batch is stored message by message and answered once, with all ids", async () => {
  await using rig = await brokerRig();
  const client = rig.client();
  const answer = await client.ask(batch(
    [["one", props(["TAGS", "x"], ["UNIQ_KEY", "1"])], ["two", ""], [
      "three",
      props(["KEYS", "k"]),
    ]],
    { queueId: "1", properties: props(["WAIT", "true"]) },
  ));
  assertEquals([answer.code, answer.ext.queueId, answer.ext.queueOffset], [0, "1", "0"]);
  const stored = messagesOf(rig.store, "T", 1);
  assertEquals(textsOf(rig.store, "T", 1), ["one", "two", "three"]);
  assertEquals(
    answer.ext.msgId.split(",").map((id) => parseInt(id.slice(16), 16)),
    stored.map(({ logOffset }) => logOffset),
  );
  assertEquals(stored.map(({ flag }) => flag), [3, 3, 3]);
  assertEquals(stored.map(({ properties }) => Object.fromEntries(parseProperties(properties))), [
    { TAGS: "x", UNIQ_KEY: "1", WAIT: "true", CLUSTER: "DefaultCluster" },
    { WAIT: "true", CLUSTER: "DefaultCluster" },
    { KEYS: "k", WAIT: "true", CLUSTER: "DefaultCluster" },
  ]);
  assertEquals((await client.ask(send({ queueId: "1" }))).ext.queueOffset, "3");
  assertEquals(rig.parts.stats.put.total, 4);
});

test("the batch flag says what is a batch, not the code", async () => {
  await using rig = await brokerRig();
  const client = rig.client();
  await client.ask({ ...batch([["one", ""], ["two", ""]]), code: 310 });
  await client.ask({ code: 320, ext: lettersOf(sendFields()), body: utf8("three") });
  assertEquals(textsOf(rig.store, "T", 0), ["one", "two", "three"]);
});

for (
  const { name, body, code, says } of [
    { name: "without a message", body: new Uint8Array(0), code: 1, says: "at least one message" },
    {
      name: "cut short",
      body: encodeBatch([{ flag: 0, body: utf8("one"), properties: "" }]).slice(0, -1),
      code: 1,
      says: '"body"',
    },
    { name: "of garbage", body: new Uint8Array(64).fill(0xff), code: 1, says: '"body"' },
  ]
) {
  test(`a batch ${name} is answered ${code} and leaves nothing`, async () => {
    await using rig = await brokerRig();
    const client = rig.client();
    const [refused, good] = await client.askAll({ ...batch([]), body }, send());
    const [bad, fine] = refused.code === 0 ? [good, refused] : [refused, good];
    assertEquals(bad.code, code);
    assertStringIncludes(bad.remark!, says);
    assertEquals([fine.code, fine.ext.queueOffset], [0, "0"]);
    assertEquals(textsOf(rig.store, "T", 0), ["hello"]);
  });
}

test("a batch with one message too large leaves nothing of the others", async () => {
  await using rig = await brokerRig();
  const tooLong = props(["KEYS", "x".repeat(32_750)]); // until CLUSTER joins it;
  const client = rig.client();
  const answer = await client.ask(batch([["one", ""], ["two", tooLong], ["three", ""]]));
  assertEquals(answer.code, 13);
  assertEquals((await client.ask(send())).ext.queueOffset, "0");
  assertEquals(textsOf(rig.store, "T", 0), ["hello"]);
});

test("a batch obeys the WAIT of the whole", async () => {
  await using rig = await brokerRig({ flags: { brokerRole: "SYNC_MASTER" } });
  const client = rig.client();
  const waits = await client.ask(batch([["a", ""]]));
  const not = await client.ask(batch([["b", ""]], { properties: props(["WAIT", "false"]) }));
  assertEquals([waits.code, not.code], [11, 0]);
});
