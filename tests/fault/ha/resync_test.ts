import { assert, assertEquals } from "@std/assert";
import { sameBytes } from "../../../src/base/bytes.ts";
import { Resync } from "../../../src/ha/resync.ts";
import { SlaveStatus } from "../../../src/ha/slave_status.ts";
import { FsError } from "../../../src/ports/fs.ts";
import type { Store } from "../../../src/store/store.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { KeptLog } from "../../support/ha.ts";
import { answersFrom, copyLog, logBytes, putSizes } from "../../support/histories.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { runtime } from "../../support/runtime.ts";
import { everySeed, Random } from "../../support/seeds.ts";
import { closeAt, openAt } from "../../support/store.ts";

const OPERATIONS_MAX = 100;
const OPTIONS = { logFileBytes: 4096, queueFileBytes: 100 };
const never = new AbortController().signal;

/** A slave and what it had before it was resynced. */
interface Before {
  readonly fs: MemFs;
  readonly clock: VirtualClock;
  readonly master: Store;
  readonly parts: number;
  readonly log: Uint8Array;
}

function resyncOf({ fs, clock, master }: Before, store: Store): Resync {
  const status = new SlaveStatus(clock, new KeptLog());
  status.troubled("DIVERGED", { reason: "differs", advice: "" });
  return new Resync({
    store,
    root: fs.dir("store"),
    clock,
    codecs: runtime.codecs,
    log: new KeptLog(),
    status,
    master: () => ({ answers: answersFrom(master), address: "10.0.0.1:10911" }),
    afterCut: () => {},
    auto: true,
  });
}

async function run(clock: VirtualClock, work: Promise<unknown>): Promise<void> {
  await Promise.all([work.catch(() => {}), clock.settle()]);
}

/** The process or the machine dies at the nth change of files from now on. */
function dieAt(fs: MemFs, nth: number, how: "kill" | "powerCut", random: Random): () => boolean {
  let count = 0;
  fs.fault = (operation) => {
    if (operation === "open" || ++count < nth) return undefined;
    if (how === "kill") fs.kill();
    else fs.powerCut(random);
    return { error: new FsError("other", "the process died") };
  };
  return () => count >= nth;
}

async function slaveWithTail(random: Random): Promise<[Before, Store]> {
  const clock = new VirtualClock();
  const fs = new MemFs();
  const master = await openAt(clock, new MemFs(), OPTIONS);
  const store = await openAt(clock, fs, OPTIONS);
  const sizes = (count: number) =>
    Array.from({ length: count }, () => random.pick([10, 300, 2_000]));
  putSizes(master, "common", sizes(random.between(1, 30)));
  copyLog(master, store);
  const parts = store.log.tail;
  putSizes(store, "slave", sizes(random.between(1, 20)));
  putSizes(master, "master", Array(25).fill(2_000));
  await clock.advance(11_000);
  return [{ fs, clock, master, parts, log: logBytes(store, 0, store.log.tail) }, store];
}

/** A copy of the whole tail, byte for byte. */
function hasCopy({ fs, parts, log }: Before): boolean {
  const tail = log.subarray(parts);
  return fs.paths("store/diverged").some((path) =>
    path.endsWith(String(parts).padStart(20, "0")) && sameBytes(fs.bytes(path), tail)
  );
}

/** What is not in the log is in a copy; gives true when the log was cut. */
function checkNothingLost(before: Before, store: Store, when: string): boolean {
  const { parts, log } = before;
  const { tail } = store.log;
  assert(tail === parts || tail === log.length, `${when}: the log ends at ${tail}`);
  assertEquals(logBytes(store, 0, tail), log.subarray(0, tail), when);
  assert(tail === log.length || hasCopy(before), `${when}: the tail is gone and nowhere else`);
  return tail === parts;
}

for (const how of ["kill", "powerCut"] as const) {
  test(`a resync that ends by ${how} loses nothing, and the next start goes on with it`, async () => {
    const states = new Set<string>();
    await everySeed(4, async (random, seed) => {
      for (let nth = 1;; nth++) {
        assert(nth <= OPERATIONS_MAX, "a resync makes so many changes and does not end");
        const [before, store] = await slaveWithTail(new Random(seed)); // each time alike: no change is missed
        const { fs, clock, master, parts } = before;
        const died = dieAt(fs, nth, how, random);
        await run(clock, resyncOf(before, store).turn(never));
        fs.fault = undefined;
        if (!died()) {
          assert(checkNothingLost(before, store, "at the end"));
          await closeAt(clock, store);
          await closeAt(clock, master);
          break;
        }
        store.dispatch.close();
        await clock.settle();
        const again = await openAt(clock, fs, OPTIONS);
        const begun = fs.paths("store/resync.json").length > 0;
        const cut = checkNothingLost(before, again, "after the death");
        states.add(`${begun ? "begun" : "not begun"}, ${cut ? "cut" : "not cut"}`);
        await run(clock, resyncOf(before, again).finish(never));
        const done = checkNothingLost(before, again, "after the next start");
        assertEquals(done, begun || cut, "it goes on with what was begun");
        await run(clock, resyncOf(before, again).turn(never));
        if (!done) assert(checkNothingLost(before, again, "after another try"));
        assertEquals(again.log.tail, parts);
        copyLog(master, again);
        await clock.settle();
        assertEquals(again.dispatch.position, master.log.tail);
        await closeAt(clock, again);
        await closeAt(clock, master);
      }
    });
    assertEquals([...states].sort(), [
      "begun, cut",
      "begun, not cut",
      "not begun, cut",
      "not begun, not cut",
    ]);
  });
}
