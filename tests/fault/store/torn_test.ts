import { assert, assertEquals } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import { FsError } from "../../../src/ports/fs.ts";
import { PutRefusal } from "../../../src/store/errors.ts";
import type { Store } from "../../../src/store/store.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs, type Operation } from "../../support/mem_fs.ts";
import { tornAt } from "../../support/mem_fs/power.ts";
import { Random } from "../../support/seeds.ts";
import { closeAt, message, openAt } from "../../support/store.ts";
import { StoreModel } from "../../support/store_model.ts";

const OPTIONS = { logFileBytes: 4096, queueFileBytes: 100, flush: "sync" } as const;

/** A store, what it was told, and its disk. */
class Scene {
  readonly fs = new MemFs();
  readonly clock = new VirtualClock();
  readonly model = new StoreModel();
  #count = 0;

  async open(): Promise<Store> {
    return await openAt(this.clock, this.fs, OPTIONS);
  }

  /** One commit of messages with bodies of these sizes; false when it was refused. */
  send(store: Store, ...sizes: readonly number[]): boolean {
    const sent = sizes.map((size) =>
      message({
        topic: this.#count % 3 === 0 ? "A" : "B",
        properties: `KEYS\x01k${this.#count}\x02TAGS\x01TagA\x02`,
        body: utf8(`#${this.#count++} `.padEnd(size, "x")),
      })
    );
    const placed = [];
    try {
      for (const next of sent) placed.push(store.append(next));
      store.commit();
    } catch (error) {
      if (!(error instanceof PutRefusal)) throw error;
      placed.forEach((at, i) => this.model.refused.push({ message: sent[i], at }));
      return false;
    }
    placed.forEach((at, i) => this.model.commit(sent[i], at));
    return true;
  }

  async acknowledge(store: Store): Promise<boolean> {
    const { tail } = store.log;
    const reached = store.flush.reached(tail).then(() => true, () => false);
    await this.clock.settle();
    if (!await reached) return false;
    this.model.acknowledged = tail;
    return true;
  }

  /** After the crash: what is due is there, and the store goes on. Gives where the log ended. */
  async check(due: number): Promise<number> {
    const store = await this.open();
    const found = store.log.tail;
    this.model.check(store, due);
    this.send(store, 50, 300);
    await this.clock.settle();
    this.model.checkQueues(store);
    await closeAt(this.clock, store);
    return found;
  }
}

/** The last write of each file is torn at that byte, after a commit whose records have these sizes. */
async function tear(bytes: number, sizes: readonly number[], upkeepMs: number): Promise<number> {
  const scene = new Scene();
  const store = await scene.open();
  scene.send(store, 100, 700, 40);
  if (bytes % 8 === 0) await scene.clock.advance(11_000); // there is a checkpoint
  await scene.acknowledge(store);
  scene.send(store, ...sizes);
  await scene.clock.settle();
  for (const queue of store.queues.all()) if (upkeepMs > 0) queue.write();
  if (upkeepMs > 0) store.index.write();
  scene.fs.crash((names) => names, tornAt(bytes));
  store.dispatch.close();
  return await scene.check(scene.model.acknowledged);
}

for (
  const { name, sizes } of [
    { name: "records of one file", sizes: [5, 90, 20] },
    { name: "records that begin the next file", sizes: [400, 2_300, 60] },
  ]
) {
  test(`the last write is torn at every byte: ${name}`, async () => {
    const ends = new Set<number>();
    const most = sizes.reduce((sum, size) => sum + size + 160, 0);
    for (let bytes = 0; bytes < most; bytes++) {
      if (bytes > 700 && bytes < most - 500 && bytes % 16 !== 0) continue; // within one body
      ends.add(await tear(bytes, sizes, bytes % 2));
    }
    assert(ends.size >= sizes.length, `ends at ${[...ends]}`);
  });
}

const WORK: readonly ((scene: Scene, store: Store) => Promise<unknown> | unknown)[] = [
  (scene, store) => scene.send(store, 100, 600),
  (scene, store) => scene.acknowledge(store),
  (scene, store) => scene.send(store, 2_000, 1_500, 10),
  (scene) => scene.clock.advance(1_000),
  (scene, store) => scene.acknowledge(store),
  (scene, store) => scene.send(store, 30),
  (scene) => scene.clock.advance(10_000),
  (scene, store) => scene.send(store, 900, 3_000),
  (scene, store) => scene.acknowledge(store),
  (scene) => scene.clock.advance(1_500),
];

/** Does the work while the nth call of a kind fails, for good or once; false when there were not as many. */
async function failing(
  operation: Operation,
  nth: number,
  lasts: boolean,
  end: "close" | "kill" | "powerCut",
): Promise<boolean> {
  const scene = new Scene();
  const error = new FsError("other", `the disk fails to ${operation}`);
  let failed = false;
  let store = await scene.open();
  const before = scene.fs.counts[operation];
  scene.fs.fault = (each, _path, count) => {
    const fails = each === operation && (lasts ? count >= before + nth : count === before + nth);
    failed ||= fails;
    return fails ? { error, keep: nth * 37 } : undefined;
  };
  for (const work of WORK) await work(scene, store);
  const tail = store.log.tail;
  scene.fs.fault = undefined;
  await scene.clock.advance(1_500); // time to take back what was refused
  let due = scene.model.acknowledged;
  if (end === "close") await closeAt(scene.clock, store);
  if (end !== "powerCut") due = tail;
  if (end === "kill") scene.fs.kill();
  if (end === "powerCut") scene.fs.powerCut(new Random(nth));
  else scene.model.refused = [];
  store.dispatch.close();
  await scene.check(due);
  scene.fs.powerCut(new Random(nth)); // what was closed in order stays
  store = await scene.open();
  scene.model.check(store, store.log.tail);
  await closeAt(scene.clock, store);
  return failed;
}

for (const operation of ["write", "sync", "truncate", "rename", "remove", "open"] as const) {
  test(`the nth ${operation} fails, whichever it is: nothing answered is lost, nothing refused comes back`, async () => {
    let count = 0;
    for (const end of ["close", "kill", "powerCut"] as const) {
      for (const lasts of [false, true]) {
        let nth = 1;
        while (await failing(operation, nth, lasts, end)) nth++;
        count = Math.max(count, nth - 1);
      }
    }
    const least = { write: 10, sync: 10, truncate: 5, rename: 1, remove: 0, open: 5 }[operation];
    assert(count >= least, `only ${count} calls were made to fail`);
  });
}

test("a disk that fills up at any byte loses nothing that was answered", async () => {
  for (let free = 0; free < 12_000; free += 97) {
    const scene = new Scene();
    const store = await scene.open();
    scene.send(store, 100);
    await scene.acknowledge(store);
    scene.fs.freeBytes = free;
    for (const work of WORK) await work(scene, store);
    const due = free % 2 === 0 ? store.log.tail : scene.model.acknowledged;
    scene.fs.freeBytes = free % 3 === 0 ? 0 : Infinity;
    if (free % 2 === 0) scene.fs.kill();
    else scene.fs.powerCut(new Random(free));
    store.dispatch.close();
    scene.model.refused = free % 2 === 0 ? [] : scene.model.refused;
    const full = await scene.open();
    scene.model.check(full, due);
    scene.fs.freeBytes = Infinity;
    await closeAt(scene.clock, full);
    await scene.check(due);
    assertEquals(scene.fs.open, 0);
  }
});
