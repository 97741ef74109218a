import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { textOf, utf8, viewOf } from "../../../src/base/bytes.ts";
import { decodeCommand } from "../../../src/wire/codec.ts";
import { decodeRecord } from "../../../src/wire/message.ts";
import type { Command, ExtFields } from "../../../src/wire/command.ts";
import { test } from "../../harness.ts";
import { type BrokerRig, brokerRig, send } from "../../support/broker_rig.ts";
import { goldenExchanges, goldenFrame } from "../../support/golden.ts";
import { goldenStore } from "../../support/golden_store.ts";

const QUERY = 12;
const NOT_FOUND = 22;
const FOREVER = "9223372036854775807";

function query(fields: ExtFields = {}): { code: number; ext: ExtFields } {
  const always = { topic: "T", key: "k", maxNum: "10", beginTimestamp: "0", endTimestamp: FOREVER };
  return { code: QUERY, ext: { ...always, ...fields } };
}

/** A send with these keys, one second after the one before. */
async function put(
  rig: BrokerRig,
  text: string,
  keys: string,
  more: ExtFields = {},
): Promise<void> {
  const properties = `KEYS\x01${keys}`;
  assertEquals((await rig.client().ask(send({ properties, ...more }, text))).code, 0);
  await rig.clock.advance(1000);
}

/** The bodies in an answer. */
function texts({ body }: Command): string[] {
  const found: string[] = [];
  for (let at = 0; at < body.length; at += viewOf(body).getInt32(at)) {
    const size = viewOf(body).getInt32(at);
    found.push(textOf(decodeRecord(body.subarray(at, at + size)).body));
  }
  return found;
}

test("12 answers what Java answered, byte for byte", async () => {
  for (const { request, response } of goldenExchanges().filter(({ code }) => code === QUERY)) {
    const [asked, answered] = [request, response!].map((side) => decodeCommand(goldenFrame(side)));
    for (const name of ["master-killed", "slave-clean"] as const) {
      const flags = { mappedFileSizeCommitLog: "65536" };
      await using rig = await brokerRig({ fs: goldenStore(name), flags });
      const { code, body } = await rig.client().ask({ code: QUERY, ext: asked.ext });
      assertEquals([code, body], [answered.code, answered.body], asked.ext.key);
    }
  }
});

test("12 finds a message by each of its keys, and nothing by a part of one", async () => {
  await using rig = await brokerRig();
  await put(rig, "a", "one two");
  await put(rig, "b", "two  three ");
  await put(rig, "c", "two", { topic: "U" });
  const ask = async (key: string) => texts(await rig.client().ask(query({ key })));
  assertEquals(await ask("one"), ["a"]);
  assertEquals(await ask("two"), ["a", "b"]);
  assertEquals(await ask("three"), ["b"]);
  assertEquals(texts(await rig.client().ask(query({ topic: "U", key: "two" }))), ["c"]);
  for (const key of ["one two", "on", "ONE", "four"]) assertEquals(await ask(key), []);
});

test("12 finds by unique key, and then gives defaultQueryMaxNum whatever was asked", async () => {
  await using rig = await brokerRig({ flags: { defaultQueryMaxNum: "2" } });
  for (const text of ["a", "b", "c"]) {
    await put(rig, text, "k", { properties: "UNIQ_KEY\x01ID\x02KEYS\x01k" });
  }
  const ask = async (fields: ExtFields) => texts(await rig.client().ask(query(fields)));
  assertEquals(await ask({ key: "ID", maxNum: "1", _UNIQUE_KEY_QUERY: "true" }), ["b", "c"]);
  assertEquals(await ask({ key: "ID", maxNum: "1" }), ["c"]);
  assertEquals(await ask({ key: "ID", maxNum: "9", _UNIQUE_KEY_QUERY: "false" }), ["a", "b", "c"]);
});

test("12 gives the newest of too many, at most maxMsgsNumBatch, in the order of the log", async () => {
  await using rig = await brokerRig({ flags: { maxMsgsNumBatch: "3" } });
  for (const text of ["a", "b", "c", "d"]) await put(rig, text, "k");
  const ask = async (maxNum: string) => texts(await rig.client().ask(query({ maxNum })));
  assertEquals(await ask("2"), ["c", "d"]);
  assertEquals(await ask("2147483647"), ["b", "c", "d"]);
  assertEquals([await ask("0"), await ask("-1")], [[], []]);
});

test("12 keeps to the time it is asked for, both ends included", async () => {
  await using rig = await brokerRig();
  const begin = rig.clock.now();
  for (const text of ["a", "b", "c"]) await put(rig, text, "k"); // at 0, 1000 and 2000 ms
  const ask = async (from: number, to: number) =>
    texts(
      await rig.client().ask(
        query({ beginTimestamp: String(begin + from), endTimestamp: String(begin + to) }),
      ),
    );
  assertEquals(await ask(1000, 1000), ["b"]);
  assertEquals(await ask(1, 1999), ["b"]);
  assertEquals(await ask(0, 1000), ["a", "b"]);
  assertEquals(await ask(2001, 9000), []);
  assertEquals(await ask(2000, 1000), []);
});

test("12 sees a message that dispatch has not come to, as whoever sent it expects", async () => {
  await using rig = await brokerRig();
  const client = rig.client();
  let answer: Promise<Command> | undefined;
  rig.store.log.onMoved((tail) => {
    assert(rig.store.dispatch.position < tail, "dispatch comes later");
    const handler = rig.handlers.get(QUERY)!;
    answer = handler(query() as unknown as Command, client.peer) as Promise<Command>;
  });
  await client.ask(send({ properties: "KEYS\x01k" }, "a"));
  assertEquals(texts(await answer!), ["a"]);
});

test("12 answers 22 and says why when it finds nothing", async () => {
  await using rig = await brokerRig();
  await put(rig, "a", "k");
  const { code, remark, ext } = await rig.client().ask(query({ key: "other" }));
  assertEquals([code, remark], [
    NOT_FOUND,
    'Cannot find a message with key "other" of topic "T" in that time',
  ]);
  assertEquals(ext, { indexLastUpdatePhyoffset: "0", indexLastUpdateTimestamp: "1700000000000" });
});

test("12 says so when the index is off, and keys of that time are found once it is on", async () => {
  const off = await brokerRig({ flags: { messageIndexEnable: "false" } });
  await put(off, "a", "k");
  const { code, remark } = await off.client().ask(query());
  assertEquals(code, NOT_FOUND);
  assertStringIncludes(remark!, "messageIndexEnable is false here");
  await off.close();
  await using on = await brokerRig({ fs: off.fs });
  assertEquals(texts(await on.client().ask(query())), ["a"]);
});

test("12 names the field that is missing or no number", async () => {
  await using rig = await brokerRig();
  for (
    const [field, bad] of [["topic", ""], ["key", ""], ["maxNum", "x"], ["beginTimestamp", ""]]
  ) {
    const { code, remark } = await rig.client().ask(query({ [field]: bad }));
    assertEquals(code, 1);
    assertStringIncludes(remark!, `"${field}"`);
  }
});

test("12 fits its answer into a frame, with the newest messages", async () => {
  const flags = { mappedFileSizeCommitLog: "33554432" };
  await using rig = await brokerRig({ flags });
  for (let i = 0; i < 6; i++) await put(rig, String(i).repeat(3_500_000), "k");
  const answer = await rig.client().ask(query());
  assertEquals(texts(answer).map((text) => text[0]), ["2", "3", "4", "5"]);
});

test("300 names the groups that have offsets in a topic, as Java does", async () => {
  const exchanges = goldenExchanges().filter(({ code }) => code === 300);
  assert(exchanges.length > 0);
  await using rig = await brokerRig();
  rig.parts.offsets.commit("CID_RMQ_SYS_TRANS", "RMQ_SYS_TRANS_HALF_TOPIC", 0, 1);
  for (const { request, response } of exchanges) {
    const [asked, answered] = [request, response!].map((side) => decodeCommand(goldenFrame(side)));
    const { code, body } = await rig.client().ask({ code: 300, ext: asked.ext });
    assertEquals([code, textOf(body)], [answered.code, textOf(answered.body)]);
  }
});

test("300 names the groups that are online for a topic, each once", async () => {
  await using rig = await brokerRig();
  const client = rig.client();
  const consumerDataSet = [{
    groupName: "G",
    consumeType: "CONSUME_PASSIVELY",
    messageModel: "CLUSTERING",
    consumeFromWhere: "CONSUME_FROM_FIRST_OFFSET",
    subscriptionDataSet: [{ topic: "T", subString: "*", expressionType: "TAG", subVersion: 1 }],
    unitMode: false,
  }];
  await client.ask({ code: 34, body: utf8(JSON.stringify({ clientID: "c", consumerDataSet })) });
  rig.parts.offsets.commit("G", "T", 0, 1);
  const ask = async (topic: string) =>
    textOf((await client.ask({ code: 300, ext: { topic } })).body);
  assertEquals([await ask("T"), await ask("U")], ['{"groupList":["G"]}', '{"groupList":[]}']);
});
