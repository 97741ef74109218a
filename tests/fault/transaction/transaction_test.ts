/**
 * Transactions over crashes: whatever dies at whatever moment, what is left of them in the log is ended as its
 * producer says, and nothing is delivered that was rolled back.
 */
import { assertEquals } from "@std/assert";
import { decodeRecord } from "../../../src/wire/message.ts";
import { test } from "../../harness.ts";
import type { RigOptions } from "../../support/broker_rig.ts";
import { VirtualClock } from "../../support/clock.ts";
import type { MemFs } from "../../support/mem_fs.ts";
import { everySeed, type Random } from "../../support/seeds.ts";
import { textsOf } from "../../support/store.ts";
import {
  endFields,
  GIVEN_UP,
  HALF,
  type Half,
  prepareFields,
  producerBeat,
  type TransactionRig,
  transactionRig,
} from "../../unit/broker/transaction/rig.ts";

const LIVES = 4;
/** Files and intervals so small that all of them matter. */
const FLAGS = {
  mappedFileSizeCommitLog: "16384",
  flushConsumerOffsetInterval: "700",
  transactionTimeOut: "500",
  transactionCheckInterval: "1000",
  transactionCheckMax: "1000",
};
const IMMUNE: [string, string][] = [["CHECK_IMMUNITY_TIME_IN_SECONDS", "3"]];

test("killed at any moment, a broker ends each transaction once", () =>
  everySeed(25, (random) => lives(random, "ASYNC_FLUSH", (fs) => fs.kill(), true)));

for (const flush of ["ASYNC_FLUSH", "SYNC_FLUSH"]) {
  test(`when the power is cut, what is left of transactions is ended as it was said: ${flush}`, () =>
    everySeed(25, (random) => lives(random, flush, (fs) => fs.powerCut(random), false)));
}

/** Lives of one broker, each ended by a crash; then time to ask about what is left. */
async function lives(
  random: Random,
  flushDiskType: string,
  crash: (fs: MemFs) => void,
  once: boolean,
): Promise<void> {
  const flags = { ...FLAGS, flushDiskType };
  let left: RigOptions = { flags };
  const stored = new Set<string>();
  for (let life = 0; life < LIVES; life++) {
    const t = await transactionRig(left);
    await live(t, random, life, stored);
    crash(t.rig.fs);
    const clock = new VirtualClock(); // what is dead does nothing any more
    clock.pause(t.rig.clock.monotonic() + random.below(2_000));
    left = { flags, fs: t.rig.fs, clock };
  }
  await using t = await transactionRig(left);
  await t.client.ask(producerBeat("p"));
  for (let round = 0; round < 12; round++) {
    await t.rig.clock.advance(1_000);
    await answerAll(t);
  }
  const prepared = new Set(textsOf(t.rig.store, HALF, 0));
  const delivered = t.texts();
  const wanted = [...prepared].filter((text) => text.startsWith("c")).sort();
  assertEquals(once ? [...delivered].sort() : [...new Set(delivered)].sort(), wanted);
  assertEquals([t.rig.parts.transactions.open, t.texts(GIVEN_UP)], [0, []]);
  if (once || flushDiskType === "SYNC_FLUSH") {
    assertEquals([...stored].filter((text) => !prepared.has(text)), []);
  }
}

/** Sends, ends some by its own word, answers some questions, and lets time pass. */
async function live(
  t: TransactionRig,
  random: Random,
  life: number,
  stored: Set<string>,
): Promise<void> {
  if (random.below(2) === 0) await t.client.ask(producerBeat("p"));
  const rounds = random.between(1, 10);
  for (let round = 0; round < rounds; round++) {
    for (let n = random.below(4); n > 0; n--) {
      const text = `${random.pick(["c", "r"])} ${life}.${round}.${n}`;
      const born = { bornTimestamp: String(t.rig.clock.now()) };
      const half = prepareFields(text, random.below(4) === 0 ? IMMUNE : [], born);
      const answer = (await t.client.askAll(half)).find(({ flag }) => (flag & 1) === 1);
      if (answer?.code !== 0) continue;
      stored.add(text);
      const logOffset = parseInt(answer.ext.msgId.slice(16), 16);
      const at = { queueOffset: Number(answer.ext.queueOffset), logOffset };
      if (random.below(2) === 0) await say(t, text, at);
    }
    await t.rig.clock.advance(random.below(1_500));
    if (random.below(2) === 0) await answerAll(t);
  }
}

async function answerAll(t: TransactionRig): Promise<void> {
  for (const { code, ext, body } of t.client.far.commands()) {
    if (code !== 39) continue;
    const text = new TextDecoder().decode(decodeRecord(body).body);
    const half = {
      queueOffset: Number(ext.tranStateTableOffset),
      logOffset: Number(ext.commitLogOffset),
    };
    await say(t, text, half);
  }
}

async function say(t: TransactionRig, text: string, half: Half): Promise<void> {
  await t.client.askAll({ ...endFields(half, text.startsWith("c") ? "8" : "12"), oneway: true });
}
