import { assertEquals } from "@std/assert";
import { Ops } from "../../../../src/broker/transaction/ops.ts";
import { AT_ONCE } from "../../../../src/store/turn.ts";
import { test } from "../../../harness.ts";
import { brokerRig } from "../../../support/broker_rig.ts";
import { messagesOf, textsOf } from "../../../support/store.ts";
import {
  CURSORS,
  endFields,
  FLAGS,
  GIVEN_UP,
  HALF,
  newestHalf,
  OP,
  producerBeat,
  type TransactionRig,
  transactionRig,
} from "./rig.ts";

/** Closes a broker and opens another on its files. */
async function restarted(t: TransactionRig): Promise<TransactionRig> {
  await t.close();
  return await transactionRig({ flags: FLAGS, fs: t.rig.fs });
}

test("after a start it is known what is open, by half and op messages", async () => {
  const t = await transactionRig({ flags: FLAGS });
  const halves = [];
  for (let n = 0; n < 6; n++) halves.push(await t.prepare(`m${n}`));
  await t.end(halves[0], "8");
  await t.end(halves[3], "12");
  await using next = await restarted(t);
  assertEquals(next.rig.parts.transactions.open, 4);
  const codes = [];
  for (const half of halves) codes.push((await next.end(half, "8")).code);
  assertEquals(codes, [1, 0, 0, 1, 0, 0]);
  await next.settle();
  assertEquals(next.texts(), ["m0", "m1", "m2", "m4", "m5"]);
});

test("cursors stand at the oldest open transaction, and say only what is safe", async () => {
  const flags = {
    ...FLAGS,
    transactionCheckInterval: "3600000",
    flushIntervalCommitLog: "60000",
    flushCommitLogThoroughInterval: "60000",
  };
  const t = await transactionRig({ flags });
  const halves = [];
  for (let n = 0; n < 5; n++) halves.push(await t.prepare(`m${n}`));
  for (const n of [1, 0, 3]) await t.end(halves[n], "8");
  await t.rig.clock.advance(9_000);
  assertEquals(t.cursors(), [undefined, undefined], "a power cut could take the op messages");
  await t.rig.clock.advance(30_000);
  assertEquals(
    t.cursors(),
    [2, 2],
    "the third op message names what lies behind the oldest open one",
  );
  for (const n of [2, 4]) await t.end(halves[n], "12");
  await t.rig.clock.advance(130_000);
  assertEquals(t.cursors(), [5, 5]);
  await using next = await restarted(t);
  assertEquals(next.rig.parts.transactions.open, 0);
});

test("a transaction that was asked about goes on after a start as its newest copy only", async () => {
  for (const more of [[], [["CHECK_IMMUNITY_TIME_IN_SECONDS", "3600"]]] as [string, string][][]) {
    const t = await transactionRig({ flags: FLAGS });
    const first = await t.prepare("hello", more);
    await t.rig.clock.advance(25_000);
    t.rig.parts.offsets.removeGroup(CURSORS); // a crash lost how far they were
    await using next = await restarted(t);
    assertEquals(next.rig.parts.transactions.open, 1);
    assertEquals((await next.end(first, "8")).code, 0);
    assertEquals((await next.end(newestHalf(next.rig), "8")).code, 1);
    next.rig.parts.offsets.removeGroup(CURSORS);
    await using last = await restarted(next);
    assertEquals([last.texts(), last.rig.parts.transactions.open], [["hello"], 0]);
  }
});

test("words that come before it is known what is open are heard then", async () => {
  const t = await transactionRig({ flags: FLAGS });
  const [kept, gone] = [await t.prepare("kept"), await t.prepare("gone")];
  await t.end(gone, "12");
  await t.close();
  await using rig = await brokerRig({ flags: FLAGS, fs: t.rig.fs });
  const client = rig.client();
  assertEquals(await client.askAll(endFields(kept, "8"), endFields(gone, "8")), []);
  const stop = new AbortController();
  const running = rig.parts.transactions.run(stop.signal);
  await rig.clock.settle();
  assertEquals(client.far.commands().map(({ code }) => code).sort(), [0, 1]);
  assertEquals(textsOf(rig.store, "T", 0), ["kept"]);
  stop.abort();
  await running;
});

test("what was given up stays so after a start", async () => {
  const t = await transactionRig({ flags: { ...FLAGS, transactionCheckMax: "1" } });
  await t.client.ask(producerBeat("p1"));
  await t.prepare("hello");
  await t.rig.clock.advance(20_000);
  assertEquals(t.texts(GIVEN_UP), ["hello"]);
  t.rig.parts.offsets.removeGroup(CURSORS);
  await using next = await restarted(t);
  await next.rig.clock.advance(20_000);
  assertEquals(next.texts(GIVEN_UP), ["hello"]);
});

test("an op message of a 5.x broker names several half messages", async () => {
  const t = await transactionRig({ flags: FLAGS });
  const half = await t.prepare("a");
  await t.prepare("b");
  await t.end(half, "12");
  const [op] = messagesOf(t.rig.store, OP, 0);
  t.rig.store.append({
    ...op,
    topicBytes: new TextEncoder().encode(OP),
    bornHost: new Uint8Array(8),
    storeHost: new Uint8Array(8),
    preparedTransactionOffset: 0,
    body: new TextEncoder().encode("0,1"),
  });
  t.rig.store.commit();
  await using next = await restarted(t);
  assertEquals(next.rig.parts.transactions.open, 0);
});

test("op messages beyond what is kept in memory are read again when it is their turn", async () => {
  await using t = await transactionRig({
    flags: { ...FLAGS, transactionCheckInterval: "3600000" },
  });
  const halves = [];
  for (let n = 0; n < 10; n++) halves.push(await t.prepare(`m${n}`));
  const ops = new Ops(t.rig.store, 3);
  await ops.load(0, AT_ONCE, () => {});
  for (const n of [0, 1, 2, 3, 4, 5, 9, 6]) {
    await t.end(halves[n], "12");
    ops.stored(messagesOf(t.rig.store, OP, 0).length - 1, n);
  }
  await t.settle();
  const ends = [];
  for (const oldest of [0, 2, 7, 10]) ends.push(await ops.advance(oldest, AT_ONCE));
  assertEquals(ends, [0, 2, 6, 8]);
  assertEquals(messagesOf(t.rig.store, HALF, 0).length, 10);
});

test("after a crash that took the topics' settings, half and op topic have one queue again", async () => {
  const t = await transactionRig({ flags: FLAGS });
  await t.end(await t.prepare("hello"), "8");
  t.rig.fs.kill();
  for (const name of ["topics.json", "topics.json.bak"]) {
    if (t.rig.fs.paths("store/config").some((path) => path.endsWith(`/${name}`))) {
      t.rig.fs.dir("/store/config").remove(name);
    }
  }
  await using next = await transactionRig({ flags: FLAGS, fs: t.rig.fs });
  const queues = [HALF, OP, "T"].map((topic) => next.rig.parts.topics.get(topic)?.readQueueNums);
  assertEquals(queues, [1, 1, 8]);
});
