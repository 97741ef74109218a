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

/** A master's log, and its queue files. */
async function masterLog(
  random: Random,
  options: Partial<StoreOptions>,
): Promise<{ log: Uint8Array; queues: Map<string, Uint8Array> }> {
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
  }
  store.commit();
  const log = logBytes(store);
  await closeAt(clock, store);
  return { log, queues: queueFiles(fs) };
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

test("a slave that dies at any point has its master's log up to whole records, and goes on", () =>
  everySeed(20, async (random) => {
    const options: Partial<StoreOptions> = {
      logFileBytes: random.pick([4096, 16384]),
      queueFileBytes: random.pick([100, 2000]),
      flush: "sync",
    };
    const master = await masterLog(random, options);
    const fs = new MemFs();
    let reported = 0;
    for (let done = false; !done;) {
      const clock = new VirtualClock();
      const slave = await openAt(clock, fs, options);
      assert(
        slave.log.tail >= reported,
        `${slave.log.tail} of ${reported} reported bytes are there`,
      );
      assert(sameBytes(logBytes(slave), master.log.subarray(0, slave.log.tail)), "another log");
      for (let steps = random.between(5, 60); steps > 0; steps--) {
        const at = slave.log.tail;
        const fileEnd = at - at % options.logFileBytes! + options.logFileBytes!;
        const end = Math.min(at + random.between(1, 900), fileEnd, master.log.length);
        if (random.below(10) === 0) breakDisk(fs, random);
        if (end > at) appendOrRefuse(slave, at, master.log.subarray(at, end));
        if (slave.log.tail === at) continue;
        if (random.below(8) === 0) await clock.advance(random.below(12_000));
        if (random.below(4) > 0) continue;
        const flushed = slave.flush.reached(end).then(() => true, () => false);
        await clock.settle();
        if (await flushed) reported = slave.dispatch.position; // whole records only
      }
      fs.fault = undefined;
      done = slave.log.tail === master.log.length;
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
