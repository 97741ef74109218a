import { assert, assertEquals, assertRejects } from "@std/assert";
import { FsError } from "../../../src/ports/fs.ts";
import { readCheckpoint } from "../../../src/store/checkpoint.ts";
import { PutRefusal } from "../../../src/store/errors.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { closeAt, Lines, message, openAt, textsOf } from "../../support/store.ts";

const EIO = { error: new FsError("other", "EIO") };

/** The power goes: names are there, and of what no sync made safe nothing. */
function cutPower(fs: MemFs): void {
  fs.crash((names) => names, () => []);
}

function failSyncs(fs: MemFs, of: string): void {
  fs.fault = (operation, path) => operation === "sync" && path.includes(of) ? EIO : undefined;
}

test("what a failed sync left doubtful is written anew by the next start", async () => {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const store = await openAt(clock, fs);
  store.append(message({ text: "doubtful" }));
  store.commit();
  failSyncs(fs, "commitlog");
  await assertRejects(() => store.flush.reached(store.log.tail));
  fs.kill();
  store.dispatch.close();

  const lines = new Lines();
  const next = await openAt(clock, fs, {}, lines);
  assert(lines.lines.some((line) => line.includes("written anew")), lines.lines.join("\n"));
  next.append(message({ text: "sure" }));
  next.commit();
  await next.flush.reached(next.log.tail);
  cutPower(fs);
  next.dispatch.close();

  const last = await openAt(clock, fs);
  assertEquals(textsOf(last, "T1", 0), ["doubtful", "sure"]);
  await closeAt(clock, last);
  const again = new Lines();
  await closeAt(clock, await openAt(clock, fs, {}, again));
  assertEquals(again.lines, [], "a store that was closed is trusted again");
});

test("no checkpoint vouches for queues once a sync of theirs failed, and the next start makes them again", async () => {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const lines = new Lines();
  const store = await openAt(clock, fs, {}, lines);
  store.append(message({ text: "a" }));
  store.commit();
  failSyncs(fs, "/consumequeue/T1/0/0000");
  await clock.advance(10_000);
  assertEquals(lines.lines, ['error cannot write queue entries, they wait {"reason":"EIO"}']);
  fs.fault = undefined;
  await clock.advance(30_000);
  assertEquals(readCheckpoint(fs.dir("store")).logicsMs, 0);
  await closeAt(clock, store);
  cutPower(fs);
  const next = await openAt(clock, fs);
  assertEquals(textsOf(next, "T1", 0), ["a"]);
  await clock.advance(10_000);
  assert(readCheckpoint(fs.dir("store")).logicsMs > 0);
  await closeAt(clock, next);
});

test("after a reset that failed nothing is stored, for the next start goes on with it", async () => {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const store = await openAt(clock, fs);
  store.append(message({ text: "a" }));
  store.commit();
  fs.fault = (operation, path) => operation === "sync" && path === "/store" ? EIO : undefined;
  const reset = assertRejects(() => store.reset(), FsError, "EIO");
  await clock.settle();
  await reset;
  fs.fault = undefined;
  let refusal: unknown;
  try {
    store.append(message({ text: "b" }));
  } catch (error) {
    refusal = error;
  }
  assert(refusal instanceof PutRefusal && refusal.status === "unavailable", String(refusal));
  await closeAt(clock, store);
  const next = await openAt(clock, fs);
  assertEquals([next.log.tail, textsOf(next, "T1", 0)], [0, []]);
  await closeAt(clock, next);
});

test("a log folder elsewhere survives a power cut as the log does", async () => {
  const fs = new MemFs();
  const clock = new VirtualClock();
  const logDir = () => fs.dir("/second/disk/commitlog");
  const store = await openAt(clock, fs, { logDir: logDir() });
  store.append(message({ text: "a" }));
  store.commit();
  await store.flush.reached(store.log.tail);
  fs.crash(() => 0, () => []);
  store.dispatch.close();
  const next = await openAt(clock, fs, { logDir: logDir() });
  assertEquals(textsOf(next, "T1", 0), ["a"]);
  await closeAt(clock, next);
});
