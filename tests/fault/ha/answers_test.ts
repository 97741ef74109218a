import { assertEquals } from "@std/assert";
import { concat } from "../../../src/base/bytes.ts";
import { Confirmations } from "../../../src/broker/confirm.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { HandSlave } from "../../support/ha.ts";
import { LOG_FILE_BYTES, MasterNode, SlaveNode } from "../../support/ha_pair.ts";
import { MemNet } from "../../support/mem_net.ts";
import { message, messagesOf } from "../../support/store.ts";

interface Scene {
  readonly clock: VirtualClock;
  readonly net: MemNet;
  readonly master: MasterNode;
  /** Stores one message; the code it is answered with is put into `codes`. */
  send(): void;
  readonly codes: number[];
}

/** A master over a real store that answers sends as brokers do, with slaveTimeout 2500. */
async function answering(
  role: "SYNC_MASTER" | "ASYNC_MASTER",
  body: (scene: Scene) => Promise<void>,
): Promise<void> {
  const clock = new VirtualClock();
  const net = new MemNet(clock);
  const master = new MasterNode(net, clock);
  await master.start();
  const confirmations = new Confirmations({
    clock,
    replicas: role === "SYNC_MASTER" ? master.role.acks : undefined,
    disk: undefined,
    slaveTimeoutMs: 2_500,
    flushTimeoutMs: 5_000,
  });
  const codes: number[] = [];
  const send = () => {
    master.put(100);
    confirmations.add([{ end: master.store.log.tail, confirmed: (code) => codes.push(code) }]);
  };
  await body({ clock, net, master, send, codes });
  confirmations.close();
  await master.stop();
}

test("ASYNC_MASTER answers at once, and the packet goes out in the same turn", () =>
  answering("ASYNC_MASTER", async ({ clock, net, master, send, codes }) => {
    const slave = await HandSlave.dial(net);
    slave.report(0);
    await clock.settle();
    send();
    assertEquals(codes, [0]);
    assertEquals([...master.role.acks.followers()][0].sent, master.store.log.tail);
    await clock.settle();
    assertEquals(slave.bytes, master.store.log.tail);
  }));

test("SYNC_MASTER answers 0 once a slave of ours has it", () =>
  answering("SYNC_MASTER", async ({ clock, net, send, codes }) => {
    const slave = new SlaveNode(net, clock);
    await slave.start();
    await clock.settle();
    send();
    send();
    assertEquals(codes, []);
    await clock.settle();
    assertEquals(codes, [0, 0]);
    await slave.stop();
  }));

test("SYNC_MASTER without a slave answers 11 at once", () =>
  answering("SYNC_MASTER", async ({ clock, net, send, codes }) => {
    send();
    await HandSlave.dial(net); // connected, but it never reports
    await clock.settle();
    send();
    assertEquals(codes, [11, 11]);
  }));

test("SYNC_MASTER answers 12 after slaveTimeout when the slave falls silent; the message can be read", () =>
  answering("SYNC_MASTER", async ({ clock, net, master, send, codes }) => {
    const slave = await HandSlave.dial(net);
    slave.report(0);
    await clock.settle();
    send();
    await clock.advance(2_499);
    assertEquals(codes, []);
    await clock.advance(1);
    assertEquals(codes, [12]);
    assertEquals(messagesOf(master.store, "T1", 0).length, 1);
    slave.conn.close();
    await clock.settle();
    send();
    assertEquals(codes, [12, 11], "and 11 once it is gone");
  }));

test("a slave that is ahead of the master gets nothing and confirms nothing", () =>
  answering("SYNC_MASTER", async ({ clock, net, master, send, codes }) => {
    const slave = new SlaveNode(net, clock);
    slave.master = new MasterNode(net, clock); // nobody answers there
    await slave.start();
    for (let i = 0; i < 50; i++) slave.store.append(message({ body: new Uint8Array(100) }));
    slave.store.commit();
    const { tail } = slave.store.log;
    await slave.stop();
    slave.master = master;
    await slave.start();
    await clock.advance(10_000);
    for (let i = 0; i < 3; i++) {
      send();
      await clock.advance(5_000);
    }
    assertEquals(codes, [11, 11, 11]);
    assertEquals([slave.role.status.state, slave.store.log.tail], ["AHEAD", tail]);
    assertEquals(slave.role.log.with("does not follow the master").length, 1);
    assertEquals(master.role.log.with("a slave").length, 0, "it did not even connect");
    assertEquals(slave.role.status.bounds?.max, master.store.log.tail, "it asks again and again");
    await slave.stop();
  }));

test("the filler of a full file arrives, and a packet ends exactly at the file's end", () =>
  answering("ASYNC_MASTER", async ({ clock, net, master }) => {
    const slave = await HandSlave.dial(net);
    slave.report(0);
    await clock.settle();
    for (let i = 0; i < 8; i++) {
      master.put(3_000);
      await clock.settle();
    }
    const ends = slave.transfers.map(({ logOffset, body }) => logOffset + body.length);
    assertEquals(ends.includes(LOG_FILE_BYTES), true, `${ends}`);
    assertEquals(concat(slave.transfers.map(({ body }) => body)), master.bytes());
  }));
