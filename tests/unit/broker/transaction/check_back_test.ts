import { assert, assertEquals, assertRejects } from "@std/assert";
import { PutRefusal } from "../../../../src/store/errors.ts";
import { decodeRecord } from "../../../../src/wire/message.ts";
import { parseProperties } from "../../../../src/wire/properties.ts";
import { parseTransactionCheck } from "../../../../src/wire/transaction.ts";
import { test } from "../../../harness.ts";
import { messagesOf } from "../../../support/store.ts";
import {
  endFields,
  FLAGS,
  GIVEN_UP,
  HALF,
  newestHalf,
  producerBeat,
  type TransactionRig,
  transactionRig,
} from "./rig.ts";
const IMMUNE: [string, string][] = [["CHECK_IMMUNITY_TIME_IN_SECONDS", "25"]];

/** A broker with a producer of group P that hears its questions. */
async function asking(flags: Record<string, string> = {}): Promise<TransactionRig> {
  const t = await transactionRig({ flags: { ...FLAGS, ...flags } });
  await t.client.ask(producerBeat("p1"));
  return t;
}

const at = (ms: number) => ({ bornTimestamp: String(1_700_000_000_000 + ms) });
const halves = (t: TransactionRig) =>
  messagesOf(t.rig.store, HALF, 0).map(({ properties }) => parseProperties(properties));

test("a half message nobody spoke for is written again, and its producer asked about the copy", async () => {
  await using t = await asking();
  await t.prepare("hello", [["TAGS", "a"]], { queueId: "2" });
  await t.rig.clock.advance(10_000);
  const [question] = t.client.far.commands();
  assertEquals([question.code, question.flag], [39, 2]);
  const copy = newestHalf(t.rig);
  assertEquals(copy.queueOffset, 1);
  const check = parseTransactionCheck(question.ext);
  assertEquals(check.halfQueueOffset, copy.queueOffset);
  assertEquals(check.halfLogOffset, copy.logOffset);
  assertEquals([check.messageId, check.transactionId], ["id-hello", "id-hello"]);
  const record = decodeRecord(question.body);
  const { topic, queueId, queueOffset, logOffset, sysFlag, bornTimestamp } = record;
  assertEquals(
    [topic, queueId, queueOffset, logOffset, sysFlag, bornTimestamp],
    ["T", 2, copy.queueOffset, copy.logOffset, 0, 1_700_000_000_000],
  );
  assertEquals(new TextDecoder().decode(record.body), "hello");
  assertEquals(parseProperties(record.properties).get("TRANSACTION_CHECK_TIMES"), "1");
  assertEquals((await t.end(copy, "8")).code, 0);
  await t.settle();
  assertEquals(messagesOf(t.rig.store, "T", 2).map(({ preparedOffset }) => preparedOffset), [
    copy.logOffset,
  ]);
  await t.rig.clock.advance(30_000);
  assertEquals([t.client.far.commands(), messagesOf(t.rig.store, HALF, 0).length], [[], 2]);
});

test("one that is younger than transactionTimeOut is left alone, and those behind it", async () => {
  await using t = await asking();
  await t.rig.clock.advance(5_000);
  await t.prepare("young", [], at(5_000));
  await t.rig.clock.advance(5_000);
  assertEquals(t.client.far.commands(), []);
  await t.rig.clock.advance(10_000);
  assertEquals(t.client.far.commands().length, 1);
});

test("one whose producer's clock is ahead is asked about at once, as by Java's broker", async () => {
  await using t = await asking();
  await t.prepare("from the future", [], at(3_600_000));
  await t.rig.clock.advance(10_000);
  assertEquals(t.client.far.commands().length, 1);
});

test("questions are counted, and after transactionCheckMax the message is put aside", async () => {
  await using t = await asking({ transactionCheckMax: "2" });
  await t.prepare("hello", [["KEYS", "k"]]);
  await t.rig.clock.advance(30_000);
  assertEquals(t.client.far.commands().length, 2);
  assertEquals(halves(t).map((each) => each.get("TRANSACTION_CHECK_TIMES")), [undefined, "1", "2"]);
  const [aside] = messagesOf(t.rig.store, GIVEN_UP, 0);
  const properties = parseProperties(aside.properties);
  assertEquals(new TextDecoder().decode(aside.body), "hello");
  assertEquals([properties.get("REAL_TOPIC"), properties.get("KEYS")], ["T", "k"]);
  assertEquals(t.rig.parts.transactions.open, 0);
  assert(t.rig.log.lines.some((line) => line.includes("given up") && line.includes("id-hello")));
  await t.rig.clock.advance(30_000);
  assertEquals(messagesOf(t.rig.store, GIVEN_UP, 0).length, 1);
});

test("the last question may still be answered before the message is put aside", async () => {
  await using t = await asking({ transactionCheckMax: "1" });
  await t.prepare("hello");
  await t.rig.clock.advance(19_000);
  assertEquals((await t.end(newestHalf(t.rig), "8")).code, 0);
  await t.rig.clock.advance(30_000);
  assertEquals([t.texts(), t.texts(GIVEN_UP)], [["hello"], []]);
});

test("a late word on what was given up is heard, once", async () => {
  await using t = await asking({ transactionCheckMax: "1" });
  const half = await t.prepare("hello");
  await t.rig.clock.advance(20_000);
  assertEquals([t.texts(), t.texts(GIVEN_UP)], [[], ["hello"]]);
  assertEquals((await t.end(half, "8")).code, 0);
  assertEquals((await t.end(half, "8")).code, 1);
  await t.settle();
  assertEquals(t.texts(), ["hello"]);
});

test("one older than fileReservedTime is put aside without a question", async () => {
  await using t = await asking({ fileReservedTime: "1" });
  await t.prepare("old", [], at(-3_600_000));
  await t.rig.clock.advance(10_000);
  assertEquals([t.client.far.commands(), t.texts(GIVEN_UP)], [[], ["old"]]);
});

test("a producer that answers late about the first of several copies ends the transaction once", async () => {
  await using t = await asking();
  const first = await t.prepare("hello");
  await t.rig.clock.advance(25_000);
  const newest = newestHalf(t.rig);
  assertEquals(newest.queueOffset, 2);
  assertEquals((await t.end(first, "8")).code, 0);
  assertEquals((await t.end(newest, "8")).code, 1);
  await t.rig.clock.advance(60_000);
  assertEquals([t.texts(), t.rig.parts.transactions.open], [["hello"], 0]);
  assertEquals(messagesOf(t.rig.store, HALF, 0).length, 3, "nobody is asked any more");
});

test("CHECK_IMMUNITY_TIME_IN_SECONDS keeps questions away for so long from its birth on", async () => {
  await using t = await asking();
  await t.prepare("patient", IMMUNE);
  await t.prepare("other");
  await t.rig.clock.advance(20_000);
  const asked = t.client.far.commands().map(({ ext }) => ext.msgId);
  assertEquals(asked, ["id-other", "id-other"], "it is no reason to leave others alone");
  const patient = halves(t).filter((each) => each.get("UNIQ_KEY") === "id-patient");
  assertEquals(patient.map((each) => each.get("TRAN_PREPARED_QUEUE_OFFSET")), [
    undefined,
    "0",
    "0",
  ]);
  assertEquals(patient.map((each) => each.get("TRANSACTION_CHECK_TIMES")).at(-1), undefined);
  await t.rig.clock.advance(10_000);
  assertEquals(
    t.client.far.commands().map(({ ext }) => ext.msgId).sort(),
    ["id-other", "id-patient"],
  );
});

test("a transaction that was written again to be left alone is ended by its first place", async () => {
  await using t = await asking();
  const first = await t.prepare("patient", IMMUNE);
  await t.rig.clock.advance(10_000);
  assertEquals((await t.end(first, "8")).code, 0);
  await t.rig.clock.advance(40_000);
  assertEquals([t.texts(), t.client.far.commands()], [["patient"], []]);
});

test("questions go to the live producers of the group in turn, never to another group", async () => {
  await using t = await asking();
  const [second, other] = [t.rig.client("10.0.0.2"), t.rig.client("10.0.0.3")];
  await second.ask(producerBeat("p2"));
  await other.ask(producerBeat("q", "Q"));
  for (const text of ["a", "b"]) await t.prepare(text);
  await t.rig.clock.advance(10_000);
  const got = [t.client, second, other].map(({ far }) => far.commands().length);
  assertEquals(got, [1, 1, 0]);
  t.client.peer.close();
  await t.rig.clock.advance(10_000);
  assertEquals(second.far.commands().length, 2, "who is left is asked about both");
});

test("with no producer connected that is said once a round, and asked when one comes", async () => {
  await using t = await transactionRig({ flags: FLAGS });
  for (const text of ["a", "b"]) await t.prepare(text);
  await t.rig.clock.advance(10_000);
  const said = t.rig.log.lines.filter((line) => line.includes("no producer is connected"));
  assertEquals(said.length, 1);
  assert(said[0].includes('"transactions":2'));
  await t.client.ask(producerBeat("p1"));
  await t.rig.clock.advance(10_000);
  assertEquals(t.client.far.commands().length, 2);
});

test("a disk that refuses the copy is asked for it again the next time", async () => {
  await using t = await asking();
  const half = await t.prepare("hello");
  const append = t.rig.store.append.bind(t.rig.store);
  t.rig.store.append = () => {
    throw new PutRefusal("unavailable", "the disk is full");
  };
  await t.rig.clock.advance(10_000);
  assertEquals(t.client.far.commands(), []);
  t.rig.store.append = append;
  await t.rig.clock.advance(10_000);
  assertEquals(t.client.far.commands().length, 1);
  assertEquals((await t.end(half, "12")).code, 0);
  assertEquals(t.texts(), []);
});

test("200 open transactions are all asked about in one round", async () => {
  await using t = await asking();
  for (let n = 0; n < 200; n++) await t.prepare(`m${n}`);
  await t.rig.clock.advance(10_000);
  const asked = t.client.far.commands();
  assertEquals(new Set(asked.map(({ ext }) => ext.msgId)).size, 200);
  for (const { ext } of asked) {
    const half = {
      queueOffset: Number(ext.tranStateTableOffset),
      logOffset: Number(ext.commitLogOffset),
    };
    await t.client.askAll({ ...endFields(half, "8"), oneway: true });
  }
  await t.settle();
  assertEquals([t.texts().length, t.rig.parts.transactions.open], [200, 0]);
});

test("what an operator changes about transactions counts at once", async () => {
  await using t = await asking({ transactionTimeOut: "86400000" });
  await t.prepare("hello");
  await t.rig.clock.advance(10_000);
  assertEquals(t.client.far.commands(), [], "its producer still has time");
  const told = {
    transactionTimeOut: "1000",
    transactionCheckMax: "1",
    transactionCheckInterval: "100",
  };
  await t.change({ ...told, rejectTransactionMessage: "true" });
  await assertRejects(() => t.prepare("more"), Error, "half refused: 16 Cannot prepare");
  await t.rig.clock.advance(10_000); // the time between two looks counts from the next on
  assertEquals(t.client.far.commands().map(({ code }) => code), [39]);
  await t.rig.clock.advance(100);
  assertEquals(t.texts(GIVEN_UP), ["hello"]);
});
