import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { RequestCode } from "../../src/wire/codes.ts";
import { test } from "../harness.ts";
import { type Cluster, startBrokerNode, startCluster } from "../support/cluster.ts";
import { patiently } from "../support/patience.ts";
import { pullRequest } from "../support/pull_request.ts";

const TOPIC = "Kept";
/** What a busy machine may add to a time. */
const SLACK_MS = 2_500;

/** A send's answer, and how long it took. */
async function timed(cluster: Cluster): Promise<{ code: number; ms: number }> {
  const begun = performance.now();
  const code = await cluster.send(TOPIC, "hello");
  return { code, ms: performance.now() - begun };
}

/** Messages in queue 0. */
async function stored(cluster: Cluster): Promise<number> {
  const ext = { topic: TOPIC, queueId: "0" };
  const answer = await cluster.ask(cluster.master.broker, {
    code: RequestCode.GET_MAX_OFFSET,
    ext,
  });
  return Number(answer.ext.offset);
}

/** Sends until the answer is `code`; gives how many were stored on the way. */
async function until(cluster: Cluster, code: number): Promise<void> {
  await patiently(`no send is answered ${code}`, async () => (await timed(cluster)).code === code);
}

test("a SYNC_MASTER answers 11 at once without a slave, and 12 after slaveTimeout with a silent one", async () => {
  const timeoutMs = 1_500;
  await using cluster = await startCluster({
    slaves: 1,
    flags: ["--slaveTimeout", String(timeoutMs), "--brokerName", "silent"],
  });
  const [slave] = cluster.slaves;
  await until(cluster, 0);
  slave.process.kill("SIGSTOP");
  const before = await stored(cluster);
  const silent = await timed(cluster);
  assertEquals(silent.code, 12);
  assertGreater(silent.ms, timeoutMs - 50);
  assertLess(silent.ms, timeoutMs + SLACK_MS);
  assertEquals(await stored(cluster), before + 1, "it is stored and can be read");
  assertEquals((await cluster.ask(cluster.master.broker, pullRequest(TOPIC, 0, before))).code, 0);

  await slave.process.kill("SIGKILL");
  await until(cluster, 11);
  const alone = await timed(cluster);
  assertEquals(alone.code, 11);
  assertLess(alone.ms, timeoutMs / 2);

  const again = await startBrokerNode(slave.name, slave.flags, slave.dir);
  try {
    await until(cluster, 0);
    const all = await stored(cluster);
    await patiently("the slave does not serve all", async () => {
      const { broker } = again;
      const answer = await cluster.ask(broker, pullRequest(TOPIC, 0, all - 1));
      return answer.code === 0;
    });
  } finally {
    await again.process[Symbol.asyncDispose]();
  }
});

test("below minInSyncReplicas a SYNC_MASTER answers 1 and stores nothing", async () => {
  await using cluster = await startCluster({
    slaves: 1,
    flags: ["--minInSyncReplicas", "2", "--slaveTimeout", "1000", "--brokerName", "strict"],
  });
  const [slave] = cluster.slaves;
  await until(cluster, 0);
  slave.process.kill("SIGSTOP");
  assertEquals((await timed(cluster)).code, 12, "a silent slave still counts as alive");
  await slave.process.kill("SIGKILL");
  await until(cluster, 1);
  const before = await stored(cluster);
  for (let i = 0; i < 3; i++) assertEquals((await timed(cluster)).code, 1);
  assertEquals(await stored(cluster), before);

  const again = await startBrokerNode(slave.name, slave.flags, slave.dir);
  try {
    await until(cluster, 0);
    assertEquals(await stored(cluster), before + 1);
  } finally {
    await again.process[Symbol.asyncDispose]();
  }
});
