import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { concat } from "../../../src/base/bytes.ts";
import { encodeTransfer, writeTransferHeader } from "../../../src/ha/frames.ts";
import { FlushError } from "../../../src/store/errors.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { FakeLog, fakeStore, noise } from "../../support/fake_log.ts";
import { HA, startSlave } from "../../support/ha.ts";
import { MemNet } from "../../support/mem_net.ts";
import { recordOf } from "../../support/records.ts";
import { FILE, HandMaster, withSlave } from "./hand_master.ts";

test("a slave reports its tail once it was compared, and again before every 5 s when idle", () =>
  withSlave({ bytes: 9000 }, async ({ clock, master, slave }) => {
    assertEquals([master.reports, slave.status.state], [[4000, 9000], "CATCHING_UP"]);
    await clock.advance(4_999);
    assertEquals(master.reports, [4000, 9000, 9000]);
    master.heartbeat(9000);
    await clock.settle();
    assertEquals(slave.status.state, "IN_SYNC");
    await clock.advance(4_999);
    assertEquals(master.reports, [4000, 9000, 9000, 9000]);
  }));

test("transfers that come together are one write and one report", () =>
  withSlave({ bytes: 100 }, async ({ clock, master, log }) => {
    const parts = [noise(50, 2), noise(60, 3), noise(70, 4)];
    master.send(concat([
      encodeTransfer({ logOffset: 100, body: parts[0] }),
      encodeTransfer({ logOffset: 150, body: parts[1] }),
      encodeTransfer({ logOffset: 210, body: new Uint8Array(0) }),
      encodeTransfer({ logOffset: 210, body: parts[2] }),
    ]));
    await clock.settle();
    assertEquals(log.appends, [{ logOffset: 100, length: 180 }]);
    assertEquals(log.bytes.subarray(100), concat(parts));
    assertEquals(master.reports, [1, 100, 280]);
  }));

test("a file end parts the writes, not the report", () =>
  withSlave({ bytes: FILE - 100 }, async ({ clock, master, log }) => {
    master.send(concat([
      encodeTransfer({ logOffset: FILE - 100, body: noise(60) }),
      encodeTransfer({ logOffset: FILE - 40, body: noise(40) }),
      encodeTransfer({ logOffset: FILE, body: recordOf(FILE, 200).subarray(0, 30) }),
    ]));
    await clock.settle();
    assertEquals(log.appends, [{ logOffset: FILE - 100, length: 100 }, {
      logOffset: FILE,
      length: 30,
    }]);
    assertEquals(master.reports.slice(1), [FILE - 100, FILE + 30]);
  }));

test("a body that comes in pieces is appended once it is whole", () =>
  withSlave({}, async ({ clock, master, log }) => {
    const bytes = encodeTransfer({ logOffset: 0, body: recordOf(0, 1000) });
    for (const at of [0, 5, 12, 13, 700]) {
      const next = { 0: 5, 5: 12, 12: 13, 13: 700, 700: bytes.length }[at]!;
      assertEquals(log.tail, 0);
      master.send(bytes.subarray(at, next));
      await clock.settle();
    }
    assertEquals([log.tail, master.reports], [1000, [0, 1000]]);
  }));

test("an empty log begins at whatever file start the master chose for report 0", () =>
  withSlave({}, async ({ clock, master, log }) => {
    master.heartbeat(3 * FILE);
    await clock.settle();
    assertEquals([log.tail, log.appends.length], [0, 0], "a heartbeat is no byte");
    master.transfer(3 * FILE, recordOf(3 * FILE, 100).subarray(0, 10));
    await clock.settle();
    assertEquals([log.minOffset, log.tail], [3 * FILE, 3 * FILE + 10]);
    assertEquals(master.reports, [0, 3 * FILE + 10]);
  }));

for (
  const { name, own, send, reason } of [
    {
      name: "an offset behind our end",
      own: 1000,
      send: encodeTransfer({ logOffset: 1001, body: noise(10) }),
      reason: "the master sends from 1001, our log ends at 1000",
    },
    {
      name: "an offset before our end",
      own: 1000,
      send: encodeTransfer({ logOffset: 999, body: noise(10) }),
      reason: "the master sends from 999, our log ends at 1000",
    },
    {
      name: "a heartbeat with another offset",
      own: 1000,
      send: encodeTransfer({ logOffset: 2000, body: new Uint8Array(0) }),
      reason: "the master sends from 2000, our log ends at 1000",
    },
    {
      name: "a first offset inside a file for an empty log",
      own: 0,
      send: encodeTransfer({ logOffset: FILE + 4096, body: noise(10) }),
      reason: `the master sends from ${FILE + 4096}, our log is empty and asked for 0`,
    },
    {
      name: "a negative first offset for an empty log",
      own: 0,
      send: encodeTransfer({ logOffset: -FILE, body: noise(10) }),
      reason: `the master sends from ${-FILE}`,
    },
    {
      name: "a body across our file end",
      own: FILE - 10,
      send: encodeTransfer({ logOffset: FILE - 10, body: noise(11) }),
      reason: `11 bytes at ${FILE - 10} cross the end of our file of ${FILE}: file sizes differ?`,
    },
    {
      name: "a gap between two transfers of one read",
      own: 100,
      send: concat([
        encodeTransfer({ logOffset: 100, body: noise(10) }),
        encodeTransfer({ logOffset: 111, body: noise(10) }),
      ]),
      reason: "the master sends from 111, our log ends at 110",
    },
    { name: "size 4194293", own: 100, send: header(100, 4194293), reason: "of 4194293 bytes" },
    { name: "a negative size", own: 100, send: header(100, -1), reason: "of -1 bytes" },
  ]
) {
  test(`${name}: closed with a line, nothing written, nothing reported, then a pause`, () =>
    withSlave({ bytes: own }, async ({ clock, master, log, slave }) => {
      for (const pauseMs of [1_000, 2_000, 4_000, 5_000, 5_000]) {
        master.send(send);
        await clock.settle();
        assertEquals([master.ended, log.tail, log.appends.length], [true, own, 0]);
        assertEquals(master.reports.at(-1), own);
        await clock.advance(pauseMs);
      }
      assertEquals(master.connectedAt, [0, 1_000, 3_000, 7_000, 12_000, 17_000]);
      assertEquals(slave.log.with("not connected").length, 1);
      assertStringIncludes(slave.log.with("not connected")[0], reason);
    }));
}

function header(logOffset: number, size: number): Uint8Array {
  const bytes = new Uint8Array(12);
  writeTransferHeader(new DataView(bytes.buffer), 0, logOffset, size);
  return bytes;
}

test("the pause is 1 s again after a master was followed", () =>
  withSlave({ bytes: 100 }, async ({ clock, master, slave }) => {
    for (let i = 0; i < 4; i++) {
      master.heartbeat(100);
      await clock.settle();
      assertEquals(slave.status.state, "IN_SYNC");
      master.close();
      await clock.settle();
      assertEquals(slave.status.state, "CONNECTING");
      await clock.advance(1_000);
    }
    assertEquals(master.connectedAt, [0, 1_000, 2_000, 3_000, 4_000]);
    assertEquals(master.reports, [1, 100]);
  }));

test("a master that is silent for 20 s is left", () =>
  withSlave({ bytes: 100 }, async ({ clock, master, slave }) => {
    await clock.advance(10_000);
    master.heartbeat(100);
    await clock.advance(20_000);
    assertEquals(master.connectedAt.length, 1);
    await clock.advance(2_000);
    assertEquals(master.connectedAt.length, 2);
    assertEquals(slave.log.with("nothing came from the master for").length, 1);
  }));

test("one byte at a time is a sign of life", () =>
  withSlave({}, async ({ clock, master, log }) => {
    const bytes = encodeTransfer({ logOffset: 0, body: noise(3) });
    for (const byte of bytes) {
      master.send(new Uint8Array([byte]));
      await clock.advance(15_000);
    }
    assertEquals([master.connectedAt.length, log.tail], [1, 3]);
  }));

test("garbage from the master writes nothing", () =>
  withSlave({ bytes: 1000 }, async ({ clock, master, log }) => {
    for (let i = 0; i < 5; i++) {
      master.send(noise(500, i + 7));
      await clock.advance(6_000);
    }
    assertEquals([log.tail, log.appends.length], [1000, 0]);
  }));

test("with SYNC_FLUSH only what fdatasync covered is reported, recovered bytes included", () => {
  const log = new FakeLog(FILE);
  log.autoFlush = false;
  return withSlave({ bytes: 100, log, onlyDurable: true }, async ({ clock, master }) => {
    assertEquals(master.reports, []);
    log.flush();
    await clock.settle();
    assertEquals(master.reports, [1, 100]);
    master.transfer(100, noise(10));
    await clock.settle();
    master.transfer(110, noise(10)); // while a flush is under way
    await clock.settle();
    assertEquals([log.tail, master.reports], [120, [1, 100]]);
    log.flush();
    await clock.settle();
    assertEquals(master.reports, [1, 100, 120]);
    await clock.advance(4_999);
    assertEquals(master.reports, [1, 100, 120, 120]);
  });
});

test("a flush that is late is waited for", () => {
  const log = new FakeLog(FILE);
  log.autoFlush = false;
  return withSlave({ log, onlyDurable: true }, async ({ clock, master }) => {
    master.transfer(0, recordOf(0, 100).subarray(0, 10));
    await clock.settle();
    log.failFlush(new FlushError("late", "the log was not safe within 5000 ms"));
    await clock.settle();
    assertEquals([master.ended, master.reports], [false, [0]]);
    log.flush();
    await clock.settle();
    assertEquals(master.reports, [0, 10]);
  });
});

test("a flush that fails ends the connection, and nothing is reported", () => {
  const log = new FakeLog(FILE);
  log.autoFlush = false;
  return withSlave({ log, onlyDurable: true }, async ({ clock, master, slave }) => {
    master.transfer(0, recordOf(0, 100).subarray(0, 10));
    await clock.settle();
    log.failFlush(new Error("the disk is gone"));
    await clock.settle();
    assertEquals([master.ended, master.reports], [true, [0]]);
    assertStringIncludes(slave.status.reason, "the disk is gone");
  });
});

test("an append that fails ends the connection, and nothing is reported", () =>
  withSlave({ bytes: 100 }, async ({ clock, master, log, slave }) => {
    log.appendFails = new Error("no space left on the disk");
    master.transfer(100, noise(10));
    await clock.settle();
    assertEquals([master.ended, master.reports, log.tail], [true, [1, 100], 100]);
    assertStringIncludes(slave.status.reason, "no space left");
    log.appendFails = undefined;
    await clock.advance(1_000);
    master.transfer(100, noise(10));
    await clock.settle();
    assertEquals(master.reports, [1, 100, 110]);
  }));

test("reports that the link does not take are replaced by the newest", () =>
  withSlave({}, async ({ clock, net, master, log }) => {
    net.links[0].toAcceptor.manner.bytesPerMs = 0.008; // one report a second
    net.links[0].toAcceptor.manner.capacityBytes = 0;
    for (let i = 0; i < 100; i++) {
      master.transfer(log.tail, recordOf(0, 2000).subarray(log.tail, log.tail + 10));
      await clock.advance(10);
    }
    await clock.advance(3_000);
    assertEquals(master.reports.at(-1), 1000);
    assert(master.reports.length < 6, `${master.reports}`);
  }));

test("a slave without a master's address waits for one", async () => {
  const clock = new VirtualClock();
  const net = new MemNet(clock);
  const slave = startSlave(net, clock, fakeStore(new FakeLog(FILE)));
  await clock.advance(30_000); // nobody listens either
  assertEquals(slave.status.state, "CONNECTING");
  assertEquals(slave.log.with("nobody listens there").length, 1);
  await slave.stop();
});

test("followMaster() ends when told, at whatever moment of a connection", async () => {
  for (let turns = 0; turns < 60; turns++) {
    const clock = new VirtualClock();
    const net = new MemNet(clock);
    const listener = await net.host(HA.host).listen(HA);
    const accepted = new HandMaster(clock).accept(listener.connections);
    const slave = startSlave(net, clock, fakeStore(new FakeLog(FILE)));
    for (let i = 0; i < turns; i++) await undefined;
    await slave.stop();
    listener.close();
    await accepted;
    assertEquals(clock.waiting, 0);
  }
});
