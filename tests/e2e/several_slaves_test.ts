import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { test } from "../harness.ts";
import { CountedLoad } from "../support/counted_load.ts";
import { LinedCluster, type LinedOptions, type Member } from "../support/lined_cluster.ts";
import { patiently } from "../support/patience.ts";
import { Random } from "../support/seeds.ts";

const FLAGS = ["--mappedFileSizeCommitLog", "131072", "--haSendHeartbeatInterval", "500"];
const LOAD = { topics: ["LoadA"], queues: 4 };
const MESSAGES = 300;

/** A load of so many messages, and how they were answered. */
async function send({ master }: LinedCluster, messages: number): Promise<CountedLoad> {
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
