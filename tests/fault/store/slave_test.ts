import { assert, assertEquals } from "@std/assert";
import { sameBytes } from "../../../src/base/bytes.ts";
import { FsError } from "../../../src/ports/fs.ts";
import { PutRefusal } from "../../../src/store/errors.ts";
import type { StoreOptions } from "../../../src/store/options.ts";
import type { Store } from "../../../src/store/store.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { everySeed, type Random } from "../../support/seeds.ts";
import { closeAt, message, openAt } from "../../support/store.ts";

/** What a master has, and what it tells of it. */
interface Master {
  readonly log: Uint8Array;
  readonly queues: Map<string, Uint8Array>;
  /** Where the messages of topics begin that were deleted and made again. */
  readonly floors: ReadonlyMap<string, number>;
  readonly numbers: ReadonlyMap<string, readonly number[]>;
}

/** A master that sends, and deletes topics now and then. */
async function masterLog(random: Random, options: Partial<StoreOptions>): Promise<Master> {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const store = await openAt(clock, fs, options);
  for (let i = random.between(20, 120); i > 0; i--) {
    store.append(message({
      topic: random.pick(["A", "B"]),
      queueId: random.below(2),
      body: random.bytes(random.below(600)),
      properties: random.pick(["", "TAGS\x01TagA"]),
    }));
    if (random.below(20) > 0) continue;
    store.commit();
    await settled(clock, store.deletions.erase([random.pick(["A", "B"])]));
  }
  store.commit();
  await clock.settle();
  const kept = { log: logBytes(store), floors: store.deletions.floors, numbers: numbersOf(store) };
  await closeAt(clock, store);
  return { ...kept, queues: queueFiles(fs) };
}

/** Of each queue the first number, the next one, and where the topic as it is now begins. */
function numbersOf({ queues }: Store): Map<string, readonly number[]> {
  const all = [...queues.all()].map(({ topic, queueId, minOffset, maxOffset, start }) =>
    [`${topic}/${queueId}`, [minOffset, maxOffset, start]] as const
  );
  return new Map(all.sort(([a], [b]) => a < b ? -1 : 1));
}

/** True when it was done. */
async function settled(clock: VirtualClock, work: Promise<void>): Promise<boolean> {
  const done = work.then(() => true, () => false);
  await clock.settle();
  return await done;
}

function logBytes({ log }: Store): Uint8Array {
  const bytes = new Uint8Array(log.tail);
  for (let at = 0; at < log.tail;) at += log.readAt(at, bytes.subarray(at));
  return bytes;
}

/** The next few calls of a kind fail; a write after some of its bytes. */
function breakDisk(fs: MemFs, random: Random): void {
  const kind = random.pick(["write", "truncate", "open"] as const);
  const until = fs.counts[kind] + random.between(1, 4);
  const failure = { error: new FsError("full", "the disk is full"), keep: random.below(900) };
  const both = random.below(2) === 0;
  fs.fault = (operation, _path, nth) =>
    operation === kind && nth <= until ||
      both && operation === "truncate" && fs.counts[kind] <= until
      ? failure
      : undefined;
}

function appendOrRefuse(slave: Store, at: number, bytes: Uint8Array): void {
  try {
    slave.appendRaw(at, bytes);
  } catch (error) {
    assert(error instanceof PutRefusal, String(error));
    assertEquals(slave.log.tail, at);
  }
}

function queueFiles(fs: MemFs): Map<string, Uint8Array> {
  return new Map(fs.paths("store/consumequeue").map((path) => [path, fs.bytes(path).slice()]));
}

test("a slave that dies at any point has its master's log up to whole records, shows what it shows, and goes on", () =>
  everySeed(20, async (random) => {
    const options: Partial<StoreOptions> = {
      logFileBytes: random.pick([4096, 16384]),
      queueFileBytes: random.pick([100, 2000]),
      flush: "sync",
    };
    const master = await masterLog(random, options);
    const fs = new MemFs();
    let reported = 0;
    let hidden: ReadonlyMap<string, number> = new Map();
    for (let done = false; !done;) {
      const clock = new VirtualClock();
      const slave = await openAt(clock, fs, options);
      assert(
        slave.log.tail >= reported,
        `${slave.log.tail} of ${reported} reported bytes are there`,
      );
      assert(sameBytes(logBytes(slave), master.log.subarray(0, slave.log.tail)), "another log");
      assertEquals(new Map([...hidden, ...slave.deletions.floors]), slave.deletions.floors);
      for (const [topic, floor] of hidden) assert(slave.deletions.floorOf(topic) >= floor, topic);
      for (let steps = random.between(5, 60); steps > 0; steps--) {
        const at = slave.log.tail;
        const fileEnd = at - at % options.logFileBytes! + options.logFileBytes!;
        const end = Math.min(at + random.between(1, 900), fileEnd, master.log.length);
        if (random.below(10) === 0) breakDisk(fs, random);
        if (end > at) appendOrRefuse(slave, at, master.log.subarray(at, end));
        if (slave.log.tail === at) continue;
        if (random.below(8) === 0) await clock.advance(random.below(12_000));
        if (random.below(6) === 0 && await settled(clock, slave.deletions.follow(master.floors))) {
          hidden = slave.deletions.floors;
        }
        if (random.below(4) > 0) continue;
        const flushed = slave.flush.reached(end).then(() => true, () => false);
        await clock.settle();
        if (await flushed) reported = slave.dispatch.position; // whole records only
      }
      fs.fault = undefined;
      done = slave.log.tail === master.log.length;
      if (done) {
        await clock.advance(2_000); // its queues may wait for the disk
        await settled(clock, slave.deletions.follow(master.floors));
        assertEquals(numbersOf(slave), master.numbers);
      }
      if (done || random.below(4) === 0) {
        await closeAt(clock, slave);
        continue;
      }
      if (random.below(2) === 0) fs.kill();
      else fs.powerCut(random);
      await clock.advance(1_500);
      slave.dispatch.close();
    }
    assertEquals(queueFiles(fs), master.queues);
  }));
