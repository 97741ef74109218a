import { assertEquals } from "@std/assert";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { test } from "../../harness.ts";
import { CountedLoad } from "../../support/counted_load.ts";
import { LinedCluster } from "../../support/lined_cluster.ts";
import { differences, keysInLog } from "../../support/load.ts";
import { logEnd, loseTail } from "../../support/lose_tail.ts";
import { patiently } from "../../support/patience.ts";
import { Random, seedFailed, seedsToRun } from "../../support/seeds.ts";
import { tempDir } from "../../support/temp.ts";

const LOAD = { topics: ["LoadA"], queues: 3 };
const FLAGS = [
  ...["--mappedFileSizeCommitLog", "65536"],
  ...["--haSendHeartbeatInterval", "200"],
  ...["--haHousekeepingInterval", "1000"],
  ...["--slaveTimeout", "400"],
];

/**
 * A power cut of the master takes the end of its log, which the slave has. From then on they hold two
 * histories: the slave confirms nothing and gets nothing, before and after the master's log outgrows its own.
 */
async function losesTail(seed: number): Promise<void> {
  const random = new Random(seed);
  const lost = random.pick([1, 100, 5_000, 100_000]);
  const bothDie = random.below(2) === 0;
  const afterwards = random.pick([10, 60, 200]);
  const pauseMs = random.pick([500, 2_500]);
  await using cluster = await LinedCluster.start({ slaves: 1, flags: FLAGS });
  const [master, slave] = cluster.members;
  await using load = new CountedLoad(cluster.master.broker, LOAD, random);
  await patiently("no send is answered 0", () => {
    load.allow(load.sent + 4);
    return load.ok.length > 0;
  });
  await send(load, random.between(50, 150));

  await Promise.all(cluster.members.slice(0, bothDie ? 2 : 1).map((node) => cluster.kill(node)));
  if (bothDie) await cluster.restart(slave); // alone: a torn end is cut now and not later
  await quiet(slave.node.dir);
  using before = tempDir();
  const slaveLog = join(slave.node.dir, "commitlog");
  cpSync(slaveLog, before.path, { recursive: true });
  const confirmed = load.ok.length;
  const held = keysInLog(slave.node.dir);
  assertEquals(load.ok.filter((key) => !held.has(key)), [], "SEND_OK, but not on the slave");
  loseTail(master.node.dir, Math.max(0, logEnd(slave.node.dir) - lost));

  await cluster.restart(master);
  load.redial();
  if (bothDie) {
    await cluster.kill(slave);
    await cluster.restart(slave);
  }
  await send(load, afterwards);
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
  await send(load, 30);
  await load[Symbol.asyncDispose]();
  assertEquals(load.ok.length, confirmed, `SEND_OK for what nobody copied\n${cluster.story()}`);
  const found = differences(before.path, slaveLog);
  assertEquals(found, [], `bytes of another history came to the slave\n${cluster.story()}`);
}

/** Waits until nothing is appended any more: what a dead master sent may still be on its way. */
async function quiet(storeDir: string): Promise<void> {
  for (let end = -1; end !== logEnd(storeDir);) {
    end = logEnd(storeDir);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

async function send(load: CountedLoad, messages: number): Promise<void> {
  const until = load.sent + messages;
  load.allow(until);
  await load.reached(until);
}

const SEEDS_A_TEST = 5;

const seeds = seedsToRun(5, 50);
for (let from = 0; from < seeds.length; from += SEEDS_A_TEST) {
  const some = seeds.slice(from, from + SEEDS_A_TEST);
  const name = `seeds ${some[0]} to ${some[some.length - 1]}`;
  test(`a slave with another history than its master confirms nothing and gets nothing: ${name}`, async () => {
    for (const seed of some) {
      await losesTail(seed).catch((error) => {
        throw seedFailed(seed, error);
      });
    }
  });
}
