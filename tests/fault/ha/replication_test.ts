import { assert, assertEquals } from "@std/assert";
import { TRANSFER_HEADER_BYTES } from "../../../src/ha/frames.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { LOG_FILE_BYTES, MasterNode, SlaveNode } from "../../support/ha_pair.ts";
import { type Link, MemNet } from "../../support/mem_net.ts";
import { everySeed, type Random } from "../../support/seeds.ts";

interface Pair {
  readonly clock: VirtualClock;
  readonly net: MemNet;
  readonly master: MasterNode;
  readonly slave: SlaveNode;
}

/**
 * A master and a slave, and the promise of every test here: nothing is confirmed that the slave does not
 * hold, and in the end, whatever happened, both logs are equal.
 */
async function replicating(body: (pair: Pair) => Promise<void>): Promise<void> {
  const clock = new VirtualClock();
  const net = new MemNet(clock);
  const master = new MasterNode(net, clock);
  const slave = new SlaveNode(net, clock);
  slave.master = master;
  let confirmed = 0;
  const lies: string[] = []; // thrown where they are seen they would only end that connection
  master.onConfirmed = (offset) => {
    confirmed = Math.max(confirmed, offset);
    const { tail, durable } = slave.store.log;
    const held = slave.onlyDurable ? durable : tail;
    if (offset > held) lies.push(`${offset} confirmed, the slave holds ${held}`);
  };
  await body({ clock, net, master, slave });
  net.onLink = () => {};
  for (const link of net.links) link.cut();
  if (!master.alive) await master.start();
  if (!slave.alive) await slave.start();
  for (let s = 0; s < 60 && slave.store.log.tail < master.store.log.tail; s++) {
    await clock.advance(1_000);
  }
  assertEquals(lies, []);
  assertEquals(slave.store.log.tail, master.store.log.tail, slave.role.log.lines.join("\n"));
  assert(same(slave.bytes(), master.bytes()), "the logs differ");
  assert(slave.store.log.tail >= confirmed, "confirmed bytes are gone");
  await slave.stop();
  await master.stop();
  await clock.settle();
  assertEquals(queueFiles(slave), queueFiles(master), "the queues differ");
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function queueFiles({ fs }: { fs: MasterNode["fs"] }): [string, string][] {
  return fs.paths("store/consumequeue").map((path) => [path, `${fs.bytes(path)}`]);
}

/** Bodies that fill two and a half files. */
const BODIES = Array.from({ length: 40 }, (_, i) => 300 + 37 * i);
const FRAME = TRANSFER_HEADER_BYTES + 4096;

for (
  const { name, cutAfter } of [
    { name: "before the first byte", cutAfter: 0 },
    { name: "inside a header", cutAfter: FRAME + 5 },
    { name: "between header and body", cutAfter: FRAME + TRANSFER_HEADER_BYTES },
    { name: "inside a body", cutAfter: FRAME + TRANSFER_HEADER_BYTES + 1234 },
    { name: "at a frame's end", cutAfter: FRAME },
    { name: "at a file's end", cutAfter: LOG_FILE_BYTES / 4096 * FRAME },
    { name: "one byte before a file's end", cutAfter: LOG_FILE_BYTES / 4096 * FRAME - 1 },
    { name: "one byte behind a file's end", cutAfter: LOG_FILE_BYTES / 4096 * FRAME + 1 },
  ]
) {
  for (const who of ["link", "slave", "master"] as const) {
    const what = who === "link" ? "a cut link" : `a ${who} killed`;
    test(`${what} ${name}: goes on where it was, logs equal`, () =>
      replicating(async ({ clock, net, master, slave }) => {
        net.onLink = (link) => {
          link.toDialer.manner.cutAfter = cutAfter;
          net.onLink = () => {};
        };
        await master.start();
        master.put(...BODIES);
        await slave.start();
        await clock.settle();
        assert(slave.store.log.tail < master.store.log.tail);
        if (who !== "link") {
          const node = who === "slave" ? slave : master;
          await node.kill();
          await clock.advance(500);
          await node.start();
        }
        await clock.advance(10_000);
      }));
  }
}

test("a slave that only confirms what is durable confirms nothing else, flush by flush", () =>
  replicating(async ({ clock, master, slave }) => {
    slave.onlyDurable = true;
    await master.start();
    await slave.start();
    for (let i = 0; i < 20; i++) {
      master.put(100, 200, 3000);
      await clock.advance(7);
    }
    assertEquals(master.role.acks.confirmed, master.store.log.tail);
  }));

test("whatever breaks, nothing is confirmed that the slave does not hold, and the logs end up equal", () =>
  everySeed(20, (random) =>
    replicating(async (pair) => {
      const { clock, net, master, slave } = pair;
      slave.onlyDurable = random.below(4) === 0;
      master.transferBytes = random.pick([100, 1000, 4096, 32768]);
      net.onLink = (link) => spoil(link, random);
      await master.start();
      await slave.start();
      for (let step = 0; step < 60; step++) await breakSomething(pair, random);
      await clock.advance(100);
    })));

/** A new link has its own chunks, delay and rate, and often an early end. */
function spoil({ toDialer, toAcceptor }: Link, random: Random): void {
  for (const { manner } of [toDialer, toAcceptor]) {
    const chunk = random.pick([10, 700, 5000, 65536]);
    manner.chunkBytes = () => random.between(1, chunk);
    manner.delayMs = random.pick([0, 0, 1, 40]);
    manner.bytesPerMs = random.pick([Infinity, Infinity, 1000, 50]);
    manner.capacityBytes = random.pick([0, 1000, 262144]);
  }
  if (random.below(2) === 0) toDialer.manner.cutAfter = random.below(60_000);
  if (random.below(4) === 0) toAcceptor.manner.cutAfter = random.below(400);
}

async function breakSomething({ clock, net, master, slave }: Pair, random: Random): Promise<void> {
  const link = net.links.at(-1);
  switch (random.below(12)) {
    case 0:
      link?.cut();
      break;
    case 1: // in the middle of what comes next
      if (link) link.toDialer.manner.cutAfter = link.toDialer.through + random.below(3000);
      break;
    case 2: // in the next header
      if (link) {
        link.toDialer.manner.cutAfter = link.toDialer.through +
          random.below(TRANSFER_HEADER_BYTES + 1);
      }
      break;
    case 3:
      link?.stall(true);
      break;
    case 4:
      link?.stall(false);
      break;
    case 5:
      if (slave.alive) await slave.kill();
      else await slave.start();
      break;
    case 6:
      if (random.below(3) > 0) break;
      if (master.alive) await master.kill();
      else await master.start();
      break;
    default:
      if (!master.alive) await master.start();
      master.put(...Array.from({ length: random.between(1, 8) }, () => random.below(2000)));
  }
  await clock.advance(random.pick([0, 0, 1, 30, 800, 6_000]));
}
