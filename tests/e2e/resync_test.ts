/** A slave whose history is not its master's any more, on the real binary: `ha resync` and what it leaves. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { type OwnHaStatus, parseHaStatus } from "../../src/wire/ha_status.ts";
import { formatResync } from "../../src/wire/ha_resync.ts";
import { decodeRecords } from "../../src/wire/message.ts";
import { property } from "../../src/wire/properties.ts";
import { test } from "../harness.ts";
import { AGING_FLAGS, expireFiles } from "../support/aging.ts";
import { type Exit, runPocketmq } from "../support/binary.ts";
import {
  type BrokerNode,
  type Cluster,
  startBrokerNode,
  startCluster,
} from "../support/cluster.ts";
import { differences, keysInLog, sendWhile } from "../support/load.ts";
import { patiently } from "../support/patience.ts";
import { pullRequest } from "../support/pull_request.ts";

const FILE_BYTES = 1024 * 1024;
const LOAD = { connections: 2, inFlight: 16, topics: ["LoadA", "LoadB"], queues: 2 };

/** Two histories on the disks of a cluster whose brokers are down. */
interface Parted {
  readonly cluster: Cluster;
  /** Where they part, and where the slave's ends. */
  readonly parts: number;
  readonly end: number;
  /** Messages that only the slave has. */
  readonly lost: ReadonlySet<string>;
}

async function statusOf(cluster: Cluster, { broker }: BrokerNode): Promise<OwnHaStatus> {
  return parseHaStatus((await cluster.ask(broker, { code: 907 })).body).pocketmq!;
}

async function becomes(cluster: Cluster, slave: BrokerNode, state: string): Promise<OwnHaStatus> {
  let status = await statusOf(cluster, slave);
  await patiently(`it does not become ${state}`, async () => {
    status = await statusOf(cluster, slave);
    return status.state === state;
  }).catch((error) => {
    throw new Error(`${error.message}, it is ${JSON.stringify(status)}\n${slave.process.stderr}`);
  });
  return status;
}

/** Both brokers write what the other does not have: the slave's store is a master's for a while. */
async function partedBy(
  bytes: { ours: number; theirs: number; bodyBytes?: number },
): Promise<Parted> {
  const flags = ["--mappedFileSizeCommitLog", String(FILE_BYTES)];
  const cluster = await startCluster({ slaves: 1, role: "ASYNC_MASTER", flags });
  try {
    const [slave] = cluster.slaves;
    const parts = await sendUntil(cluster, cluster.master, 2 * FILE_BYTES);
    await patiently(
      "the slave has all",
      async () => (await statusOf(cluster, slave)).maxOffset === parts,
    );
    await cluster.master.process.kill("SIGKILL");
    await slave.process.kill("SIGKILL");
    const promoted = await started(cluster, slave, asMaster(slave));
    const end = await sendUntil(cluster, promoted, parts + bytes.ours, bytes.bodyBytes);
    await promoted.process.kill("SIGKILL");
    const common = keysInLog(cluster.master.dir);
    const lost = new Set([...keysInLog(slave.dir)].filter((key) => !common.has(key)));
    assert(lost.size > 10 && end > parts);
    const master = await started(cluster, cluster.master);
    if (bytes.theirs > 0) await sendUntil(cluster, master, end + bytes.theirs, bytes.bodyBytes);
    return { cluster, parts, end, lost };
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

/** Sends until its log reaches that far; gives where it ends. */
async function sendUntil(
  cluster: Cluster,
  node: BrokerNode,
  end: number,
  bodyBytes?: number,
): Promise<number> {
  const stop = new AbortController();
  const load = sendWhile(node.broker, { ...LOAD, bodyBytes }, stop.signal);
  const ends = async () => (await statusOf(cluster, node)).maxOffset;
  await patiently("the load comes on", async () => await ends() >= end);
  stop.abort();
  await load;
  return await ends();
}

function asMaster({ flags }: BrokerNode): string[] {
  const [, , , ...rest] = flags; // --slave --brokerId 1
  return ["--master", ...rest];
}

/** Starts a broker of the cluster again, on its store and ports. */
async function started(
  cluster: Cluster,
  { name, flags, dir }: BrokerNode,
  as: readonly string[] = flags,
): Promise<BrokerNode> {
  const node = await startBrokerNode(name, as, dir);
  cluster.nodes.push(node);
  return node;
}

/** Log bytes on the disk of a broker. */
function logBytes(dir: string, from: number, to: number): Uint8Array {
  const files = readdirSync(join(dir, "commitlog")).sort();
  const log = Buffer.concat(files.map((name) => readFileSync(join(dir, "commitlog", name))));
  return new Uint8Array(log.subarray(from - Number(files[0]), to - Number(files[0])));
}

/** The one copy below `diverged`, with where its first byte was. */
function copyIn(dir: string): { from: number; bytes: Uint8Array; range: Record<string, unknown> } {
  const [folder, ...more] = readdirSync(join(dir, "diverged"));
  assertEquals(more, []);
  const path = join(dir, "diverged", folder);
  const name = readdirSync(path).find((name) => /^\d{20}$/.test(name))!;
  const range = JSON.parse(readFileSync(join(path, "range.json"), "utf8"));
  return { from: Number(name), bytes: new Uint8Array(readFileSync(join(path, name))), range };
}

async function keysOn(cluster: Cluster, { broker }: BrokerNode): Promise<Set<string>> {
  const keys = new Set<string>();
  for (const topic of LOAD.topics) {
    for (let queueId = 0; queueId < LOAD.queues; queueId++) {
      for (let offset = 0;;) {
        const answer = await cluster.ask(broker, pullRequest(topic, queueId, offset));
        if (answer.code !== 0) break;
        for (const { properties } of decodeRecords(answer.body)) {
          keys.add(property(properties, "KEYS")!);
        }
        offset = Number(answer.ext.nextBeginOffset);
      }
    }
  }
  return keys;
}

function resync({ broker }: BrokerNode, ...more: string[]): Promise<Exit> {
  return runPocketmq(["ha", "resync", "-b", `${broker.host}:${broker.port}`, ...more]);
}

/** The slave has what the master has, its readers too, and its own history is kept. */
async function isWhole({ cluster, parts, end, lost }: Parted, slave: BrokerNode, tail: Uint8Array) {
  const { master } = cluster;
  await patiently(
    "slave and master end alike",
    async () =>
      (await statusOf(cluster, slave)).maxOffset === (await statusOf(cluster, master)).maxOffset,
  );
  const copy = copyIn(slave.dir);
  assertEquals([copy.from, copy.range.from, copy.range.to], [parts, parts, end]);
  assertEquals(Buffer.compare(copy.bytes, tail), 0, "the copy is what was cut");
  assertEquals(existsSync(join(slave.dir, "resync.json")), false);
  const keys = await keysOn(cluster, slave);
  assertEquals([...keys].filter((key) => lost.has(key)), [], "readers see what was cut");
  assertEquals(keys.size, (await keysOn(cluster, master)).size);
  await slave.process.kill("SIGTERM");
  for (const { process } of cluster.nodes) await process.kill("SIGTERM");
  for (const part of ["commitlog", "consumequeue"]) {
    assertEquals(differences(join(master.dir, part), join(slave.dir, part)), []);
  }
}

test("a slave that diverged is resynced: it has the master's log, and its own is kept", async () => {
  const parted = await partedBy({ ours: 2 * FILE_BYTES, theirs: FILE_BYTES });
  const { cluster, parts, end, lost } = parted;
  await using _ = cluster;
  const [before] = cluster.slaves;
  const slave = await started(cluster, before);
  const status = await becomes(cluster, slave, "DIVERGED");
  assertStringIncludes(status.advice, "pocketmq ha resync");
  assertEquals((await keysOn(cluster, slave)).isSupersetOf(lost), true);
  const tail = logBytes(slave.dir, parts, end);
  const offset = { consumerGroup: "G", topic: "LoadA", queueId: "0", commitOffset: "9999999" };
  await cluster.ask(slave.broker, { code: 15, ext: offset });

  const { code, stdout, stderr } = await resync(slave);
  assertEquals(code, 0, stdout + stderr);
  assertMatch(stdout, new RegExp(`${parts}`));
  await becomes(cluster, slave, "IN_SYNC");
  const { ext } = await cluster.ask(slave.broker, { code: 14, ext: offset });
  const queueEnd = await cluster.ask(slave.broker, { code: 30, ext: offset });
  assert(Number(ext.offset) <= Number(queueEnd.ext.offset), "consumers wait at the end at most");
  assertEquals((await resync(slave)).code, 4, "there is nothing more to be cut");
  await isWhole(parted, slave, tail);
});

test("a resync that is killed is gone on with by the next start", async () => {
  const parted = await partedBy({ ours: 64 * FILE_BYTES, theirs: FILE_BYTES, bodyBytes: 100_000 });
  const { cluster, parts, end } = parted;
  await using _ = cluster;
  const [before] = cluster.slaves;
  const first = await started(cluster, before);
  await becomes(cluster, first, "DIVERGED");
  const tail = logBytes(first.dir, parts, end);
  const marker = join(first.dir, "resync.json");
  cluster.ask(first.broker, formatResync(false)).catch(() => {}); // it dies before it answers
  while (!existsSync(marker)) await new Promise((resolve) => setImmediate(resolve));
  await first.process.kill("SIGKILL");
  assert(existsSync(marker), "the resync was over before the kill");
  const slave = await started(cluster, before);
  assertStringIncludes(slave.process.stderr, "going on with a resync");
  await becomes(cluster, slave, "IN_SYNC");
  await isWhole(parted, slave, tail);
});

test("haAutoResync: a slave that diverged is resynced by itself", async () => {
  const parted = await partedBy({ ours: 2 * FILE_BYTES, theirs: FILE_BYTES });
  const { cluster, parts, end } = parted;
  await using _ = cluster;
  const [before] = cluster.slaves;
  const tail = logBytes(before.dir, parts, end);
  const slave = await started(cluster, before, [...before.flags, "--haAutoResync", "true"]);
  await becomes(cluster, slave, "IN_SYNC");
  await isWhole(parted, slave, tail);
});

test("resync is refused by a master, and by a slave that is in sync", async () => {
  await using cluster = await startCluster({ slaves: 1 });
  const { master, slaves: [slave] } = cluster;
  await becomes(cluster, slave, "IN_SYNC");
  const byMaster = await resync(master);
  assertEquals(byMaster.code, 1);
  assertStringIncludes(byMaster.stderr, "this broker is no slave");
  const bySlave = await resync(slave);
  assertEquals(bySlave.code, 4);
  assertStringIncludes(bySlave.stderr, "its log does not differ");
});

test("a slave that is ahead is not cut, and told what to do", async () => {
  const { cluster, parts, end } = await partedBy({ ours: FILE_BYTES, theirs: 0 });
  await using _ = cluster;
  const [before] = cluster.slaves;
  const slave = await started(cluster, before);
  await becomes(cluster, slave, "AHEAD");
  const { code, stderr } = await resync(slave);
  assertEquals(code, 4);
  assertStringIncludes(stderr, `it ends at ${parts} and lacks what we hold up to ${end}`);
  assertEquals((await statusOf(cluster, slave)).maxOffset, end);
  assertEquals(existsSync(join(slave.dir, "diverged")), false);
});

for (const finished of [false, true]) {
  const name = finished
    ? "a slave that was in sync once and was outrun by its master stays PURGED"
    : "a first copy that its master outran begins anew by itself";
  test(name, async () => {
    const flags = ["--mappedFileSizeCommitLog", String(FILE_BYTES), ...AGING_FLAGS];
    await using cluster = await startCluster({ slaves: 1, role: "ASYNC_MASTER", flags });
    const { master, slaves: [slave] } = cluster;
    await cluster.send("LoadA", "the first");
    await patiently(
      "the slave has it",
      async () => (await statusOf(cluster, slave)).maxOffset > 0,
    );
    await becomes(cluster, slave, "IN_SYNC");
    await slave.process.kill("SIGKILL");
    const end = await sendUntil(cluster, master, 4 * FILE_BYTES);
    if (!finished) writeFileSync(join(slave.dir, "full-sync"), ""); // as one that was killed before it was in sync
    expireFiles(master.dir, 2);
    await patiently(
      "the master keeps expired files",
      async () => (await statusOf(cluster, master)).minOffset === 2 * FILE_BYTES,
    );
    const again = await started(cluster, slave);
    if (finished) {
      const { maxOffset } = await becomes(cluster, again, "PURGED");
      assert(maxOffset < 2 * FILE_BYTES);
      assertEquals((await resync(again)).code, 4);
      return;
    }
    const { minOffset, maxOffset } = await becomes(cluster, again, "IN_SYNC");
    assertEquals([minOffset, maxOffset], [2 * FILE_BYTES, end]);
    assertStringIncludes(again.process.stderr, "begins anew");
    assertEquals(existsSync(join(slave.dir, "full-sync")), false);
  });
}
