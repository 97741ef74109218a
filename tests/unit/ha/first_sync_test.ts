import { assertEquals } from "@std/assert";
import { FirstSync } from "../../../src/ha/first_sync.ts";
import { SlaveStatus } from "../../../src/ha/slave_status.ts";
import type { Store } from "../../../src/store/store.ts";
import { test } from "../../harness.ts";
import { KeptLog } from "../../support/ha.ts";
import { copyLog, putSizes } from "../../support/histories.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { runtime } from "../../support/runtime.ts";
import { openIn } from "../../support/store.ts";

const { clock } = runtime;

/** One life of a slave on that disk. */
function begin(fs: MemFs, store: Store): { first: FirstSync; status: SlaveStatus; log: KeptLog } {
  const log = new KeptLog();
  const status = new SlaveStatus(clock, log);
  const first = new FirstSync({
    store,
    root: fs.dir("store"),
    log,
    status,
    afterCut: () => {},
  });
  return { first, status, log };
}

const purged = { reason: "our log ends at 1000, the master's begins at 4096", advice: "" };

for (
  const { name, lives, finished, kept } of [
    { name: "begins anew when its master outran it", lives: 1, finished: false, kept: false },
    { name: "begins anew also after a restart", lives: 2, finished: false, kept: false },
    { name: "is left alone once it was in sync", lives: 1, finished: true, kept: true },
    { name: "is left alone once it was in sync before", lives: 2, finished: true, kept: true },
  ]
) {
  test(`a first copy ${name}`, async () => {
    const fs = new MemFs();
    await using master = await openIn(new MemFs());
    putSizes(master, "m", [900, 900]);
    let store = await openIn(fs);
    let life = begin(fs, store);
    await life.first.turn();
    copyLog(master, store);
    if (finished) life.status.follows("IN_SYNC", {});
    for (let n = 1; n < lives; n++) {
      await store.close();
      store = await openIn(fs);
      life = begin(fs, store);
      await life.first.turn();
    }
    life.status.troubled("PURGED", purged);
    await life.first.turn();
    assertEquals(store.log.tail, kept ? master.log.tail : 0);
    assertEquals(life.log.with("begins anew").length, kept ? 0 : 1);
    await life.first.turn();
    assertEquals(fs.paths("store").includes("store/full-sync"), !kept);
    await store.close();
  });
}

test("a slave whose log is older than this is left alone", async () => {
  const fs = new MemFs();
  await using store = await openIn(fs);
  putSizes(store, "s", [900]);
  const { first, status } = begin(fs, store);
  await first.turn();
  status.troubled("PURGED", purged);
  await first.turn();
  assertEquals(store.log.tail > 0, true);
});

/** A slave that has all its master has, in its first copy; after `body` it still has. */
async function afterCopy(
  body: (life: ReturnType<typeof begin>, fs: MemFs, tail: number) => Promise<void>,
): Promise<void> {
  const fs = new MemFs();
  await using master = await openIn(new MemFs());
  putSizes(master, "m", [900, 900]);
  await using store = await openIn(fs);
  const life = begin(fs, store);
  await life.first.turn();
  copyLog(master, store);
  await body(life, fs, master.log.tail);
  assertEquals(store.log.tail, master.log.tail);
}

test("a first copy below another slave is finished once it had all of that", () =>
  afterCopy(async ({ first, status }, fs, tail) => {
    status.follows("CHAINED", {});
    for (
      const { max, left } of [{ max: tail + 1, left: true }, {
        max: tail,
        left: false,
      }]
    ) {
      status.learned({ min: 0, max });
      await first.turn();
      assertEquals(fs.paths("store").includes("store/full-sync"), left);
    }
    status.learned({ min: 1_000_000, max: 2_000_000 });
    status.troubled("PURGED", purged);
    await first.turn();
  }));

test("a slave that is not purged goes on with its first copy", () =>
  afterCopy(async ({ first, status }) => {
    for (const state of ["CONNECTING", "DIVERGED", "AHEAD"] as const) {
      status.troubled(state, purged);
      await first.turn();
    }
  }));
