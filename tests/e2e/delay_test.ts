import { assertEquals, assertGreater } from "@std/assert";
import { decodeRecords } from "../../src/wire/message.ts";
import { formatPull, parsePullAnswer, PULL_FLAG } from "../../src/wire/pull.ts";
import { test } from "../harness.ts";
import { type BrokerNode, type Cluster, sendRequest, startBrokerNode } from "../support/cluster.ts";
import { startCluster } from "../support/cluster.ts";

const TOPIC = "Delayed";
const WAITS = "SCHEDULE_TOPIC_XXXX";
const LEVELS = ["--messageDelayLevel", "1s 2s"];

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends a message each 25 ms for a while; gives the bodies that were answered SEND_OK. */
async function sendFor(cluster: Cluster, node: BrokerNode, ms: number, name: string) {
  const stored: string[] = [];
  for (let n = 0; n < ms / 25; n++) {
    const body = `${name} ${n}`;
    const request = sendRequest(TOPIC, body, `DELAY\x01${1 + n % 2}`);
    const { code } = await cluster.ask(node.broker, request);
    if (code === 0) stored.push(body);
    await pause(25);
  }
  return stored;
}

/** The bodies of a queue. */
async function bodiesIn(cluster: Cluster, node: BrokerNode, topic: string, queueId: number) {
  const bodies: string[] = [];
  for (let at = 0;;) {
    const answer = await cluster.ask(
      node.broker,
      formatPull({
        consumerGroup: "G",
        topic,
        queueId,
        queueOffset: at,
        maxMessages: 32,
        sysFlag: PULL_FLAG.subscription,
        commitOffset: 0,
        holdMs: 0,
        subscription: "*",
        subVersion: 0,
        expressionType: "TAG",
      }),
    );
    if (answer.code !== 0) return bodies;
    bodies.push(...decodeRecords(answer.body).map(({ body }) => new TextDecoder().decode(body)));
    at = parsePullAnswer(answer).nextBeginOffset;
  }
}

async function waiting(cluster: Cluster, node: BrokerNode): Promise<string[]> {
  const levels = [0, 1].map((level) => bodiesIn(cluster, node, WAITS, level));
  return (await Promise.all(levels)).flat().sort();
}

test("delayed messages come once, whose master is killed and then replaced by its slave", async () => {
  await using cluster = await startCluster({ slaves: 1, flags: LEVELS });
  const [slave] = cluster.slaves;
  let stored = await sendFor(cluster, cluster.master, 1_300, "first");
  await cluster.master.process.kill("SIGKILL");
  const master = await startBrokerNode("master", cluster.master.flags, cluster.master.dir);
  cluster.nodes.push(master);
  stored = [...stored, ...await sendFor(cluster, master, 2_000, "second")];
  await master.process.kill("SIGKILL");
  await slave.process.kill("SIGKILL");
  const flags = slave.flags.slice(3); // --slave --brokerId 1
  const heir = await startBrokerNode("heir", ["--master", ...flags], slave.dir);
  cluster.nodes.push(heir);
  await pause(2_500);
  const waited = await waiting(cluster, heir);
  assertGreater(stored.length, 30);
  assertEquals((await bodiesIn(cluster, heir, TOPIC, 0)).sort(), waited);
  assertEquals(stored.filter((body) => !waited.includes(body)), []);
});
