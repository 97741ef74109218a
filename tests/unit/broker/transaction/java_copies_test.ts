/** What a killed Java broker leaves: copies of half messages that only its cursor knew to be copies. */
import { assertEquals } from "@std/assert";
import { copyOf } from "../../../../src/broker/copy.ts";
import { opOf } from "../../../../src/broker/transaction/op.ts";
import type { NewMessage } from "../../../../src/store/store.ts";
import type { StoredMessage } from "../../../../src/wire/message.ts";
import { withProperty } from "../../../../src/wire/properties.ts";
import { test } from "../../../harness.ts";
import { messagesOf } from "../../../support/store.ts";
import {
  CURSORS,
  FLAGS,
  HALF,
  type Half,
  newestHalf,
  producerBeat,
  type TransactionRig,
  transactionRig,
} from "./rig.ts";
const TOPIC = { topicName: HALF, bytes: new TextEncoder().encode(HALF) };

/** Writes a half message again as Java's broker does when it asks about it the nth time. */
async function askedByJava(t: TransactionRig, { queueOffset }: Half, times: number): Promise<Half> {
  const half = messagesOf(t.rig.store, HALF, 0)[queueOffset];
  const properties = withProperty(half.properties, "TRANSACTION_CHECK_TIMES", String(times));
  await store(t, copyOf(half, TOPIC, 0, { properties }));
  return newestHalf(t.rig);
}

/** Notes its end as Java's broker does. */
async function endedByJava(t: TransactionRig, { queueOffset }: Half): Promise<void> {
  const half: StoredMessage = messagesOf(t.rig.store, HALF, 0)[queueOffset];
  await store(t, opOf(queueOffset, half, t.rig.clock.now()));
}

async function store(t: TransactionRig, message: NewMessage): Promise<void> {
  t.rig.store.append(message);
  t.rig.store.commit();
  await t.settle();
}

/** Starts a broker on the files of one that was killed before it kept how far it was. */
async function afterKill(t: TransactionRig): Promise<TransactionRig> {
  t.rig.parts.offsets.removeGroup(CURSORS);
  await t.close();
  return await transactionRig({ flags: FLAGS, fs: t.rig.fs });
}

const OPEN_OF: Record<string, (t: TransactionRig) => Promise<number>> = {
  "asked twice and not answered": async (t) => {
    const first = await t.prepare("m");
    await askedByJava(t, await askedByJava(t, first, 1), 2);
    return 1;
  },
  "answered when it was asked": async (t) => {
    await endedByJava(t, await askedByJava(t, await t.prepare("m"), 1));
    return 0;
  },
  "answered too late, when it had been asked again": async (t) => {
    const copy = await askedByJava(t, await t.prepare("m"), 1);
    await askedByJava(t, copy, 2);
    await endedByJava(t, copy);
    return 0;
  },
  "ended by the word on the first that came while it was asked": async (t) => {
    const first = await t.prepare("m");
    await askedByJava(t, first, 1);
    await endedByJava(t, first);
    return 0;
  },
  "one of many": async (t) => {
    const halves = [];
    for (let n = 0; n < 60; n++) halves.push(await t.prepare(`m${n}`));
    for (const half of halves) {
      const copy = await askedByJava(t, half, 1);
      if (half.queueOffset % 3 === 0) await endedByJava(t, copy);
    }
    return 40;
  },
  "two halves of one id, as its producer sent it again": async (t) => {
    await askedByJava(t, await t.prepare("m"), 1);
    await t.prepare("m", [], { bornTimestamp: "1700000000009" });
    return 2;
  },
  "two halves of one id in different queues": async (t) => {
    await askedByJava(t, await t.prepare("m"), 1);
    await t.prepare("m", [], { queueId: "3" });
    return 2;
  },
  "two halves of different groups": async (t) => {
    await askedByJava(t, await t.prepare("m"), 1);
    await t.prepare("m", [["PGROUP", "Q"]]);
    return 2;
  },
  "never asked, the same id twice": async (t) => {
    await t.prepare("m");
    await t.prepare("m");
    return 2;
  },
};

for (const [what, leave] of Object.entries(OPEN_OF)) {
  test(`behind a killed Java broker: ${what}`, async () => {
    const t = await transactionRig({ flags: { ...FLAGS, transactionCheckInterval: "3600000" } });
    const open = await leave(t);
    await using next = await afterKill(t);
    assertEquals(next.rig.parts.transactions.open, open);
  });
}

test("what a killed Java broker asked about is asked about and delivered once, over more kills", async () => {
  const t = await transactionRig({ flags: { ...FLAGS, transactionCheckInterval: "3600000" } });
  await askedByJava(t, await askedByJava(t, await t.prepare("m"), 1), 2);
  const ours = await afterKill(t);
  await ours.client.ask(producerBeat("p1"));
  await ours.rig.clock.advance(12_000);
  assertEquals(ours.client.far.commands().map(({ code }) => code).filter((code) => code === 39), [
    39,
  ]);
  assertEquals(newestHalf(ours.rig).queueOffset, 3, "one copy of the newest");
  const again = await afterKill(ours);
  assertEquals(again.rig.parts.transactions.open, 1);
  assertEquals((await again.end(newestHalf(again.rig), "8")).code, 0);
  await using last = await afterKill(again);
  assertEquals([last.texts(), last.rig.parts.transactions.open], [["m"], 0]);
});
