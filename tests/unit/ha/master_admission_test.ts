import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Asked } from "../../../src/ha/witness.ts";
import { test } from "../../harness.ts";
import { noise } from "../../support/fake_log.ts";
import { HandSlave } from "../../support/ha.ts";
import { FILE, withMaster } from "../../support/master_scene.ts";

for (
  const { report, kind, reason } of [
    { report: -1, kind: "BAD", reason: "first report -1 is below 0" },
    { report: 3 * FILE + 1100, kind: "AHEAD", reason: `above our end ${3 * FILE + 1000}` },
    { report: 2 ** 60, kind: "AHEAD", reason: `above our end ${3 * FILE + 1000}` },
    { report: 1, kind: "PURGED", reason: `first report 1 is below our first file at ${2 * FILE}` },
    { report: 2 * FILE - 4096, kind: "PURGED", reason: `below our first file at ${2 * FILE}` },
  ]
) {
  test(`a first report of ${report} is refused: nothing is sent, nothing confirmed, one line`, () =>
    withMaster({ bytes: FILE + 1000, start: 2 * FILE }, async ({ clock, net, log, master }) => {
      for (let i = 0; i < 3; i++) { // a slave comes back
        const slave = await HandSlave.dial(net);
        slave.report(report);
        await clock.advance(1_000 * 2 ** i - 1);
        assertEquals([slave.ended, slave.transfers.length], ["open", 0], "kept, so that it waits");
        await clock.advance(1);
        assertEquals([slave.ended, slave.transfers.length], ["closed", 0]);
        log.commit(noise(10));
      }
      assertEquals([master.acks.confirmed, master.acks.slaves], [0, 0]);
      assertEquals(master.log.lines.length, 1);
      assertStringIncludes(master.log.lines[0], reason);
      const [refused, ...more] = master.slaves.refusals.all;
      assertEquals([refused.addr, refused.kind, more], ["10.0.0.9", kind, []]);
    }));
}

for (
  const { name, report, held, refused } of [
    { name: "at born", report: 1_000, held: "unknown", refused: false },
    { name: "at born, with other bytes there", report: 1_000, held: "other", refused: true },
    { name: "above born", report: 1_001, held: "unknown", refused: true },
    { name: "above born, with our bytes there", report: 1_001, held: "ours", refused: false },
    { name: "0, whatever it holds", report: 0, held: "other", refused: false },
  ] as const
) {
  test(`a first report ${name} is ${refused ? "FOREIGN" : "served"}`, () => {
    const asked: unknown[] = [];
    const witness = {
      held: (slave: unknown, first: number) => {
        asked.push([slave, first]);
        return Promise.resolve(held);
      },
    };
    return withMaster({ bytes: 2_000, born: 1_000, witness }, async ({ clock, net, master }) => {
      const slave = await HandSlave.dial(net);
      master.slaves.named("10.0.0.9", slave.nameOf(1, 20_911));
      slave.report(report);
      await clock.settle();
      assertEquals(master.acks.slaves, refused ? 0 : 1);
      assertEquals(slave.bytes, refused ? 0 : 2_000 - report);
      const addr = { host: "10.0.0.9", listenPort: 20_911, wasSent: false };
      assertEquals(asked, report === 0 ? [] : [[addr, report]]);
      const kinds = master.slaves.refusals.all.map((it) => [it.addr, it.kind]);
      assertEquals(kinds, refused ? [["10.0.0.9:20911", "FOREIGN"]] : []);
    });
  });
}

test("a first report above born is served to whom this process sent up to there, and to nobody else", () => {
  const sent: unknown[] = [];
  const witness = {
    held: ({ host, wasSent }: Asked, first: number) => {
      sent.push([host, first, wasSent]);
      return Promise.resolve("unknown" as const);
    },
  };
  return withMaster({ bytes: 1_000, witness }, async ({ clock, net, log, master }) => {
    const slave = await HandSlave.dial(net);
    slave.report(1_000);
    await clock.settle();
    log.commit(noise(500));
    await clock.settle();
    slave.conn.close();
    await clock.settle();
    log.commit(noise(500));
    const again = async (host: string, report: number) => {
      const next = await HandSlave.dial(net, host);
      next.report(report);
      await clock.settle();
      const { bytes } = next;
      next.conn.close();
      await clock.advance(6_000);
      return bytes;
    };
    assertEquals(await again("10.0.0.9", 1_501), 0, "more than it was sent");
    assertEquals(await again("10.0.0.9", 1_500), 500);
    assertEquals(await again("10.0.0.8", 1_500), 0, "another slave");
    const [{ kind, reason }] = master.slaves.refusals.all;
    assertEquals(kind, "FOREIGN");
    assertStringIncludes(reason, "first report 1500 is above 1000");
    assertEquals(sent.slice(-2), [["10.0.0.9", 1_500, true], ["10.0.0.8", 1_500, false]]);
  });
});

test("a slave that was refused as FOREIGN is served once an operator accepts it", () =>
  withMaster({ bytes: 2_000, born: 1_000 }, async ({ clock, net, master }) => {
    const refused = await HandSlave.dial(net);
    refused.report(1_500);
    await clock.advance(1_000);
    assertEquals([refused.ended, refused.bytes], ["closed", 0]);
    assertEquals(master.slaves.refusals.accept("10.0.0.9"), undefined);
    const slave = await HandSlave.dial(net);
    slave.report(1_500);
    await clock.settle();
    assertEquals([slave.bytes, master.acks.slaves], [500, 1]);
    assertEquals(master.log.with("as an operator wanted").length, 1);
    assertEquals(master.slaves.refusals.all, []);
  }));

test("while one slave is asked what it holds, others are served", () => {
  const witness = {
    held: ({ host }: { host: string }) =>
      host === "10.0.0.9" ? new Promise<"ours">(() => {}) : Promise.resolve("ours" as const),
  };
  return withMaster({ bytes: 2_000, witness }, async ({ clock, net }) => {
    const asked = await HandSlave.dial(net);
    asked.report(1_000);
    const slave = await HandSlave.dial(net, "10.0.0.8");
    slave.report(1_000);
    await clock.advance(1_000);
    assertEquals([asked.transfers, slave.bytes], [[], 1_000]);
  });
});

test("a newer connection that names the same slave ends the half-open older one", () =>
  withMaster({ bytes: 1_000, inSyncReplicas: 3 }, async ({ clock, net, log, master }) => {
    const old = await HandSlave.dial(net);
    master.slaves.named("10.0.0.9", old.nameOf(1));
    old.report(0);
    await clock.settle();
    old.report(1_000);
    await clock.settle();
    const slave = await HandSlave.dial(net);
    master.slaves.named("10.0.0.9", slave.nameOf(1));
    slave.report(0);
    await clock.settle();
    slave.report(1_000);
    await clock.settle();
    assertEquals([old.ended, slave.ended, master.acks.slaves], ["closed", "open", 1]);
    assertEquals([master.acks.confirmed, master.acks.state(900)], [0, "unavailable"]);
    const other = await HandSlave.dial(net);
    master.slaves.named("10.0.0.9", other.nameOf(2, 20_911));
    other.report(0);
    await clock.settle();
    other.report(1_000);
    await clock.settle();
    assertEquals([master.acks.slaves, master.acks.confirmed], [2, 1_000]);
    log.commit(noise(10));
    assertEquals(master.acks.state(1_010), "waiting");
  }));
