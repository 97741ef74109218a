import { assertEquals } from "@std/assert";
import { textOf } from "../../src/base/bytes.ts";
import type { Address } from "../../src/ports/net.ts";
import { decodeRecords } from "../../src/wire/message.ts";
import { test } from "../harness.ts";
import { runPocketmq } from "../support/binary.ts";
import {
  type BrokerNode,
  type Cluster,
  sendRequest,
  startBrokerNode,
  startCluster,
} from "../support/cluster.ts";
import { patiently } from "../support/patience.ts";
import { pullRequest } from "../support/pull_request.ts";

const TOPIC = "Orders";
const SETTINGS = { readQueueNums: "1", writeQueueNums: "1", perm: "6", defaultTopic: "TBW102" };
const QUEUE = { topic: TOPIC, queueId: "0" };

async function change(cluster: Cluster, code: number, ext: Record<string, string>): Promise<void> {
  const answer = await cluster.ask(cluster.master.broker, { code, ext: { topic: TOPIC, ...ext } });
  assertEquals(answer.code, 0, answer.remark);
}

const create = (cluster: Cluster): Promise<void> =>
  change(cluster, 17, {
    ...SETTINGS,
    topicFilterType: "SINGLE_TAG",
    topicSysFlag: "0",
    order: "false",
  });

const remove = (cluster: Cluster): Promise<void> => change(cluster, 215, {});

async function put(cluster: Cluster, ...texts: string[]): Promise<void> {
  for (const text of texts) {
    const request = sendRequest(TOPIC, text, `KEYS\x01key\x02`);
    const answer = await cluster.ask(cluster.master.broker, request);
    assertEquals(answer.code, 0, answer.remark);
  }
}

/** What a node shows of the topic: the queue's ends, bodies by pull from 0, and how many by key. */
async function shown(cluster: Cluster, node: Address): Promise<unknown[]> {
  const [min, max] = await Promise.all(
    [31, 30].map((code) => cluster.ask(node, { code, ext: QUEUE })),
  );
  const pulled = await cluster.ask(node, pullRequest(TOPIC, 0, 0));
  const key = { topic: TOPIC, key: "key", maxNum: "32", beginTimestamp: "0" };
  const found = await cluster.ask(node, {
    code: 12,
    ext: { ...key, endTimestamp: String(Number.MAX_SAFE_INTEGER) },
  });
  const bodies = decodeRecords(pulled.body).map(({ body }) => textOf(body));
  return [min.ext.offset, max.ext.offset, bodies, decodeRecords(found.body).length];
}

async function again({ dir, flags, name }: BrokerNode): Promise<BrokerNode> {
  return await startBrokerNode(name, flags, dir);
}

test("a deleted topic's messages stay gone: kill -9, restarts, a rebuild, and on the slave", async () => {
  await using cluster = await startCluster({ slaves: 1, role: "SYNC_MASTER" });
  const slave = cluster.slaves[0].broker;
  await create(cluster);
  await put(cluster, "a", "b", "c");
  await remove(cluster);
  let node = cluster.master;
  await node.process.kill("SIGKILL");
  node = await again(node);
  try {
    const gone = await cluster.ask(node.broker, pullRequest(TOPIC, 0, 0));
    assertEquals(gone.code, 17, "a crash does not bring it back");
    await create(cluster);
    assertEquals(await shown(cluster, node.broker), ["3", "3", [], 0]);
    await patiently(
      "the slave is not there again",
      async () =>
        (await cluster.ask(node.broker, sendRequest(TOPIC, "d", `KEYS\x01key\x02`))).code === 0,
    );
    const { length } = (await shown(cluster, node.broker))[2] as string[];
    const due = [["3", String(3 + length), Array(length).fill("d"), length]];
    let last: unknown;
    await patiently(() => `the slave shows ${JSON.stringify(last)}`, async () => {
      last = await shown(cluster, slave);
      return JSON.stringify(last) === JSON.stringify(due[0]);
    });

    await node.process.kill("SIGKILL");
    node = await again(node);
    assertEquals([await shown(cluster, node.broker)], due);
    assertEquals(await node.process.stop(), 0);
    for (const command of ["rebuild", "verify"]) {
      const done = await runPocketmq(["log", command, node.dir]);
      assertEquals(done.code, 0, done.stdout + done.stderr);
    }
    node = await again(node);
    assertEquals([await shown(cluster, node.broker)], due);

    await cluster.slaves[0].process.kill("SIGKILL");
    const other = await again(cluster.slaves[0]);
    await using _ = other.process;
    assertEquals([await shown(cluster, other.broker)], due);
  } finally {
    await node.process[Symbol.asyncDispose]();
  }
});
