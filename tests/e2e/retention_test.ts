/** Old files of the log on the real binary: when they go, what stays readable, and what a full disk answers. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RequestCode, ResponseCode } from "../../src/wire/codes.ts";
import { decodeRecords } from "../../src/wire/message.ts";
import { test } from "../harness.ts";
import { AGING_FLAGS, expireFiles, logFiles } from "../support/aging.ts";
import {
  type BrokerNode,
  type Cluster,
  sendRequest,
  startBrokerNode,
  startCluster,
} from "../support/cluster.ts";
import { patiently } from "../support/patience.ts";
import { pullRequest } from "../support/pull_request.ts";
import { diskKinds } from "../support/small_disk.ts";
import { tempDir } from "../support/temp.ts";

const FILE = 65_536;
const TOPIC = "Aging";
const BODY = "x".repeat(8_000);
/** Seven messages fill a file of the log, ten a file of a queue, five one of the index. */
const FLAGS = [
  ...AGING_FLAGS,
  ...["--mappedFileSizeCommitLog", String(FILE), "--mappedFileSizeConsumeQueue", "200"],
  ...["--maxHashSlotNum", "10", "--maxIndexNum", "6"],
];

/** Sends until the log has so many files; gives how many messages that took. */
async function fill(cluster: Cluster, { broker, dir }: BrokerNode, files: number): Promise<number> {
  let count = 0;
  for (; logFiles(dir).length < files; count++) {
    const { code, remark } = await cluster.ask(
      broker,
      sendRequest(TOPIC, BODY, `KEYS\x01key${count}`),
    );
    assertEquals([code, remark], [0, remark]);
  }
  return count;
}

async function number(
  cluster: Cluster,
  { broker }: BrokerNode,
  code: number,
): Promise<number> {
  const { ext } = await cluster.ask(broker, { code, ext: { topic: TOPIC, queueId: "0" } });
  return Number(ext.offset);
}

const minOf = (cluster: Cluster, node: BrokerNode) =>
  number(cluster, node, RequestCode.GET_MIN_OFFSET);

/** The bodies from an offset to the queue's end, and the offsets they have. */
async function offsetsFrom(cluster: Cluster, node: BrokerNode, from: number): Promise<number[]> {
  const found: number[] = [];
  for (let offset = from;;) {
    const answer = await cluster.ask(node.broker, pullRequest(TOPIC, 0, offset));
    if (answer.code !== 0) return found;
    found.push(...decodeRecords(answer.body).map(({ queueOffset }) => queueOffset));
    offset = Number(answer.ext.nextBeginOffset);
  }
}

test("expired files go on a running broker, readers are told where it goes on, a restart knows it", async () => {
  await using cluster = await startCluster({ slaves: 1, flags: FLAGS });
  const { master, slaves: [slave] } = cluster;
  const count = await fill(cluster, master, 8);
  assert(await minOf(cluster, master) === 0 && logFiles(master.dir).length === 8, "they are young");
  expireFiles(master.dir, 5);
  await patiently("the files stay", () => logFiles(master.dir).length === 3);
  await patiently("the queue's files stay", () => queueFiles(master).length <= 3);
  await patiently("the index stays", () => indexFiles(master).length < indexFiles(slave).length);
  const min = await minOf(cluster, master);
  assert(min > 30 && min < count, `the queue begins at ${min}`);

  const early = await cluster.ask(master.broker, pullRequest(TOPIC, 0, 3));
  assertEquals(
    [early.code, Number(early.ext.nextBeginOffset), Number(early.ext.minOffset)],
    [ResponseCode.PULL_OFFSET_MOVED, min, min],
  );
  const rest = Array.from({ length: count - min }, (_, i) => min + i);
  assertEquals(await offsetsFrom(cluster, master, min), rest);
  const view = { code: RequestCode.VIEW_MESSAGE_BY_ID, ext: { offset: "0" } };
  assertEquals((await cluster.ask(master.broker, view)).code, ResponseCode.SYSTEM_ERROR);
  assertEquals(await minOf(cluster, slave), 0, "a slave goes by the age of its own files");
  assertMatch(master.process.stderr, /old files of the log were removed.*expired/);

  await master.process.kill("SIGKILL");
  const again = await startBrokerNode("master", master.flags, master.dir);
  cluster.nodes.push(again);
  assertEquals(await minOf(cluster, again), min);
  const sent = await cluster.ask(again.broker, sendRequest(TOPIC, "after"));
  assertEquals(Number(sent.ext.queueOffset), count);
  assertEquals(await offsetsFrom(cluster, again, min), [...rest, count]);
});

const queueFiles = ({ dir }: BrokerNode) => readdirSync(join(dir, "consumequeue", TOPIC, "0"));
const indexFiles = ({ dir }: BrokerNode) => readdirSync(join(dir, "index"));

test("files that a connected slave still needs stay until it has them", async () => {
  await using cluster = await startCluster({ slaves: 1, role: "ASYNC_MASTER", flags: FLAGS });
  const { master, slaves: [slave] } = cluster;
  await fill(cluster, master, 3);
  await patiently("the slave has them", () => logFiles(slave.dir).length === 3);
  slave.process.kill("SIGSTOP");
  await fill(cluster, master, 7);
  expireFiles(master.dir, 6);
  await patiently(
    "it is not said",
    () => master.process.stderr.includes("expired files of the log stay"),
  );
  assertEquals(logFiles(master.dir).length, 5, "the third is the first it needs");
  slave.process.kill("SIGCONT");
  await patiently("they stay", () => logFiles(master.dir).length === 1);
  await patiently("the slave has all", () => logFiles(slave.dir).length === 7);
  assertEquals(slave.process.stderr.match(/PURGED/), null);
});

for (const { name, open } of diskKinds().filter(({ name }) => name === "a full disk")) {
  test(`${name}: first old files go, then code 14 says why, reads go on, and sends by themselves`, async () => {
    using folder = tempDir();
    const dir = join(folder.path, "small");
    using disk = open(dir);
    await using cluster = await startCluster({ slaves: 0, role: "ASYNC_MASTER", flags: FLAGS });
    const flags = cluster.master.flags.map((flag, i, all) =>
      all[i - 1] === "--storePathRootDir" ? dir : all[i - 1] === "--listenPort" ? "0" : flag
    );
    const node = await startBrokerNode("small", flags, dir, disk.how);
    cluster.nodes.push(node);
    const count = await fill(cluster, node, 6);
    const send = () => cluster.ask(node.broker, sendRequest(TOPIC, "small"));

    const ballast = join(dir, "half");
    const { blocks, bsize } = statfsSync(dir);
    const { length } = logFiles(dir);
    const used = () => 1 - statfsSync(dir).bavail / blocks;
    writeFileSync(ballast, new Uint8Array(Math.floor((0.88 - used()) * blocks) * bsize));
    await patiently("the oldest stay", () => logFiles(dir).length < length);
    assertEquals((await send()).code, 0);
    assert(used() < 0.88, `${used()} is used`);

    writeFileSync(join(dir, "more"), new Uint8Array(Math.floor((0.93 - used()) * blocks) * bsize));
    await patiently("nothing is refused", async () => (await send()).code === 14);
    const { remark } = await send();
    assertMatch(remark!, /is 9\d % full, messages are stored up to 90 %.*make room/);
    const min = await minOf(cluster, node);
    assert((await offsetsFrom(cluster, node, min)).includes(count), "it cannot be read");
    rmSync(join(dir, "more"));
    await patiently("sends stay refused", async () => (await send()).code === 0);
    const said = node.process.stderr.split("\n").filter((line) => /stored/.test(line));
    assertEquals(said.length, 2, said.join("\n"));
    assertStringIncludes(said[1], "messages are stored again");
  });
}

test("a disk over its ratio takes messages while enough is free, and refuses them while it is not", async () => {
  await using cluster = await startCluster({
    slaves: 0,
    role: "ASYNC_MASTER",
    flags: ["--diskSpaceWarningLevelRatio", "1", "--diskSpaceEnough", "1"],
  });
  assertEquals(await cluster.send(TOPIC, "stored"), 0);
  const { master } = cluster;
  await master.process.stop();
  const flags = [...master.flags, "--diskSpaceEnough", "9007199254740991"];
  const full = await startBrokerNode("master", flags, master.dir);
  cluster.nodes.push(full);
  const refused = await cluster.ask(full.broker, sendRequest(TOPIC, "refused"));
  assertEquals(refused.code, ResponseCode.SERVICE_NOT_AVAILABLE);
  assertStringIncludes(refused.remark!, "diskSpaceEnough");
  assertEquals(await offsetsFrom(cluster, full, 0), [0]);
});
