import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { tempDir } from "../support/temp.ts";
import { join } from "node:path";
import { test } from "../harness.ts";
import { type BrokerNode, startCluster } from "../support/cluster.ts";
import { CountedLoad } from "../support/counted_load.ts";
import { LinedCluster, type LinedOptions, type Member } from "../support/lined_cluster.ts";
import { patiently } from "../support/patience.ts";
import { Random } from "../support/seeds.ts";
import { diskKinds } from "../support/small_disk.ts";

const FLAGS = ["--mappedFileSizeCommitLog", "131072", "--haSendHeartbeatInterval", "500"];
const LOAD = { topics: ["LoadA"], queues: 4 };
const MESSAGES = 300;

/** A load of so many messages, and how they were answered. */
async function send(
  { master }: { readonly master: BrokerNode },
  messages: number,
): Promise<CountedLoad> {
  const load = new CountedLoad(master.broker, LOAD, new Random(1));
  load.allow(messages);
  await load.reached(messages);
  await load[Symbol.asyncDispose]();
  return load;
}

/** Three slaves that hold all there is. */
async function threeSlaves(options: Partial<LinedOptions>): Promise<LinedCluster> {
  const cluster = await LinedCluster.start({
    slaves: 3,
    ...options,
    flags: [...FLAGS, ...options.flags ?? []],
  });
  await patiently("all three slaves confirm", async () => (await send(cluster, 1)).ok.length === 1);
  await equal(cluster, cluster.slaves);
  return cluster;
}

function equal(cluster: LinedCluster, slaves: readonly Member[]): Promise<void> {
  const names = slaves.map(({ node }) => node.name).join(", ");
  return patiently(
    `the master's log does not reach ${names}`,
    () => cluster.differences("commitlog", slaves).length === 0,
  );
}

/** Far above the slowest answer of a busy machine, and never reached unless somebody waits for the third. */
const LONG_MS = 20_000;

interface Trouble {
  readonly name: string;
  begin(cluster: LinedCluster, slave: Member): void | Promise<void>;
  end(cluster: LinedCluster, slave: Member): void | Promise<void>;
}

const troubles: readonly Trouble[] = [
  {
    name: "killed",
    begin: (cluster, slave) => cluster.kill(slave),
    end: (cluster, slave) => cluster.restart(slave),
  },
  {
    name: "stopped",
    begin: (cluster, slave) => cluster.stop(slave, true),
    end: (cluster, slave) => cluster.stop(slave, false),
  },
  {
    name: "behind a slow line",
    begin: (_, { line }) => line!.throttle(10),
    end: (_, { line }) => line!.heal(),
  },
  {
    name: "behind a line that lets nothing through",
    begin: (_, { line }) => line!.stall("both"),
    end: (_, { line }) => line!.heal(),
  },
];

for (const { name, begin, end } of troubles) {
  test(`one of three slaves is ${name}: nobody waits for it, and it catches up`, async () => {
    await using cluster = await threeSlaves({ flags: ["--slaveTimeout", String(LONG_MS)] });
    const [one, other, third] = cluster.slaves;
    await begin(cluster, third);
    const load = await send(cluster, MESSAGES);
    assertEquals([...load.answers], [[0, MESSAGES]]);
    assertLess(load.slowestMs, LONG_MS / 2);
    await equal(cluster, [one, other]);
    assertGreater(cluster.differences("commitlog", [third]).length, 0, "it was not in trouble");
    await end(cluster, third);
    await equal(cluster, [third]);
  });
}

for (const { name, says, open } of diskKinds()) {
  test(`one of three slaves has ${name}: it says so once, confirms nothing, and goes on when there is room`, async () => {
    using folder = tempDir();
    const dir = join(folder.path, "third");
    using disk = open(dir);
    await using cluster = await threeSlaves({
      flags: ["--slaveTimeout", "3000"],
      how: (who) => who === 3 ? disk.how : {},
      dir: (who) => who === 3 ? dir : undefined,
    });
    const [one, other, third] = cluster.slaves;
    disk.fill(third.node.process);
    const load = await send(cluster, MESSAGES);
    assertEquals([...load.answers], [[0, MESSAGES]]);
    assertLess(load.slowestMs, 3000);
    await equal(cluster, [one, other]);
    const lines = () => third.node.process.stderr.split("\n").filter((line) => says.test(line));
    await patiently(
      "it does not say why",
      () => lines().some((line) => /\.ha: .*master/.test(line)),
    );
    await new Promise((resolve) => setTimeout(resolve, 3_500)); // it tries again meanwhile
    const kinds = lines().map((line) => line.replace(/^\S+ +/, "").replace(/\d+/g, "#"));
    assertEquals(kinds, [...new Set(kinds)], "each is said once");
    assertGreater(cluster.differences("commitlog", [third]).length, 0, "its disk was not full");
    for (const slave of [one, other]) cluster.stop(slave, true);
    assert(!(await send(cluster, 4)).answers.has(0), "it confirms what it does not have");
    for (const slave of [one, other]) cluster.stop(slave, false);
    disk.makeRoom(third.node.process);
    await equal(cluster, [third]);
    assert(third.alive);
  });
}

test("whoever asks for all three waits for a stopped one as long as slaveTimeout, for a dead one not at all", async () => {
  const timeoutMs = 700;
  await using cluster = await threeSlaves({
    flags: ["--slaveTimeout", String(timeoutMs), "--inSyncReplicas", "4"],
  });
  const [one, other, third] = cluster.slaves;
  cluster.stop(third, true);
  const waited = await send(cluster, 40);
  assertEquals([...waited.answers], [[12, 40]]);
  assertLess(waited.slowestMs, timeoutMs + 3_000);
  await equal(cluster, [one, other]);
  await cluster.kill(third);
  await patiently("the master notices", async () => (await send(cluster, 1)).answers.has(11));
  assertEquals([...(await send(cluster, 40)).answers], [[11, 40]]);
  await cluster.restart(third);
  await equal(cluster, [third]);
  await patiently("the third confirms again", async () => (await send(cluster, 1)).ok.length === 1);
});

test("with inSyncReplicas 3 and three slaves on one host one may be stopped, two may not", async () => {
  await using cluster = await startCluster({
    slaves: 3,
    flags: [...FLAGS, "--inSyncReplicas", "3", "--slaveTimeout", "4000"],
  });
  const [, other, third] = cluster.slaves;
  await patiently(
    "all three are served",
    () => cluster.master.process.stderr.split("serving a slave").length > 3,
  );
  void third.process.kill("SIGSTOP");
  const load = await send(cluster, MESSAGES);
  assertEquals([...load.answers], [[0, MESSAGES]]);
  assertLess(load.slowestMs, 4_000);
  void other.process.kill("SIGSTOP");
  assertEquals([...(await send(cluster, 4)).answers], [[12, 4]]);
});
