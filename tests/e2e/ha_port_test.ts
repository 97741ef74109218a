/** What protocol/ha.md section 12 expects of a master, line by line, on the real binary. */
import { assert, assertEquals, assertGreater, assertGreaterOrEqual, assertLess } from "@std/assert";
import { concat } from "../../src/base/bytes.ts";
import { encodeReport } from "../../src/ha/frames.ts";
import { decodeRecords } from "../../src/wire/message.ts";
import { property } from "../../src/wire/properties.ts";
import { test } from "../harness.ts";
import { FILE_BYTES, pause, until, withHaPort } from "../support/ha_port.ts";
import type { HandSlave } from "../support/ha.ts";
import { pullRequest } from "../support/pull_request.ts";

function bodies(slave: HandSlave): Uint8Array {
  return concat(slave.transfers.map(({ body }) => body));
}

test("connect, stay silent: the master sends nothing and closes", () =>
  withHaPort(
    {
      bytes: 1000,
      flags: ["--haHousekeepingInterval", "2000", "--haSendHeartbeatInterval", "100"],
    },
    async (port) => {
      const slave = await port.slave();
      const begun = performance.now();
      await until("the master closes", () => slave.ended !== "open");
      assertEquals(slave.transfers, []);
      assertGreaterOrEqual(performance.now() - begun, 1_990);
      assertLess(performance.now() - begun, 10_000);
    },
  ));

for (const [haSyncFrom, start] of [["min", 0], ["last", 2 * FILE_BYTES]] as const) {
  test(`report 0 to a master with 2.5 files, haSyncFrom=${haSyncFrom}: it starts at ${start}`, () =>
    withHaPort(
      { bytes: 2.5 * FILE_BYTES, flags: ["--haSyncFrom", haSyncFrom] },
      async (port) => {
        const end = (await port.status()).masterCommitLogMaxOffset;
        const slave = await port.slave();
        slave.report(0);
        await until("all of it came", () => start + slave.bytes === end);
        assertEquals(slave.transfers[0].logOffset, start);
        assertEquals(bodies(slave), port.logBytes().subarray(start, end));
      },
    ));
}

test("report mid-record offset: the first header has that offset", () =>
  withHaPort({ bytes: FILE_BYTES }, async (port) => {
    const end = (await port.status()).masterCommitLogMaxOffset;
    const slave = await port.slave();
    slave.report(5089);
    await until("all of it came", () => 5089 + slave.bytes === end);
    assertEquals(slave.transfers[0].logOffset, 5089);
    assertEquals(bodies(slave), port.logBytes().subarray(5089, end));
  }));

test("report in 3 + 5 byte pieces is one report; of two in one write only the second counts", () =>
  withHaPort({ bytes: 9_000 }, async (port) => {
    const pieces = await port.slave();
    pieces.send(encodeReport(7_000).subarray(0, 3));
    await pause(300);
    assertEquals(pieces.transfers, []);
    pieces.send(encodeReport(7_000).subarray(3));
    await until("it is served", () => pieces.transfers.length > 0);
    assertEquals(pieces.transfers[0].logOffset, 7_000);
    const two = await port.slave();
    two.send(concat([encodeReport(-1), encodeReport(8_000)]));
    await until("it is served", () => two.transfers.length > 0);
    assertEquals(two.transfers[0].logOffset, 8_000);
  }));

test("idle: a header with size 0 and the next offset, again and again", () =>
  withHaPort({ bytes: 5_000, flags: ["--haSendHeartbeatInterval", "500"] }, async (port) => {
    const end = (await port.status()).masterCommitLogMaxOffset;
    const slave = await port.slave();
    const begun = performance.now();
    slave.report(end);
    await until("three came", () => slave.transfers.length >= 3);
    assertGreaterOrEqual(performance.now() - begun, 1_490);
    for (const { logOffset, body } of slave.transfers) {
      assertEquals([logOffset, body.length], [end, 0]);
    }
  }));

test("put one message as ASYNC_MASTER: the packet arrives, and nobody waits", () =>
  withHaPort({ role: "ASYNC_MASTER" }, async (port) => {
    assertEquals(await port.send(), 0);
    const slave = await port.slave();
    slave.report(0);
    await until("it came", () => slave.bytes > 0);
    const before = slave.bytes;
    assertEquals(await port.send(), 0);
    await until("the next came", () => slave.bytes > before);
  }));

test("put one message as SYNC_MASTER: 11 without a slave and with one that never reported", () =>
  withHaPort({ role: "SYNC_MASTER" }, async (port) => {
    assertEquals(await port.send(), 11);
    await port.slave();
    await pause(300);
    assertEquals(await port.send(), 11);
  }));

test("put one message as SYNC_MASTER: 0 once the slave reported it", () =>
  withHaPort({ role: "SYNC_MASTER", flags: ["--slaveTimeout", "60000"] }, async (port) => {
    const slave = await port.slave();
    slave.report(0);
    await until("it counts", async () => (await port.status()).haConnectionInfo.length === 1);
    let code: number | undefined;
    const sent = port.send().then((it) => code = it);
    await until("it came", () => slave.bytes > 0);
    await pause(200);
    assertEquals(code, undefined, "answered before the slave had it");
    slave.report(slave.bytes);
    assertEquals(await sent, 0);
    const [{ slaveAckOffset, diff, inSync }] = (await port.status()).haConnectionInfo;
    assertEquals([slaveAckOffset, diff, inSync], [slave.bytes, 0, true]);
  }));

test("put one message as SYNC_MASTER: 12 after slaveTimeout when the slave is silent; it can be read", () =>
  withHaPort({ role: "SYNC_MASTER", flags: ["--slaveTimeout", "700"] }, async (port) => {
    const slave = await port.slave();
    slave.report(0);
    await until("it counts", async () => (await port.status()).haConnectionInfo.length === 1);
    const begun = performance.now();
    assertEquals(await port.send(100, "KEYS\x01late"), 12);
    assertGreaterOrEqual(performance.now() - begun, 690);
    const { code, body } = await port.ask(pullRequest("HaPort", 0, 0));
    assertEquals(code, 0);
    assertEquals(decodeRecords(body).map((it) => property(it.properties, "KEYS")), ["late"]);
  }));

test("fill a file: its filler arrives, and the last packet of the file ends exactly at its end", () =>
  withHaPort({}, async (port) => {
    const slave = await port.slave();
    slave.report(0);
    await port.fill(1.2 * FILE_BYTES);
    const end = (await port.status()).masterCommitLogMaxOffset;
    await until("all of it came", () => slave.bytes === end);
    const ends = slave.transfers.map(({ logOffset, body }) => logOffset + body.length);
    assert(ends.includes(FILE_BYTES), `${ends}`);
    assertEquals(bodies(slave), port.logBytes().subarray(0, end));
    const filler = bodies(slave).subarray(FILE_BYTES - 8, FILE_BYTES);
    assertEquals(filler, new Uint8Array(8), "no record reaches the end of this file");
    assertGreater(end, FILE_BYTES);
  }));
