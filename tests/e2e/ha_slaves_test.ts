/** Who counts as a slave of a SYNC_MASTER, and what a send is answered by how many have it; on the real binary. */
import { assertEquals, assertGreaterOrEqual, assertLess, assertStringIncludes } from "@std/assert";
import { test } from "../harness.ts";
import { runPocketmq } from "../support/binary.ts";
import { sendRequest, startBrokerNode, startCluster } from "../support/cluster.ts";
import { HaPort, until, withHaPort } from "../support/ha_port.ts";

/** SEND_OK needs two slaves; what is not confirmed in time is answered late enough to be told from 11. */
const TWO_SLAVES = ["--inSyncReplicas", "3", "--slaveTimeout", "1500"];

async function timed(port: HaPort): Promise<{ code: number; ms: number }> {
  const begun = performance.now();
  const code = await port.send();
  return { code, ms: performance.now() - begun };
}

test("two slaves on one host count as two", () =>
  withHaPort({ role: "SYNC_MASTER", flags: TWO_SLAVES }, async (port) => {
    assertEquals(await port.send(), 11);
    await port.goodSlave(1);
    assertEquals(await port.send(), 11, "one of two");
    await port.goodSlave(2);
    assertEquals(await port.send(), 0);
  }));

test("one slave with a half-open old connection counts as one, and the old one is closed", () =>
  withHaPort({ role: "SYNC_MASTER", flags: TWO_SLAVES }, async (port) => {
    const old = await port.goodSlave(1);
    const fresh = await port.goodSlave(1);
    await until("the old connection is closed", () => old.ended !== "open");
    assertEquals([fresh.ended, await port.send()], ["open", 11]);
    assertEquals((await port.status()).haConnectionInfo.length, 1);
    await port.goodSlave(2);
    assertEquals(await port.send(), 0);
    assertStringIncludes(port.node.process.stderr, "replaces its older one");
  }));

test("a slave that was killed and comes back ends the half-open connection it left", async () => {
  await using cluster = await startCluster({ slaves: 1 });
  const { master, slaves: [slave] } = cluster;
  const port = new HaPort(master);
  await slave.process.kill("SIGKILL");
  const old = await port.slave(); // as if the machine of the slave had vanished
  await port.name(old, 1, slave.broker.port);
  old.report(0);
  await until("it is served", async () => (await port.status()).haConnectionInfo.length === 1);
  const again = await startBrokerNode(slave.name, slave.flags, slave.dir);
  try {
    await until("the old one is closed", () => old.ended !== "open");
    await until("the slave confirms", async () => await cluster.send("HaPort", "x") === 0);
    const connections = (await port.status()).haConnectionInfo;
    assertEquals(connections.map(({ diff }) => diff), [0]);
  } finally {
    await again.process[Symbol.asyncDispose]();
    port.calls.close();
    old.conn.close();
  }
});

test("two real slaves on one host make inSyncReplicas 3", async () => {
  await using cluster = await startCluster({
    slaves: 2,
    flags: ["--inSyncReplicas", "3", "--slaveTimeout", "10000"],
  });
  assertEquals(await cluster.send("HaPort", "both have it"), 0);
  await cluster.slaves[1].process.kill("SIGKILL");
  await until("one is too few", async () => await cluster.send("HaPort", "x") === 11);
});

test("a slave that names itself after its first report is told apart from then on", () =>
  withHaPort({ role: "SYNC_MASTER", flags: TWO_SLAVES }, async (port) => {
    const first = await port.goodSlave();
    const second = await port.goodSlave();
    assertEquals(await port.send(), 11, "without names one IP is one slave");
    await port.name(first, 1);
    await port.name(second, 2);
    assertEquals(await port.send(), 0);
  }));

test("two connections of one host without names count as one slave", () =>
  withHaPort({ role: "SYNC_MASTER", flags: TWO_SLAVES }, async (port) => {
    await port.goodSlave();
    await port.goodSlave();
    assertEquals(await port.send(), 11);
    await port.goodSlave(1);
    assertEquals(await port.send(), 0, "a slave of ours beside them is another");
  }));

test("one stuck slave of three holds up nobody who does not need it", () =>
  withHaPort(
    { role: "SYNC_MASTER", flags: ["--inSyncReplicas", "3", "--slaveTimeout", "60000"] },
    async (port) => {
      await port.goodSlave(1);
      const stuck = await port.goodSlave(2);
      await port.goodSlave(3);
      assertEquals(await port.send(), 0);
      stuck.onBytes = () => {}; // it takes bytes and says nothing any more
      for (let i = 0; i < 20; i++) assertLess((await timed(port)).ms, 5_000);
      const [behind] = (await port.status()).haConnectionInfo.filter(({ diff }) => diff > 0);
      assertEquals(behind.addr, `127.0.0.1:${stuck.conn.local.port}`);
    },
  ));

test("too few in time: 12 after slaveTimeout; further behind than haSlaveFallbehindMax: 11 at once", () =>
  withHaPort(
    {
      role: "SYNC_MASTER",
      flags: ["--slaveTimeout", "1500", "--haSlaveFallbehindMax", "20000"],
    },
    async (port) => {
      const slave = await port.goodSlave(1);
      assertEquals(await port.send(), 0);
      slave.onBytes = () => {};
      const late = await timed(port);
      assertEquals(late.code, 12);
      assertGreaterOrEqual(late.ms, 1_490);
      const codes = await Promise.all(Array.from({ length: 20 }, () => port.send()));
      assertEquals(codes.filter((code) => code !== 11 && code !== 12), []);
      const far = await timed(port);
      assertEquals(far.code, 11);
      assertLess(far.ms, 1_400);
      slave.onBytes = () => slave.report(slave.bytes);
      slave.report(slave.bytes);
      await until("it counts again", async () => await port.send() === 0);
    },
  ));

test("fewer than minInSyncReplicas alive: the answer is 1, and nothing is stored", () =>
  withHaPort(
    { role: "SYNC_MASTER", flags: ["--minInSyncReplicas", "2", "--inSyncReplicas", "3"] },
    async (port) => {
      const refused = await port.ask(sendRequest("HaPort", "x"));
      assertEquals([refused.code, (await port.status()).masterCommitLogMaxOffset], [1, 0]);
      const slave = await port.goodSlave(1);
      assertEquals(await port.send(), 11, "alive, but too few to confirm");
      const end = (await port.status()).masterCommitLogMaxOffset;
      slave.conn.close();
      await until("it is gone", async () => (await port.status()).haConnectionInfo.length === 0);
      assertEquals(await port.send(), 1);
      assertEquals((await port.status()).masterCommitLogMaxOffset, end);
    },
  ));

test("SYNC_MASTER with inSyncReplicas 1, which would wait for nobody, is exit 2", async () => {
  const flags = ["--brokerRole", "SYNC_MASTER", "--inSyncReplicas", "1", "--listenPort", "0"];
  const { code, stderr } = await runPocketmq(["--master", ...flags]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, "inSyncReplicas = 1");
});
