import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { PutRefusal } from "../../../../src/store/errors.ts";
import { parseProperties } from "../../../../src/wire/properties.ts";
import { test } from "../../../harness.ts";
import { batch, props, pull, send } from "../../../support/broker_rig.ts";
import { messagesOf } from "../../../support/store.ts";
import { endFields, HALF, OP, prepareFields, transactionRig } from "./rig.ts";

test("a first half is answered with its own place and the sender's queue, and no consumer sees it", async () => {
  await using t = await transactionRig();
  await t.prepare("first");
  const properties = props(["TAGS", "a"], ["TRAN_MSG", "true"], ["PGROUP", "P"]);
  const answer = await t.client.ask(send({ topic: "T", queueId: "2", sysFlag: "5", properties }));
  assertEquals([answer.code, answer.ext.queueId, answer.ext.queueOffset], [0, "2", "1"]);
  assertEquals((await t.client.ask(pull({ queueId: "2" }))).code, 19);
  assertEquals(messagesOf(t.rig.store, "T", 2), []);
  const [, half] = messagesOf(t.rig.store, HALF, 0);
  assertEquals([half.topic, half.queueId, half.sysFlag, half.queueOffset], [HALF, 0, 1, 1]);
  assertEquals(Object.fromEntries(parseProperties(half.properties)), {
    TAGS: "a",
    TRAN_MSG: "true",
    PGROUP: "P",
    CLUSTER: "DefaultCluster",
    REAL_TOPIC: "T",
    REAL_QID: "2",
  });
  assert(t.rig.parts.topics.get(HALF), "the name servers hear of the topic, as from Java's broker");
});

test("a commit delivers the message with the half message's place, and an op message says it is done", async () => {
  await using t = await transactionRig();
  await t.prepare("other");
  const half = await t.prepare("hello", [["TAGS", "a"]], { flag: "7", sysFlag: "5" });
  const answer = await t.end(half, "8");
  assertEquals([answer.code, answer.remark], [0, undefined]);
  await t.settle();
  const [message] = messagesOf(t.rig.store, "T", 0);
  const { sysFlag, preparedOffset, flag, bornTimestamp, properties, bornHost } = message;
  assertEquals(
    { sysFlag, preparedOffset, flag, bornTimestamp, bornHost },
    {
      sysFlag: 9,
      preparedOffset: half.logOffset,
      flag: 7,
      bornTimestamp: 1_700_000_000_000,
      bornHost: { host: "10.0.0.1", port: 4711 },
    },
  );
  assertEquals(parseProperties(properties).get("TAGS"), "a");
  const [op] = messagesOf(t.rig.store, OP, 0);
  assertEquals([new TextDecoder().decode(op.body), op.properties], ["1", "TAGS\x01d"]);
  assert(message.logOffset < op.logOffset, "a slave or a crash that has the op has the message");
  assertEquals((await t.client.ask(pull())).code, 0);
});

test("a roll back delivers nothing", async () => {
  await using t = await transactionRig();
  const half = await t.prepare("hello");
  assertEquals((await t.end(half, "12")).code, 0);
  await t.settle();
  assertEquals([t.texts(), t.ops()], [[], [0]]);
});

test("a producer that does not know yet gets no answer, and nothing changes", async () => {
  await using t = await transactionRig();
  const half = await t.prepare("hello");
  assertEquals(await t.client.askAll(endFields(half, "0")), []);
  assertEquals([t.texts(), t.ops(), t.rig.parts.transactions.open], [[], [], 1]);
});

test("a transaction ends once: what comes after is refused and delivers nothing again", async () => {
  await using t = await transactionRig();
  const [kept, gone] = [await t.prepare("kept"), await t.prepare("gone")];
  await t.end(kept, "8");
  await t.end(gone, "12");
  for (const half of [kept, gone]) {
    const again = await t.end(half, "8");
    assertEquals(again.code, 1);
    assertStringIncludes(again.remark!, "it has ended before");
  }
  assertEquals([t.texts(), t.ops()], [["kept"], [0, 1]]);
});

test("two words in one read end a transaction once", async () => {
  await using t = await transactionRig();
  const half = await t.prepare("hello");
  const answers = await t.client.askAll(endFields(half, "8"), endFields(half, "12"));
  assertEquals(answers.map(({ code }) => code).sort(), [0, 1]);
  await t.settle();
  assertEquals([t.texts(), t.ops()], [["hello"], [0]]);
});

for (
  const { name, change, group = "P", says } of [
    { name: "of another group", change: {}, group: "Q", says: `group is "P", not "Q"` },
    { name: "with another place in the queue", change: { queueOffset: 5 }, says: "not 5" },
    { name: "with a place in the log where none lies", change: { logOffset: 3 }, says: "offset 3" },
  ]
) {
  test(`a word ${name} is answered 1 and ends nothing`, async () => {
    await using t = await transactionRig();
    const half = await t.prepare("hello");
    const answer = await t.end({ ...half, ...change }, "8", group);
    assertEquals(answer.code, 1);
    assertStringIncludes(answer.remark!, says);
    assertEquals([t.texts(), t.rig.parts.transactions.open], [[], 1]);
  });
}

test("a message that is no half message cannot be committed", async () => {
  await using t = await transactionRig();
  const answer = await t.client.ask(send({ properties: props(["PGROUP", "P"]) }));
  const logOffset = parseInt(answer.ext.msgId.slice(16), 16);
  assertEquals((await t.end({ queueOffset: 0, logOffset }, "8")).code, 1);
});

test("a slave answers 11", async () => {
  await using t = await transactionRig({ role: "slave" });
  assertEquals((await t.end({ queueOffset: 0, logOffset: 0 }, "8")).code, 11);
});

test("rejectTransactionMessage refuses first halves by code 16", async () => {
  await using t = await transactionRig({ flags: { rejectTransactionMessage: "true" } });
  const answer = await t.client.ask(prepareFields("hello"));
  assertEquals(answer.code, 16);
  assertStringIncludes(answer.remark!, "rejectTransactionMessage");
});

test("a batch is no first half", async () => {
  await using t = await transactionRig();
  const answer = await t.client.ask(
    batch([["a", ""]], { properties: props(["TRAN_MSG", "true"]) }),
  );
  assertEquals(answer.code, 13);
});

test("WAIT of the first half is obeyed by its copy, and is on neither consumer's message", async () => {
  await using t = await transactionRig({ flags: { brokerRole: "SYNC_MASTER" } });
  const half = { queueOffset: 0, logOffset: 0 };
  const answer = await t.client.ask(prepareFields("hello", [["WAIT", "false"]]));
  assertEquals(answer.code, 0, "it did not wait for the slave that is not there");
  await t.settle();
  assertEquals((await t.end(half, "8")).code, 0);
  const [{ properties }] = messagesOf(t.rig.store, "T", 0);
  assertEquals(parseProperties(properties).has("WAIT"), false);
  assertEquals(
    parseProperties(messagesOf(t.rig.store, HALF, 0)[0].properties).get("WAIT"),
    "false",
  );
});

test("a commit that waits for a slave and gets none is a commit", async () => {
  await using t = await transactionRig({ flags: { brokerRole: "SYNC_MASTER" } });
  const answer = await t.client.ask(prepareFields("hello"));
  assertEquals(answer.code, 11);
  await t.settle();
  assertEquals((await t.end({ queueOffset: 0, logOffset: 0 }, "8")).code, 0);
  assertEquals([t.texts(), t.ops()], [["hello"], [0]]);
});

test("a commit the disk refuses is answered with the reason, and can be said again", async () => {
  await using t = await transactionRig();
  const half = await t.prepare("hello");
  t.rig.store.log.gate.hold("the disk is full");
  const refused = await t.end(half, "8");
  assertEquals([refused.code, refused.remark], [14, "the disk is full"]);
  t.rig.store.log.gate.hold(undefined);
  const commit = t.rig.store.log.commit.bind(t.rig.store.log);
  t.rig.store.log.commit = () => {
    t.rig.store.log.commit = commit;
    throw new PutRefusal("unavailable", "the disk broke");
  };
  assertEquals((await t.end(half, "8")).code, 14, "staged already, when it fails");
  assertEquals([t.texts(), t.rig.parts.transactions.open], [[], 1]);
  assertEquals((await t.end(half, "8")).code, 0);
  assertEquals([t.texts(), t.ops(), t.rig.parts.transactions.open], [["hello"], [0], 0]);
});

test("a committed message with a delay level waits for it behind the commit", async () => {
  await using t = await transactionRig();
  const half = await t.prepare("later", [["DELAY", "3"]]);
  assertEquals(messagesOf(t.rig.store, "SCHEDULE_TOPIC_XXXX", 2), []);
  assertEquals((await t.end(half, "8")).code, 0);
  await t.settle();
  const [waiting] = messagesOf(t.rig.store, "SCHEDULE_TOPIC_XXXX", 2);
  assertEquals(parseProperties(waiting.properties).get("REAL_TOPIC"), "T");
  assertEquals([t.texts(), t.ops()], [[], [0]]);
});

test("a retry that a client before 4.6.1 sends with the marks of a transaction is delayed, not prepared", async () => {
  await using t = await transactionRig();
  const marks: [string, string][] = [["DELAY", "3"]];
  const answer = await t.client.ask(prepareFields("again", marks, { reconsumeTimes: "1" }));
  assertEquals(answer.code, 0);
  await t.settle();
  assertEquals(messagesOf(t.rig.store, HALF, 0), []);
  assertEquals(messagesOf(t.rig.store, "SCHEDULE_TOPIC_XXXX", 2).length, 1);
});
