import { assertEquals } from "@std/assert";
import { decodeReports, encodeTransfer } from "../../../src/ha/frames.ts";
import type { SlaveOptions } from "../../../src/ha/slave.ts";
import type { Connection } from "../../../src/ports/net.ts";
import { VirtualClock } from "../../support/clock.ts";
import { FakeLog, fakeStore, noise } from "../../support/fake_log.ts";
import { HA, startSlave, type TestSlave } from "../../support/ha.ts";
import { MemNet } from "../../support/mem_net.ts";
import { recordsBetween } from "../../support/records.ts";

export const FILE = 65536;

/**
 * A bare master that a test leads by hand: the latest connection of the slave. By itself it only sends what
 * the slave compares with its own log: the same bytes.
 */
export class HandMaster {
  /** Reports of the latest connection. */
  reports: number[] = [];
  /** When each connection came. */
  readonly connectedAt: number[] = [];
  ended = false;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #conn: Connection | undefined;
  readonly #clock: VirtualClock;
  readonly #same: FakeLog | undefined;

  /** `same` is the slave's log. */
  constructor(clock: VirtualClock, same?: FakeLog) {
    this.#clock = clock;
    this.#same = same;
  }

  async accept(connections: AsyncIterable<Connection>): Promise<void> {
    for await (const conn of connections) {
      this.connectedAt.push(this.#clock.monotonic());
      this.#conn = conn;
      this.#writer = conn.writable.getWriter();
      this.ended = false;
      this.reports = [];
      this.#read(conn, this.reports);
    }
  }

  send(bytes: Uint8Array): void {
    this.#writer!.write(bytes).catch(() => {});
  }

  transfer(logOffset: number, body: Uint8Array): void {
    this.send(encodeTransfer({ logOffset, body }));
  }

  heartbeat(logOffset: number): void {
    this.transfer(logOffset, new Uint8Array(0));
  }

  close(): void {
    this.#conn!.close();
  }

  #overlap(first: number): void {
    const { tail, minOffset, bytes } = this.#same ?? { tail: 0, minOffset: 0, bytes: noise(0) };
    if (tail > first) this.transfer(first, bytes.slice(first - minOffset));
  }

  async #read(conn: Connection, into: number[]): Promise<void> {
    try {
      for await (const batch of conn.readable.pipeThrough(decodeReports())) {
        if (into.length === 0) this.#overlap(batch[0]);
        into.push(...batch);
      }
    } catch { /* cut */ }
    if (this.#conn === conn) this.ended = true;
  }
}

export interface Scene {
  readonly clock: VirtualClock;
  readonly net: MemNet;
  readonly log: FakeLog;
  readonly master: HandMaster;
  readonly slave: TestSlave;
}

/** Runs a test with a slave whose log holds `bytes`, connected to a master led by hand. */
export async function withSlave(
  { bytes = 0, log = new FakeLog(FILE), ...options }:
    & { bytes?: number; log?: FakeLog }
    & Partial<SlaveOptions>,
  body: (scene: Scene) => Promise<void>,
): Promise<void> {
  const clock = new VirtualClock();
  const net = new MemNet(clock);
  log.commit(recordsBetween(0, bytes, FILE));
  const listener = await net.host(HA.host).listen(HA);
  const master = new HandMaster(clock, log);
  const accepted = master.accept(listener.connections);
  const slave = startSlave(net, clock, fakeStore(log), options);
  await clock.settle();
  await body({ clock, net, log, master, slave });
  await slave.stop();
  listener.close();
  await accepted;
  await clock.settle();
  assertEquals(clock.waiting, 0, "something was left");
}
