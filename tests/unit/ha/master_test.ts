import { assert, assertEquals } from "@std/assert";
import { concat } from "../../../src/base/bytes.ts";
import { encodeReport } from "../../../src/ha/frames.ts";
import { test } from "../../harness.ts";
import { noise } from "../../support/fake_log.ts";
import { HandSlave } from "../../support/ha.ts";
import { FILE, withMaster } from "../../support/master_scene.ts";

test("serveSlave() sends nothing to a slave that never speaks, and closes after 20 s", () =>
  withMaster({ bytes: 1000 }, async ({ clock, net, log, master }) => {
    const slave = await HandSlave.dial(net);
    await clock.advance(10_000);
    log.commit(noise(10));
    await clock.advance(9_999);
    assertEquals([slave.transfers.length, slave.ended], [0, "open"]);
    assertEquals(master.acks.state(10), "unavailable");
    await clock.advance(1_001);
    assertEquals([slave.transfers.length, slave.ended], [0, "closed"]);
    assertEquals(master.log.with("nothing came for").length, 1);
  }));

for (
  const { syncFrom, first } of [
    { syncFrom: "min" as const, first: 0 },
    { syncFrom: "last" as const, first: 2 * FILE },
    { syncFrom: FILE + 17, first: FILE },
  ]
) {
  test(`report 0 to a master with 2.5 files starts at ${first} with haSyncFrom=${syncFrom}`, () =>
    withMaster({ bytes: 2.5 * FILE, syncFrom }, async ({ clock, net, log }) => {
      const slave = await HandSlave.dial(net);
      slave.report(0);
      await clock.advance(3_000);
      assertEquals(slave.transfers[0].logOffset, first);
      assertEquals(concat(slave.transfers.map(({ body }) => body)), log.bytes.subarray(first));
    }));
}

test("an empty slave that skips history confirms nothing that somebody waited for before", () =>
  withMaster({ bytes: 2.5 * FILE, syncFrom: "last" }, async ({ clock, net, master }) => {
    const slave = await HandSlave.dial(net);
    slave.report(0);
    await clock.advance(2_499);
    assertEquals([slave.transfers.length, master.acks.slaves], [0, 0]);
    await clock.advance(1);
    slave.report(2.5 * FILE);
    await clock.settle();
    assertEquals(master.acks.confirmed, 2.5 * FILE);
  }));

for (
  const { name, bytes, start } of [
    { name: "the master's log is empty", bytes: 0, start: 0 },
    { name: "the last file of the master's log is full", bytes: 2 * FILE, start: 2 * FILE },
  ]
) {
  test(`report 0 is answered by nothing, not even a heartbeat, while ${name}`, () =>
    withMaster({ bytes, syncFrom: "last" }, async ({ clock, net, log }) => {
      const slave = await HandSlave.dial(net);
      for (let i = 0; i < 8; i++) {
        slave.report(0);
        await clock.advance(5_000);
      }
      assertEquals(slave.transfers, []);
      log.commit(noise(10));
      await clock.settle();
      assertEquals(slave.transfers, [{ logOffset: start, body: noise(10) }]);
      await clock.advance(5_000);
      assertEquals(slave.transfers[1], { logOffset: start + 10, body: new Uint8Array(0) });
    }));
}

test("an empty slave that skips history is served though slaveTimeout is longer than a silence may be", () =>
  withMaster(
    { bytes: 2.5 * FILE, syncFrom: "last", slaveTimeoutMs: 60_000, silenceMs: 20_000 },
    async ({ clock, net }) => {
      const slave = await HandSlave.dial(net);
      slave.report(0);
      await clock.advance(59_999);
      assertEquals([slave.ended, slave.bytes], ["open", 0]);
      await clock.advance(1);
      assertEquals([slave.ended, slave.bytes], ["open", FILE / 2]);
    },
  ));

test("an empty slave of ours, which a heartbeat cannot harm, gets one", () =>
  withMaster({ bytes: 0 }, async ({ clock, net, master }) => {
    const slave = await HandSlave.dial(net);
    master.slaves.named("10.0.0.9", slave.nameOf(1));
    slave.report(0);
    await clock.advance(5_000);
    assertEquals(slave.transfers, [{ logOffset: 0, body: new Uint8Array(0) }]);
  }));

test("a report inside a record is served from exactly there", () =>
  withMaster({ bytes: FILE }, async ({ clock, net, log }) => {
    const slave = await HandSlave.dial(net);
    slave.report(5089);
    await clock.settle();
    assertEquals(slave.transfers[0].logOffset, 5089);
    assertEquals(concat(slave.transfers.map(({ body }) => body)), log.bytes.subarray(5089));
  }));

test("report 1 is served while the first file is there", () =>
  withMaster({ bytes: 100 }, async ({ clock, net }) => {
    const slave = await HandSlave.dial(net);
    slave.report(1);
    await clock.settle();
    assertEquals([slave.transfers[0].logOffset, slave.bytes], [1, 99]);
  }));

test("a report in pieces of 3 + 5 bytes is one report", () =>
  withMaster({ bytes: 1000 }, async ({ clock, net }) => {
    const slave = await HandSlave.dial(net);
    slave.send(encodeReport(400).subarray(0, 3));
    await clock.settle();
    assertEquals(slave.transfers.length, 0);
    slave.send(encodeReport(400).subarray(3));
    await clock.settle();
    assertEquals(slave.transfers[0].logOffset, 400);
  }));

test("of two reports in one write only the second counts", () =>
  withMaster({ bytes: 1000 }, async ({ clock, net, master }) => {
    const slave = await HandSlave.dial(net);
    slave.send(concat([encodeReport(-5), encodeReport(400)]));
    await clock.settle();
    assertEquals(slave.transfers[0].logOffset, 400);
    slave.send(concat([encodeReport(2 ** 60), encodeReport(1000)]));
    await clock.settle();
    assertEquals(master.acks.confirmed, 1000);
  }));

test("an idle slave gets an empty frame with the next offset every 5 s", () =>
  withMaster({ bytes: 1000 }, async ({ clock, net, log }) => {
    const slave = await HandSlave.dial(net);
    slave.report(1000);
    await clock.advance(4_999);
    assertEquals(slave.transfers.length, 0);
    await clock.advance(1);
    assertEquals(slave.transfers, [{ logOffset: 1000, body: new Uint8Array(0) }]);
    await clock.advance(3_000);
    log.commit(noise(100)); // counts as a sign of life too
    await clock.advance(4_999);
    assertEquals(slave.transfers.length, 2);
    await clock.advance(1);
    assertEquals(slave.transfers[2], { logOffset: 1100, body: new Uint8Array(0) });
  }));

test("a slave that reports lives on; one that stops is closed 20 s later", () =>
  withMaster({ bytes: 1000 }, async ({ clock, net, master }) => {
    const slave = await HandSlave.dial(net);
    for (let i = 0; i < 10; i++) {
      slave.report(1000);
      await clock.advance(5_000);
    }
    assertEquals([slave.ended, master.acks.slaves], ["open", 1]);
    await clock.advance(15_000);
    assertEquals(slave.ended, "open");
    await clock.advance(1_000);
    assertEquals([slave.ended, master.acks.slaves], ["closed", 0]);
  }));

test("a master that was paused reads what came meanwhile before it calls a slave silent", () =>
  withMaster({ bytes: 1000 }, async ({ clock, net }) => {
    const slave = await HandSlave.dial(net);
    slave.report(1000);
    await clock.settle();
    clock.pause(60_000);
    const late = clock.advance(0); // the timer is due now; the report is read after it
    slave.report(1000);
    await late;
    await clock.advance(10_000);
    assertEquals(slave.ended, "open");
  }));

test("a commit leads to a write in the same turn", () =>
  withMaster({ bytes: 0 }, async ({ clock, net, log, master }) => {
    const slave = await HandSlave.dial(net);
    slave.report(0);
    await clock.settle();
    log.commit(noise(100));
    const [follower] = master.acks.followers();
    assertEquals(follower.sent, 100);
    await clock.settle();
    assertEquals(slave.bytes, 100);
  }));

test("what is committed while a write is under way travels together afterwards", () =>
  withMaster({ bytes: 0 }, async ({ clock, net, log }) => {
    const slave = await HandSlave.dial(net);
    slave.report(0);
    await clock.settle();
    for (let i = 0; i < 10; i++) log.commit(noise(100));
    await clock.settle();
    assertEquals(slave.transfers.map(({ body }) => body.length), [100, 900]);
  }));

test("frames hold 32 KiB at most and never cross a file end, which one meets exactly", () =>
  withMaster({ bytes: 3 * FILE + 5000, transferBytes: 20_000 }, async ({ clock, net, log }) => {
    const slave = await HandSlave.dial(net);
    slave.report(0);
    await clock.settle();
    assertEquals(concat(slave.transfers.map(({ body }) => body)), log.bytes);
    const ends = slave.transfers.map(({ logOffset, body }) => logOffset + body.length);
    for (const { logOffset, body } of slave.transfers) {
      assert(body.length > 0 && body.length <= 20_000);
      assert(logOffset % FILE + body.length <= FILE, `frame at ${logOffset} crosses a file end`);
    }
    for (const end of [FILE, 2 * FILE, 3 * FILE]) assert(ends.includes(end));
  }));

test("a slave that does not read makes the sender wait, not the log", () =>
  withMaster({ bytes: 4 * 1024 * 1024 }, async ({ clock, net, log, master }) => {
    net.onLink = (link) => link.stall(true);
    const slave = await HandSlave.dial(net);
    const [link] = net.links;
    link.toAcceptor.manner.stalled = false;
    slave.report(0);
    await clock.advance(1_000);
    const [follower] = master.acks.followers();
    assert(follower.sent < 1024 * 1024, `${follower.sent} bytes were handed to a stalled link`);
    log.commit(noise(100));
    link.stall(false);
    await clock.settle();
    assertEquals(concat(slave.transfers.map(({ body }) => body)), log.bytes);
  }));

test("producers are served between two writes to a slave that catches up", () =>
  withMaster({ bytes: 1024 * 1024 }, async ({ clock, net, log }) => {
    const slave = await HandSlave.dial(net);
    slave.report(0);
    let others = 0;
    const seen: number[] = [];
    const other = () => {
      seen.push(slave.bytes);
      if (++others < 8) clock.soon(other);
    };
    clock.soon(other);
    await clock.settle();
    assertEquals(slave.bytes, log.tail);
    assert(seen.some((bytes) => bytes > 0 && bytes < log.tail), `${seen}`);
  }));

test("a report beyond what was sent closes the connection and confirms nothing", () =>
  withMaster({ bytes: 1000 }, async ({ clock, net, master }) => {
    const slave = await HandSlave.dial(net);
    slave.report(0);
    await clock.settle();
    slave.report(1001);
    await clock.settle();
    assertEquals([slave.ended, master.acks.confirmed, master.acks.slaves], ["closed", 0, 0]);
    assertEquals(master.log.with("report of 1001, sent on this connection up to 1000").length, 1);
  }));

test("a message is confirmed by the report that covers it, and unavailable without a slave", () =>
  withMaster({ bytes: 1000 }, async ({ clock, net, log, master }) => {
    assertEquals(master.acks.state(1000), "unavailable");
    const slave = await HandSlave.dial(net);
    await clock.settle();
    assertEquals(master.acks.state(1000), "unavailable", "connected, but never reported");
    slave.report(1000);
    await clock.settle();
    log.commit(noise(50));
    assertEquals(master.acks.state(1050), "waiting", "reported once, then silent");
    await clock.settle();
    slave.report(1049);
    await clock.settle();
    assertEquals(master.acks.state(1050), "waiting");
    slave.report(1050);
    await clock.settle();
    assertEquals(master.acks.state(1050), "confirmed");
  }));

test("a slave that still needs what was deleted is sent away", () =>
  withMaster({ bytes: 16 * FILE }, async ({ clock, net, log, master }) => {
    net.onLink = (link) => link.toDialer.manner.stalled = true;
    const slave = await HandSlave.dial(net);
    slave.report(100);
    await clock.settle();
    log.minOffset = 15 * FILE;
    log.commit(noise(10));
    net.links[0].stall(false);
    await clock.settle();
    assertEquals(slave.ended, "closed");
    assertEquals(master.log.with("the log no longer holds").length, 1);
  }));

test("two connections from one address are one slave", () =>
  withMaster({ bytes: 1000 }, async ({ clock, net, master }) => {
    const slaves = [await HandSlave.dial(net), await HandSlave.dial(net)];
    for (const slave of slaves) slave.report(0);
    await clock.settle();
    assertEquals([master.acks.slaves, master.acks.connections], [1, 2]);
  }));

test("200 connects that never speak keep nobody out, and are gone after 20 s", () =>
  withMaster({ bytes: 1000 }, async ({ clock, net, master }) => {
    const mute: HandSlave[] = [];
    for (let i = 0; i < 200; i++) mute.push(await HandSlave.dial(net, "10.6.6.6"));
    const slave = await HandSlave.dial(net);
    slave.report(0);
    await clock.settle();
    slave.report(1000);
    await clock.advance(15_000);
    slave.report(1000);
    await clock.advance(10_000);
    assertEquals(mute.filter(({ ended }) => ended === "open").length, 0);
    assertEquals([slave.ended, master.acks.confirmed], ["open", 1000]);
    assertEquals(master.log.with("10.6.6.6").length, 1);
  }));

test("of more than 256 connects that never speak the oldest make room", () =>
  withMaster({ bytes: 1000 }, async ({ clock, net }) => {
    const mute: HandSlave[] = [];
    for (let i = 0; i < 300; i++) mute.push(await HandSlave.dial(net, "10.6.6.6"));
    await clock.settle();
    assertEquals(mute.filter(({ ended }) => ended === "open").length, 256);
    assertEquals([mute[0].ended, mute[299].ended], ["closed", "open"]);
  }));

test("garbage, one byte at a time, confirms nothing and harms nobody", () =>
  withMaster({ bytes: 1000 }, async ({ clock, net, log, master }) => {
    const slave = await HandSlave.dial(net);
    slave.report(0);
    const hostile = await HandSlave.dial(net, "10.6.6.6");
    for (const byte of noise(64, 99)) {
      hostile.send(new Uint8Array([byte]));
      await clock.settle();
    }
    log.commit(noise(10));
    await clock.settle();
    slave.report(1010);
    await clock.settle();
    assertEquals([hostile.transfers, slave.bytes], [[], 1010]);
    await clock.advance(1_000);
    assertEquals([hostile.ended, slave.ended], ["closed", "open"]);
    assertEquals([master.acks.confirmed, master.acks.slaves], [1010, 1]);
  }));

test("serveSlaves() ends when told, at whatever moment of a slave's life", async () => {
  for (let turns = 0; turns < 60; turns++) {
    await withMaster({ bytes: 1000 }, async ({ net, master }) => {
      const slave = await HandSlave.dial(net);
      slave.report(0);
      for (let i = 0; i < turns; i++) await undefined;
      await master.stop();
    });
  }
});
