import { utf8 } from "../../../src/base/bytes.ts";
import { FsError } from "../../../src/ports/fs.ts";
import { PutRefusal } from "../../../src/store/errors.ts";
import type { StoreOptions } from "../../../src/store/options.ts";
import type { Appended, NewMessage, Store } from "../../../src/store/store.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { everySeed, type Random } from "../../support/seeds.ts";
import { closeAt, message, openAt } from "../../support/store.ts";
import { StoreModel } from "../../support/store_model.ts";

/** One life of a store after another, on the same disk. */
class Lives {
  readonly fs = new MemFs();
  readonly model = new StoreModel();
  readonly options: Partial<StoreOptions>;
  readonly #random: Random;
  #count = 0; // messages sent
  #due = 0; // log offset that the next life must find

  constructor(random: Random, flush: "sync" | "async") {
    this.#random = random;
    this.options = {
      flush,
      logFileBytes: random.pick([4096, 16384, 65536]),
      queueFileBytes: random.pick([100, 400, 2000]),
      openQueueFilesMax: random.pick([2, 256]),
    };
  }

  /** Opens, checks what is there, works, and ends in the way `end` says. */
  async live(end: "close" | "kill" | "powerCut"): Promise<void> {
    const clock = new VirtualClock();
    clock.pause(this.#count * 1000);
    const store = await openAt(clock, this.fs, this.options);
    this.model.check(store, this.#due);
    await this.#work(store, clock);
    this.fs.fault = undefined;
    if (end === "close") {
      await closeAt(clock, store);
      if (!store.flush.failure) this.model.acknowledged = store.log.tail;
      this.#due = store.log.tail;
      return;
    }
    this.#due = end === "kill" ? store.log.tail : this.model.acknowledged;
    if (this.#random.below(2) === 0) store.flush.wake(); // it dies in the middle of it
    if (end === "kill") this.model.refused = [];
    if (end === "kill") this.fs.kill();
    else this.fs.powerCut(this.#random);
    await clock.advance(1_500); // what the dead store still tries
    store.dispatch.close();
  }

  async #work(store: Store, clock: VirtualClock): Promise<void> {
    for (let steps = this.#random.between(1, 40); steps > 0; steps--) {
      const step = this.#random.below(20);
      if (step < 12) this.#send(store);
      else if (step < 14) await this.#acknowledge(store, clock);
      else if (step < 16) await clock.settle();
      else if (step < 18) await clock.advance(this.#random.below(15_000));
      else this.#breakSomething();
    }
  }

  /** A batch as one read of a socket brings it. */
  #send(store: Store): void {
    const sent: [NewMessage, Appended][] = [];
    try {
      for (let i = this.#random.between(1, 8); i > 0; i--) {
        const next = this.#message();
        sent.push([next, store.append(next)]);
      }
      store.commit();
      for (const [next, at] of sent) this.model.commit(next, at);
    } catch (error) {
      if (!(error instanceof PutRefusal)) throw error;
      for (const [message, at] of sent) this.model.refused.push({ message, at });
    }
  }

  #message(): NewMessage {
    const size = this.#random.pick([0, 10, 500, 3000]);
    return message({
      topic: this.#random.pick(["A", "B", "%RETRY%G"]),
      queueId: this.#random.below(3),
      sysFlag: this.#random.pick([0, 0, 0, 4, 8, 12]),
      body: utf8(`#${this.#count++} ${"x".repeat(this.#random.below(size + 1))}`),
    });
  }

  async #acknowledge(store: Store, clock: VirtualClock): Promise<void> {
    const { tail } = store.log;
    const reached = store.flush.reached(tail).then(() => true, () => false);
    await clock.settle();
    if (!await reached) return;
    this.model.acknowledged = Math.max(this.model.acknowledged, tail);
    if (!store.log.needsSync) this.model.refused = [];
  }

  /** The disk fails one call, or some time's calls, of one kind. */
  #breakSomething(): void {
    const kind = this.#random.pick(["write", "truncate", "rename", "open", "sync"] as const);
    const rare = kind === "sync" && this.#random.below(3) > 0;
    const until = this.fs.counts[kind] + this.#random.between(1, 4);
    const keep = kind === "write" ? this.#random.below(4000) : undefined;
    const error = new FsError(this.#random.pick(["full", "other"]), `the disk fails to ${kind}`);
    this.fs.fault = (operation, _path, nth) =>
      !rare && operation === kind && nth <= until ? { error, keep } : undefined;
  }
}

test("sync flush: no acknowledged message is lost when the power goes, and none appears", () =>
  everySeed(20, async (random) => {
    const lives = new Lives(random, "sync");
    for (let i = 0; i < 5; i++) await lives.live(random.pick(["powerCut", "powerCut", "kill"]));
    await lives.live("close");
    await lives.live("close");
  }));

test("async flush: no message is lost when the process dies, and none appears", () =>
  everySeed(20, async (random) => {
    const lives = new Lives(random, "async");
    for (let i = 0; i < 5; i++) await lives.live(random.pick(["kill", "kill", "close"]));
    await lives.live("close");
    await lives.live("close");
  }));
