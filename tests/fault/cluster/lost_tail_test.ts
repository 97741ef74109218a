import { assertEquals } from "@std/assert";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runPocketmq } from "../../support/binary.ts";
import { CountedLoad } from "../../support/counted_load.ts";
import { LinedCluster } from "../../support/lined_cluster.ts";
import { differences, keysInLog } from "../../support/load.ts";
import { logEnd, loseTail } from "../../support/lose_tail.ts";
import { patiently } from "../../support/patience.ts";
import { Random, seedsToRun } from "../../support/seeds.ts";
import { tempDir } from "../../support/temp.ts";
import { batches } from "./batches.ts";

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
  await load.idle();
  assertEquals(load.ok.length, confirmed, `SEND_OK for what nobody copied\n${cluster.story()}`);
  const found = differences(before.path, slaveLog);
  assertEquals(found, [], `bytes of another history came to the slave\n${cluster.story()}`);
  await isTakenBack(cluster, load);
}

/** After `pocketmq ha resync` the slave follows again, and what was answered SEND_OK is in its log or its copy. */
async function isTakenBack(cluster: LinedCluster, load: CountedLoad): Promise<void> {
  const { members: [master, slave], slaves } = cluster;
  const { broker: { port }, dir } = slave.node;
  let said = "";
  await patiently(() => `ha resync does not end well: ${said}\n${cluster.story()}`, async () => {
    const { code, stderr } = await runPocketmq(["ha", "resync", "-b", `127.0.0.1:${port}`]);
    said = `exit ${code} ${stderr}`;
    return code === 0;
  });
  const confirmed = load.ok.length;
  await patiently(() => `no SEND_OK after the resync\n${cluster.story()}`, () => {
    load.allow(load.sent + 4);
    return load.ok.length > confirmed;
  });
  await load.idle();
  await patiently(
    () => `the logs do not become equal\n${cluster.story()}`,
    () => cluster.differences("commitlog").length === 0,
  );
  for (const { node } of [...slaves, master]) assertEquals(await node.process.stop(), 0);
  assertEquals(cluster.differences("consumequeue"), []);
  const kept = new Set([...keysInLog(dir), ...keysInCopies(join(dir, "diverged"))]);
  assertEquals(load.ok.filter((key) => !kept.has(key)), [], "SEND_OK, and in no log or copy");
}

/** The keys in every file below a folder. */
function keysInCopies(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
  return files.flatMap((text) => [...text.matchAll(/KEYS.(m\d+)/g)].map(([, key]) => key));
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

/* A seed waits most of its time: for back-offs, and for a slave that asks every 5 s whether it fits again. */
batches("a slave with another history than its master waits and can be taken back", {
  seeds: seedsToRun(5, 50),
  atATime: 5,
  body: losesTail,
});
