import { assert, assertEquals } from "@std/assert";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { FakeLog, noise } from "../../support/fake_log.ts";
import { HandSlave, startMaster } from "../../support/ha.ts";
import { MemNet } from "../../support/mem_net.ts";

/** A log of which each read takes that long. */
class SlowLog extends FakeLog {
  readonly #clock: VirtualClock;
  readonly #readMs: number;

  constructor(clock: VirtualClock, readMs: number) {
    super(1024 * 1024);
    this.#clock = clock;
    this.#readMs = readMs;
  }

  override readAt(logOffset: number, into: Uint8Array): number {
    this.#clock.pause(this.#readMs);
    return super.readAt(logOffset, into);
  }
}

test("ten slaves that catch up delay producers no more than one does: by a slice and a round", async () => {
  const READ_MS = 0.1;
  const ROUND_MS = 8 * READ_MS; // 256 KiB in frames of 32
  const longest: number[] = [];
  for (const slaves of [1, 10]) {
    const clock = new VirtualClock();
    const net = new MemNet(clock);
    const log = new SlowLog(clock, READ_MS);
    log.commit(noise(1024 * 1024));
    const master = await startMaster(net, clock, log);
    const all: HandSlave[] = [];
    for (let i = 0; i < slaves; i++) {
      const slave = await HandSlave.dial(net, `10.0.0.${10 + i}`);
      slave.report(0);
      all.push(slave);
    }
    const waits: number[] = [];
    const bytes = () => all.reduce((sum, slave) => sum + slave.bytes, 0);
    let last = clock.monotonic();
    const producer = () => {
      waits.push(clock.monotonic() - last);
      last = clock.monotonic();
      if (bytes() < slaves * log.tail) clock.soon(producer);
    };
    clock.soon(producer);
    await clock.settle();
    assertEquals(all.map((slave) => slave.bytes), Array(slaves).fill(log.tail));
    longest.push(Math.max(...waits.slice(1))); // the first round of each begins with its report
    await master.stop();
  }
  const [, ten] = longest;
  assert(ten <= 2 + ROUND_MS + 0.001, `a producer waited ${longest} ms`);
});

test("a slave far behind gets a share while the log grows, and everything once it does not", async () => {
  const clock = new VirtualClock();
  const net = new MemNet(clock);
  const MIB = 1024 * 1024;
  const log = new FakeLog(64 * MIB, { capacity: 128 * MIB });
  log.commit(new Uint8Array(60 * MIB));
  const master = await startMaster(net, clock, log);
  /** Bytes a new slave has got while producers add `perMs` bytes a ms. */
  const inABit = async (host: string, perMs: number): Promise<number> => {
    for (let ms = 0; ms < 100; ms++) {
      if (perMs > 0) log.commit(new Uint8Array(perMs)); // so that the rate is known
      await clock.advance(1);
    }
    const slave = await HandSlave.dial(net, host);
    slave.report(0);
    for (let ms = 0; ms < 300; ms++) {
      if (perMs > 0) log.commit(new Uint8Array(perMs));
      await clock.advance(1);
    }
    const { bytes } = slave;
    slave.conn.close();
    await clock.settle();
    return bytes;
  };
  const idle = await inABit("10.0.0.10", 0);
  const busy = await inABit("10.0.0.11", 20_000);
  assertEquals(idle, 60 * MIB);
  assert(busy > 20 * MIB && busy < 40 * MIB, `got ${busy} bytes beside producers`);
  await master.stop();
});
