import { assert, assertEquals, assertGreater } from "@std/assert";
import { join } from "node:path";
import { decodeRecords } from "../../src/wire/message.ts";
import { property } from "../../src/wire/properties.ts";
import { test } from "../harness.ts";
import {
  type BrokerNode,
  type Cluster,
  startBrokerNode,
  startCluster,
} from "../support/cluster.ts";
import { pullRequest } from "../support/pull_request.ts";
import { differences, keysInLog, type LoadResult, sendWhile } from "../support/load.ts";

const FILE_BYTES = String(4 * 1024 * 1024);
const LOAD = { connections: 4, inFlight: 16, topics: ["LoadA", "LoadB", "LoadC"], queues: 4 };

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Everything in a queue, pulled from one broker. */
async function pullAll(
  cluster: Cluster,
  broker: BrokerNode,
  topic: string,
  queueId: number,
): Promise<string[]> {
  const keys: string[] = [];
  for (let offset = 0;;) {
    const answer = await cluster.ask(broker.broker, pullRequest(topic, queueId, offset));
    if (answer.code !== 0) return keys;
    for (const { properties } of decodeRecords(answer.body)) {
      keys.push(property(properties, "KEYS")!);
    }
    offset = Number(answer.ext.nextBeginOffset);
  }
}

async function pullEverything(cluster: Cluster, broker: BrokerNode): Promise<Set<string>> {
  const keys = new Set<string>();
  for (const topic of LOAD.topics) {
    for (let queueId = 0; queueId < LOAD.queues; queueId++) {
      for (const key of await pullAll(cluster, broker, topic, queueId)) {
        assert(!keys.has(key), `${key} came twice`);
        keys.add(key);
      }
    }
  }
  return keys;
}

/** Puts the master under load; what it gives ends that and says what was answered. */
function underLoad({ master }: Cluster): () => Promise<LoadResult> {
  const stop = new AbortController();
  const load = sendWhile(master.broker, LOAD, stop.signal);
  return () => {
    stop.abort();
    return load;
  };
}

function missing(wanted: readonly string[], found: ReadonlySet<string>): string[] {
  return wanted.filter((key) => !found.has(key));
}

test("what a SYNC_MASTER confirmed under load is on the slave when the master is killed", async () => {
  await using cluster = await startCluster({
    slaves: 1,
    flags: ["--mappedFileSizeCommitLog", FILE_BYTES],
  });
  const endLoad = underLoad(cluster);
  await after(2500);
  await cluster.master.process.kill("SIGKILL");
  const { ok } = await endLoad();
  assertGreater(ok.length, 1000, "the master was under load");
  await after(500); // the slave may still be writing what it has received
  const [slave] = cluster.slaves;
  assertEquals(missing(ok, keysInLog(slave.dir)), [], "confirmed, but not in the slave's log");
  assertEquals(missing(ok, await pullEverything(cluster, slave)), [], "not served by the slave");
});

test("master and slave hold the same bytes after load, log and queues", async () => {
  await using cluster = await startCluster({
    slaves: 1,
    flags: ["--mappedFileSizeCommitLog", FILE_BYTES],
  });
  const endLoad = underLoad(cluster);
  await after(2500);
  const { ok, other } = await endLoad();
  assertGreater(ok.length, 1000);
  assertEquals([...other], []);
  const [slave] = cluster.slaves;
  assertEquals((await pullEverything(cluster, cluster.master)).size, ok.length);
  assertEquals((await pullEverything(cluster, slave)).size, ok.length);
  assertEquals(await slave.process.stop(), 0);
  assertEquals(await cluster.master.process.stop(), 0);
  for (const part of ["commitlog", "consumequeue"]) {
    assertEquals(differences(join(cluster.master.dir, part), join(slave.dir, part)), []);
  }
});

test("a killed master starts again with every message it had answered", async () => {
  await using cluster = await startCluster({ slaves: 0, role: "ASYNC_MASTER" });
  const endLoad = underLoad(cluster);
  await after(1500);
  await cluster.master.process.kill("SIGKILL");
  const { ok } = await endLoad();
  assertGreater(ok.length, 1000);
  const { name, flags, dir } = cluster.master;
  const again = await startBrokerNode(name, flags, dir);
  try {
    assertEquals(missing(ok, await pullEverything(cluster, again)), []);
    const answer = await sendWhile(again.broker, LOAD, AbortSignal.timeout(300));
    assertGreater(answer.ok.length, 10);
    const all = await pullEverything(cluster, again);
    assertEquals(missing([...ok, ...answer.ok], all), []);
  } finally {
    await again.process[Symbol.asyncDispose]();
  }
});

test("a topic whose first message was just answered outlives a kill", async () => {
  await using cluster = await startCluster({ slaves: 0, role: "ASYNC_MASTER" });
  const properties = "KEYS\x01only";
  assertEquals(await cluster.send("JustMade", "hello", properties), 0);
  await cluster.master.process.kill("SIGKILL");
  const { name, flags, dir } = cluster.master;
  const again = await startBrokerNode(name, flags, dir);
  try {
    assertEquals(await pullAll(cluster, again, "JustMade", 0), ["only"]);
  } finally {
    await again.process[Symbol.asyncDispose]();
  }
});

test("a killed slave comes back and catches up while the master is under load", async () => {
  await using cluster = await startCluster({
    slaves: 1,
    flags: ["--mappedFileSizeCommitLog", FILE_BYTES],
  });
  const endLoad = underLoad(cluster);
  await after(1000);
  const [slave] = cluster.slaves;
  await slave.process.kill("SIGKILL");
  await after(500);
  const again = await startBrokerNode(slave.name, slave.flags, slave.dir);
  try {
    await after(1500);
    const { ok } = await endLoad();
    assertGreater(ok.length, 1000);
    const last = await sendWhile(cluster.master.broker, LOAD, AbortSignal.timeout(500));
    assertEquals([...last.other], [], "the slave that came back confirms");
    assertEquals(missing(ok, await pullEverything(cluster, again)), []);
    assertEquals(await again.process.stop(), 0);
    assertEquals(await cluster.master.process.stop(), 0);
    assertEquals(
      differences(join(cluster.master.dir, "commitlog"), join(slave.dir, "commitlog")),
      [],
    );
  } finally {
    await again.process[Symbol.asyncDispose]();
  }
});
