import { assertEquals } from "@std/assert";
import { viewOf } from "../../../src/base/bytes.ts";
import { FsError } from "../../../src/ports/fs.ts";
import { openStore, type Store } from "../../../src/store/store.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { tornAt } from "../../support/mem_fs/power.ts";
import { everySeed } from "../../support/seeds.ts";
import { runtime } from "../../support/runtime.ts";
import { closeAt, Lines, message, openAt, SMALL, textsOf } from "../../support/store.ts";
import { FIRST } from "../../support/stored.ts";

const { clock, codecs } = runtime;
const QUEUE = "store/consumequeue/T1/0/00000000000000000000";

function openOn(fs: MemFs, bootId = "this run", queueFileBytes = 2_000): Promise<Store> {
  const options = { ...SMALL, queueFileBytes };
  return openStore({ fs, clock, codecs, bootId }, fs.dir("store"), options, new Lines());
}

/** Gives where each record ends. */
function send(store: Store, texts: readonly string[], queueId = 0): number[] {
  const ends = texts.map((text) => store.append(message({ text, queueId })).end);
  store.commit();
  return ends;
}

/** Its process dies; what that still tries does not reach the disk. */
async function kill(fs: MemFs, store: Store): Promise<void> {
  fs.kill();
  await store.close();
}

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => String(from + i));

test("entries of a process that was killed are taken away in place, and no disk space is freed for it", async () => {
  const fs = new MemFs();
  const store = await openOn(fs, "this run", 20_000);
  send(store, numbers(0, 500)); // some of the entries are in files, some in memory
  await store.dispatch.reached(store.log.tail);
  await kill(fs, store);
  const truncated: string[] = [];
  fs.fault = (operation, path) => {
    if (operation === "truncate" && path.includes("consumequeue")) truncated.push(path);
    return undefined;
  };
  await using again = await openOn(fs, "this run", 20_000);
  assertEquals(textsOf(again, "T1", 0), numbers(0, 500));
  assertEquals(truncated, []);
});

for (const { name, from } of [{ name: "behind others", from: 250 }, { name: "all", from: 0 }]) {
  test(`a full disk that has no room to take entries away in place is no reason not to start: ${name}`, async () => {
    const fs = new MemFs();
    const store = await openOn(fs, "this run", 20_000);
    send(store, numbers(0, from));
    await store.close();
    const dying = await openOn(fs, "this run", 20_000);
    send(dying, numbers(from, 500));
    await dying.dispatch.reached(dying.log.tail);
    await kill(fs, dying);
    const full = { error: new FsError("full", "ENOSPC"), keep: 7 };
    fs.fault = (operation, path) =>
      operation === "write" && path.includes("consumequeue") ? full : undefined;
    await using again = await openOn(fs, "this run", 20_000);
    assertEquals(textsOf(again, "T1", 0), numbers(0, 500));
    fs.fault = undefined;
  });
}

test("after a restart of the machine queues are cut whatever lies in them", async () => {
  const fs = new MemFs();
  const store = await openOn(fs, "this run", 20_000);
  send(store, numbers(0, 250));
  await store.dispatch.reached(store.log.tail);
  await kill(fs, store);
  fs.bytes(QUEUE).fill(7, 20 * 260, 20 * 262); // behind a hole
  await using again = await openOn(fs, "next run", 20_000);
  assertEquals(again.queues.get("T1", 0)?.maxOffset, 250);
  assertEquals(fs.bytes(QUEUE).subarray(20 * 250).some((byte) => byte !== 0), false);
});

test("entries of records that are cut stay gone after a kill", async () => {
  const fs = new MemFs();
  const store = await openOn(fs);
  const ends = send(store, numbers(0, 100));
  await store.close();
  const dying = await openOn(fs);
  send(dying, ["other"], 1);
  await kill(fs, dying);
  fs.bytes(FIRST)[ends[49] + 4] ^= 1;
  await (await openOn(fs)).close();
  const behind = viewOf(fs.bytes(QUEUE).subarray(20 * 50));
  for (let at = 0; at < behind.byteLength; at += 20) assertEquals(behind.getInt32(at + 8), 0);
  await using last = await openOn(fs);
  assertEquals(textsOf(last, "T1", 0), numbers(0, 50));
});

test("kill after kill, queues have all messages of the log", () =>
  everySeed(10, async (random) => {
    const fs = new MemFs();
    let sent = 0;
    for (let life = 0; life < 6; life++) {
      const store = await openOn(fs, random.below(4) === 0 ? `run ${life}` : "this run");
      assertEquals(
        [0, 1].flatMap((queueId) => textsOf(store, "T1", queueId)).map(Number)
          .sort((a, b) => a - b),
        Array.from({ length: sent }, (_, i) => i),
      );
      for (let batches = random.below(4); batches > 0; batches--) {
        const count = random.between(1, 300);
        send(store, numbers(sent, sent + count), random.below(2));
        sent += count;
        if (random.below(2) === 0) await store.dispatch.reached(store.log.tail);
        if (random.below(2) === 0) await store.flush.reached(store.log.tail);
      }
      if (random.below(3) === 0) await store.close();
      else await kill(fs, store);
    }
  }));

/** A store in the second file of whose log a queue begins, for which a checkpoint vouches up to there. */
async function killedWithLateQueue(fs: MemFs, clock: VirtualClock): Promise<void> {
  const store = await openAt(clock, fs);
  send(store, numbers(0, 62).map((text) => text.padEnd(1_000))); // then the next file begins
  send(store, ["a", "b"], 1);
  await clock.advance(12_000);
  send(store, ["c"]);
  await clock.advance(12_000);
  fs.kill();
  store.dispatch.close();
}

test("what takes a queue's entries away may be torn by a power cut, at any byte", async () => {
  for (let bytes = 0; bytes <= 40; bytes++) {
    const fs = new MemFs();
    const clock = new VirtualClock();
    await killedWithLateQueue(fs, clock);
    const dying = await openAt(clock, fs);
    fs.crash((count) => count, tornAt(bytes));
    dying.dispatch.close();
    const last = await openAt(clock, fs);
    assertEquals(textsOf(last, "T1", 1), ["a", "b"], `torn after ${bytes} bytes`);
    assertEquals(textsOf(last, "T1", 0).length, 63);
    await closeAt(clock, last);
  }
});

test("a queue's file that a cut left short is one also when the next process took its entries away", async () => {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const store = await openAt(clock, fs);
  const ends = send(store, numbers(0, 90));
  await clock.advance(12_000);
  fs.fault = (operation) => {
    if (operation !== "sync" || fs.file(QUEUE).changes.length < 2) return undefined;
    fs.kill(); // the queue's file was cut and has its size again; nothing of it is safe
    return { error: new FsError("other", "the process died") };
  };
  await Promise.allSettled([store.cut(ends[49]), clock.settle()]);
  store.dispatch.close();
  const dying = await openAt(clock, fs);
  const [cut, lengthened] = fs.file(QUEUE).changes;
  assertEquals([cut, lengthened], [{ size: 1_000 }, { size: 2_000 }]);
  fs.crash((count) => count, (changes) => changes.filter((change) => change !== lengthened));
  dying.dispatch.close();
  const last = await openAt(clock, fs);
  assertEquals(textsOf(last, "T1", 0), numbers(0, 50));
  assertEquals(fs.bytes(QUEUE).length, 2_000);
  await closeAt(clock, last);
});
