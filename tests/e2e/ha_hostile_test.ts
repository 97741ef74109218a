/** Peers on the HA port that are no slaves: no acknowledgement is forged, nothing piles up, and real slaves go on. */
import { assertEquals, assertLess } from "@std/assert";
import { readdirSync } from "node:fs";
import { concat } from "../../src/base/bytes.ts";
import { encodeReport } from "../../src/ha/frames.ts";
import { parseHaStatus } from "../../src/wire/ha_status.ts";
import { test } from "../harness.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";
import { dialSlave, pause, until, withHaPort } from "../support/ha_port.ts";
import type { HandSlave } from "../support/ha.ts";

const MEMORY_MAX = 300 * 1024 * 1024;

function handles({ master }: Cluster): number {
  return readdirSync(`/proc/${master.process.pid}/fd`).length;
}

async function logEnd(cluster: Cluster): Promise<number> {
  const { body } = await cluster.ask(cluster.master.broker, { code: 907 });
  return parseHaStatus(body).masterCommitLogMaxOffset;
}

test("whatever a hostile peer reports first, a SYNC_MASTER without slaves answers 11", () =>
  withHaPort({ bytes: 3_000, role: "SYNC_MASTER" }, async (port) => {
    const end = (await port.status()).masterCommitLogMaxOffset;
    const hostile = [-1, end + 1, end + 10_000, 2 ** 60, 2 ** 62, -(2 ** 62)];
    for (const report of hostile) (await port.slave()).report(report);
    const bytewise = await port.slave();
    for (const byte of encodeReport(2 ** 60)) bytewise.send(new Uint8Array([byte]));
    const twice = await port.slave();
    twice.send(concat([encodeReport(0), encodeReport(end + 1)]));
    await pause(500);
    assertEquals(await port.send(), 11, "nobody may confirm");
    const { haConnectionInfo, pocketmq } = await port.status();
    assertEquals(haConnectionInfo, []);
    assertEquals(pocketmq!.refused.length, 1, "all of them are one address");
  }));

test("a first report is no acknowledgement, and one beyond what was sent ends the connection", () =>
  withHaPort(
    { bytes: 3_000, role: "SYNC_MASTER", flags: ["--slaveTimeout", "500"] },
    async (port) => {
      const end = (await port.status()).masterCommitLogMaxOffset;
      const liar = await port.slave();
      liar.report(end);
      const served = async () => (await port.status()).haConnectionInfo.length === 1;
      await until("it is served", served);
      assertEquals(await port.send(), 12, "it reported nothing of this message");
      liar.report(2 ** 60);
      await until("it is sent away", () => liar.ended !== "open");
      assertEquals(await port.send(), 11);
    },
  ));

test("two reports in one write: only the second counts, also as an acknowledgement", () =>
  withHaPort({ role: "SYNC_MASTER" }, async (port) => {
    const slave = await port.slave();
    slave.report(0);
    await until("it is served", async () => (await port.status()).haConnectionInfo.length === 1);
    const sent = port.send();
    await until("it came", () => slave.bytes > 0);
    slave.send(concat([encodeReport(2 ** 60), encodeReport(slave.bytes)]));
    assertEquals([await sent, slave.ended], [0, "open"]);
  }));

test("1,000 connects that never speak: a slave goes on, memory stays small, all handles come back", async () => {
  await using cluster = await startCluster({
    slaves: 1,
    flags: ["--haHousekeepingInterval", "4000", "--haSendHeartbeatInterval", "500"],
  });
  const before = handles(cluster);
  const mute: HandSlave[] = [];
  for (let i = 0; i < 1_000; i++) {
    mute.push(await dialSlave(cluster.master.ha));
    if (i % 50 === 0) assertEquals(await cluster.send("Hostile", `message ${i}`), 0);
  }
  assertLess(handles(cluster), before + 400, "the oldest make room");
  assertEquals(await cluster.send("Hostile", "all are there"), 0);
  assertLess(cluster.nodes[1].residentBytes(), MEMORY_MAX);
  await until("the silent ones are closed", () => mute.every(({ ended }) => ended !== "open"));
  for (const { conn } of mute) conn.close();
  await until("its handles are back", () => handles(cluster) <= before + 5);
  assertEquals(await cluster.send("Hostile", "all are gone"), 0);
  assertLess(cluster.nodes[1].residentBytes(), MEMORY_MAX);
  assertEquals(mute.filter(({ transfers }) => transfers.length > 0), [], "none was sent anything");
});

test("1,000 connects that report what cannot be, or read nothing: a slave goes on", async () => {
  await using cluster = await startCluster({
    slaves: 1,
    flags: ["--haHousekeepingInterval", "4000", "--haSendHeartbeatInterval", "500"],
  });
  for (let i = 0; i < 200; i++) assertEquals(await cluster.send("Hostile", "x".repeat(4_000)), 0);
  const before = handles(cluster);
  const hostile: HandSlave[] = [];
  const end = await logEnd(cluster);
  const reports = [0, -1, end + 1_000_000, 2 ** 60, end, 1, end - 1];
  for (let i = 0; i < 1_000; i++) {
    const peer = await dialSlave(cluster.master.ha);
    peer.report(reports[i % reports.length]);
    hostile.push(peer);
    if (i % 50 === 0) assertEquals(await cluster.send("Hostile", `message ${i}`), 0);
  }
  assertEquals(await cluster.send("Hostile", "all are there"), 0);
  assertLess(cluster.nodes[1].residentBytes(), MEMORY_MAX);
  for (const { conn } of hostile) conn.close();
  await until("its handles are back", () => handles(cluster) <= before + 5);
  assertEquals(await cluster.send("Hostile", "all are gone"), 0);
});
