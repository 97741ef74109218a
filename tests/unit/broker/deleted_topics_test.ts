import { assertEquals } from "@std/assert";
import { textOf } from "../../../src/base/bytes.ts";
import { parseTopicTable } from "../../../src/wire/topic.ts";
import { test } from "../../harness.ts";
import {
  type BrokerRig,
  brokerRig,
  pull,
  type RigOptions,
  send,
} from "../../support/broker_rig.ts";
import { OWN, PARK, put, textsIn, withMessages } from "../../support/pulls.ts";
import { textsOf } from "../../support/store.ts";
import { delayed, delayRig } from "./delay/delay_rig.ts";
import { transactionRig } from "./transaction/rig.ts";

const QUEUE = { topic: "T", queueId: "0" };

async function remake(rig: BrokerRig, topic = "T"): Promise<void> {
  assertEquals((await rig.client().ask({ code: 215, ext: { topic } })).code, 0);
  assertEquals(rig.parts.topics.get(topic), undefined);
  rig.parts.topics.ensure(topic, 4);
}

/** T had three messages with keys, was deleted and made again. */
async function remade(options: RigOptions = {}): Promise<BrokerRig> {
  const rig = await withMessages([], options);
  const sends = ["a", "b", "c"].map((text) => send({ properties: `KEYS\x01k\x02` }, text));
  for (const { code } of await rig.client().askAll(...sends)) assertEquals(code, 0);
  rig.parts.offsets.commit("old", "T", 0, 1);
  await remake(rig);
  return rig;
}

const asked = async (rig: BrokerRig, code: number, ext: Record<string, string> = {}) =>
  await rig.client().ask({ code, ext: { ...QUEUE, ...ext } });
const offset = async (rig: BrokerRig, code: number, ext: Record<string, string> = {}) =>
  (await asked(rig, code, ext)).ext.offset;

for (const restarts of [false, true]) {
  test(`nobody sees messages of a topic that was deleted and made again${restarts ? ", after a restart" : ""}`, async () => {
    let rig = await remade();
    if (restarts) {
      await rig.close();
      rig = await brokerRig({ fs: rig.fs });
    }
    try {
      const now = String(Date.now());
      assertEquals([await offset(rig, 31), await offset(rig, 30)], ["3", "3"]);
      assertEquals(
        [await offset(rig, 29, { timestamp: "0" }), await offset(rig, 29, { timestamp: now })],
        ["3", "3"],
      );
      assertEquals((await asked(rig, 32)).ext.timestamp, "-1");
      const stats = textOf((await asked(rig, 202)).body);
      const [, first] = stats.split('"queueId":0,');
      assertEquals(
        first.slice(first.indexOf(":{") + 1, first.indexOf("}", first.indexOf(":{")) + 1),
        '{"lastUpdateTimestamp":0,"maxOffset":3,"minOffset":3}',
      );
      const key = {
        key: "k",
        maxNum: "32",
        beginTimestamp: "0",
        endTimestamp: "9223372036854775807",
      };
      assertEquals((await asked(rig, 12, key)).code, 22);
      const look = await asked(rig, 321, { index: "0", count: "10", consumerGroup: "" });
      assertEquals(JSON.parse(textOf(look.body)).queueData ?? [], []);
    } finally {
      await rig.close();
    }
  });
}

test("a group reads on where the topic begins now, one that had not read all as well as a new one", async () => {
  await using rig = await remade();
  const of = (consumerGroup: string) => offset(rig, 14, { consumerGroup });
  assertEquals([await of("old"), await of("new")], ["3", "3"]);
  await put(rig, "d");
  assertEquals([await of("old"), await of("new")], ["3", "3"]);
  const client = rig.client();
  for (const queueOffset of ["0", "1", "3"]) {
    const answer = await client.ask(pull({ queueOffset }));
    assertEquals([answer.code, textsIn(answer)], [0, ["d"]]);
    assertEquals([answer.ext.minOffset, answer.ext.nextBeginOffset], ["3", "4"]);
  }
});

test("208 counts no deleted message as one that a group has still to read", async () => {
  await using rig = await remade();
  await put(rig, "d");
  const answer = await asked(rig, 208, { consumerGroup: "old" });
  const text = textOf(answer.body);
  assertEquals(/"brokerOffset":4,"consumerOffset":3/.test(text), true, text);
});

test("a pull that waits on a topic made again gets its first message, no old one", async () => {
  await using rig = await remade();
  const client = rig.client();
  assertEquals(
    await client.askAll(
      pull({ queueOffset: "1", sysFlag: String(PARK | OWN), suspendTimeoutMillis: "15000" }),
    ),
    [],
  );
  await put(rig, "d");
  await rig.clock.settle();
  const [answer] = client.far.commands();
  assertEquals([answer.code, textsIn(answer)], [0, ["d"]]);
});

test("a message that was sent before its topic was deleted, in the same read, is deleted", async () => {
  await using rig = await withMessages([]);
  const [sent, deleted] = await rig.client().askAll(
    send({}, "a"),
    { code: 215, ext: { topic: "T" } },
  );
  assertEquals([sent.code, deleted.code], [0, 0]);
  await rig.clock.settle();
  const { minOffset, maxOffset } = rig.store.queues.get("T", 0)!;
  assertEquals([minOffset, maxOffset], [1, 1]);
});

test("a crash does not bring a deleted topic back, but one that was sent to since", async () => {
  const rig = await remade();
  rig.parts.topics.delete("T");
  rig.parts.topics.ensure("B", 4);
  await rig.client().ask(send({ topic: "B" }, "b"));
  await rig.client().ask({ code: 215, ext: { topic: "B" } });
  await rig.client().ask(send({ topic: "B" }, "again"));
  await rig.close();
  const { fs } = rig;
  for (const name of ["topics.json", "topics.json.bak"]) fs.dir("/store/config").remove(name);
  fs.put("/store/abort", new Uint8Array());
  await using after = await brokerRig({ fs });
  assertEquals([after.parts.topics.get("T"), after.parts.topics.get("B")?.perm], [undefined, 6]);
});

test("a retry topic is deleted like any other", async () => {
  await using rig = await withMessages([]);
  rig.parts.topics.ensure("%RETRY%G", 1);
  await rig.client().ask(send({ topic: "%RETRY%G" }, "a"));
  await remake(rig, "%RETRY%G");
  assertEquals(rig.store.queues.get("%RETRY%G", 0)?.minOffset, 1);
});

test("21 tells what was deleted, and a slave that takes it over hides the same", async () => {
  await using master = await remade();
  await put(master, "d");
  const table = parseTopicTable((await master.client().ask({ code: 21 })).body);
  assertEquals([...table.deleted!.keys()], ["T"]);
  await using slave = await brokerRig({ role: "slave" });
  const bytes = new Uint8Array(master.store.log.tail);
  master.store.log.readAt(0, bytes);
  slave.store.appendRaw(0, bytes);
  await slave.clock.settle();
  await slave.store.deletions.follow(table.deleted!);
  const numbers = ({ store }: BrokerRig) => {
    const { minOffset, maxOffset, start } = store.queues.get("T", 0)!;
    return [minOffset, maxOffset, start];
  };
  assertEquals([numbers(slave), numbers(master)], [[3, 4, 3], [3, 4, 3]]);
});

test("a delayed message whose topic was deleted meanwhile is there when the topic is made again", async () => {
  await using rig = await delayRig();
  await put(rig, "old");
  await rig.client().ask(delayed(1, "late"));
  await remake(rig);
  rig.parts.topics.delete("T");
  await rig.clock.advance(2_000);
  assertEquals([rig.parts.topics.get("T"), textsOf(rig.store, "T", 0)], [undefined, ["late"]]);
});

test("a transaction whose topic was deleted meanwhile is committed as ever, once", async () => {
  await using scene = await transactionRig();
  const { rig } = scene;
  const half = await scene.prepare("late");
  assertEquals((await rig.client().ask({ code: 215, ext: { topic: "T" } })).code, 0);
  assertEquals((await scene.end(half, "8")).code, 0);
  await scene.settle();
  assertEquals([rig.parts.topics.get("T"), scene.texts()], [undefined, ["late"]]);
  assertEquals(scene.ops(), [half.queueOffset]);
});
