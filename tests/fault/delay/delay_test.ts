/**
 * Delayed messages over crashes: whatever dies at whatever moment, each message that still waits in the log
 * comes to its topic, and none comes twice.
 */
import { assertEquals } from "@std/assert";
import { test } from "../../harness.ts";
import type { BrokerRig, RigOptions } from "../../support/broker_rig.ts";
import { VirtualClock } from "../../support/clock.ts";
import type { MemFs } from "../../support/mem_fs.ts";
import { everySeed, type Random } from "../../support/seeds.ts";
import { messagesOf } from "../../support/store.ts";
import { delayed, type DelayRig, delayRig } from "../../unit/broker/delay/delay_rig.ts";

const LIVES = 4;
const LEVELS = 3;
/** Files and intervals so small that all of them matter. */
const FLAGS = {
  mappedFileSizeCommitLog: "16384",
  flushDelayOffsetInterval: "700",
  messageDelayLevel: "1s 2s 3s",
};

test("killed at any moment, each delayed message comes once", () =>
  everySeed(15, (random) => lives(random, "ASYNC_FLUSH", (fs) => fs.kill())));

for (const flush of ["ASYNC_FLUSH", "SYNC_FLUSH"]) {
  test(`when the power is cut, each delayed message that is left comes once: ${flush}`, () =>
    everySeed(15, (random) => lives(random, flush, (fs) => fs.powerCut(random))));
}

/** Lives of one broker, each ended by a crash; then time to deliver what is left. */
async function lives(
  random: Random,
  flushDiskType: string,
  crash: (fs: MemFs) => void,
): Promise<void> {
  const flags = { ...FLAGS, flushDiskType };
  let left: RigOptions = { flags };
  const stored = new Set<string>();
  for (let life = 0; life < LIVES; life++) {
    const rig = await delayRig(left);
    await live(rig, random, life, stored);
    crash(rig.fs);
    const clock = new VirtualClock(); // what is dead does nothing any more
    clock.pause(rig.clock.monotonic() + random.below(2_000));
    left = { flags, fs: rig.fs, clock };
  }
  await using rig = await delayRig(left);
  await rig.clock.advance(5_000);
  const waited = textsAt(rig, "SCHEDULE_TOPIC_XXXX", LEVELS);
  assertEquals(textsAt(rig, "T", 1), waited);
  if (flushDiskType === "SYNC_FLUSH") assertEquals(missing(stored, waited), []);
}

async function live(
  rig: DelayRig,
  random: Random,
  life: number,
  stored: Set<string>,
): Promise<void> {
  const client = rig.client();
  const rounds = random.between(1, 12);
  for (let round = 0; round < rounds; round++) {
    const texts = Array.from({ length: random.below(4) }, (_, i) => `${life}.${round}.${i}`);
    const requests = texts.map((text) => delayed(random.between(1, LEVELS), text));
    const answers = await client.askAll(...requests);
    answers.forEach(({ code }, i) => code === 0 && stored.add(texts[i]));
    await rig.clock.advance(random.below(900));
  }
}

function textsAt(rig: BrokerRig, topic: string, queues: number): string[] {
  const texts: string[] = [];
  for (let queueId = 0; queueId < queues; queueId++) {
    for (const { body } of messagesOf(rig.store, topic, queueId)) {
      texts.push(new TextDecoder().decode(body));
    }
  }
  return texts.sort();
}

function missing(stored: ReadonlySet<string>, waited: readonly string[]): string[] {
  const there = new Set(waited);
  return [...stored].filter((text) => !there.has(text));
}
