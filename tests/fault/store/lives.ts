import { assert, AssertionError } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import { JsonFile } from "../../../src/base/json_file.ts";
import { silentLog } from "../../../src/base/log.ts";
import { FsError } from "../../../src/ports/fs.ts";
import { PutRefusal } from "../../../src/store/errors.ts";
import type { StoreOptions } from "../../../src/store/options.ts";
import { logOffsetOf } from "../../../src/store/records.ts";
import type { Appended, NewMessage, Store } from "../../../src/store/store.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";
import type { Random } from "../../support/seeds.ts";
import { closeAt, message, openAt } from "../../support/store.ts";
import { StoreModel } from "../../support/store_model.ts";

/** How a life ends. */
export type End = "close" | "kill" | "powerCut";

/** One life of a master's store after another, on the same disk, whatever happens to it. */
export class Lives {
  readonly fs: MemFs;
  readonly model = new StoreModel();
  erases = false; // topics are deleted and made again
  erased = 0; // times that this was answered
  options: Partial<StoreOptions>; // with `retention` old files go as well
  readonly #random: Random;
  readonly #table: Table;
  #life = 0;
  #count = 0; // messages sent
  #due = 0; // log offset that the next life must find
  #startMs = 0; // of the next life's clock
  #uncut = false; // the disk refused to take a failed write back
  #died = false;
  #wrong: { readonly error: unknown } | undefined; // noticed by nobody who can say so

  constructor(random: Random, flush: "sync" | "async", fs: MemFs = new MemFs()) {
    this.#random = random;
    this.fs = fs;
    this.#table = new Table(fs);
    this.options = {
      flush,
      logFileBytes: random.pick([4096, 16384, 65536]),
      queueFileBytes: random.pick([100, 400, 2000]),
      openQueueFilesMax: random.pick([2, 256]),
      indexSlots: 50,
      indexItems: random.pick([20, 1_000]),
    };
  }

  /** Opens, checks what is there, works, and ends in the way `end` says, or earlier by the same. */
  async live(end: End): Promise<void> {
    this.#life++;
    const clock = new VirtualClock();
    clock.pause(this.#startMs);
    this.fs.now = () => clock.now();
    const store = await this.#open(clock, end);
    if (!store) return;
    this.model.check(store, this.#due);
    this.model.checkKeys(store);
    this.#due = this.model.acknowledged;
    this.#table.check();
    if (end !== "close" && this.#random.below(3) === 0) this.#dieSoon(end, store);
    try {
      await this.#work(store, clock);
      if (!this.#died) await this.#end(store, clock, end);
    } catch (error) {
      if (!this.#died) throw error;
    }
    if (this.#wrong) throw this.#wrong.error;
    if (this.#died || end !== "close") await this.#bury(store, clock);
    this.#startMs = clock.monotonic() + this.#random.below(5_000);
    if (this.#random.below(20) === 0) this.#startMs -= 60_000; // somebody set the clock
  }

  /** What has to be there when nothing fails any more. */
  async liveInPeace(): Promise<void> {
    const clock = new VirtualClock();
    clock.pause(this.#startMs += 1);
    this.#mendDisk();
    const store = await openAt(clock, this.fs, this.options);
    this.model.check(store, this.#due);
    this.model.checkKeys(store);
    this.#table.check();
    this.#due = store.log.tail;
    await closeAt(clock, store);
    this.model.acknowledged = store.log.tail;
  }

  /** A start may fail, or die in the middle; both leave everything to the next. */
  async #open(clock: VirtualClock, end: End): Promise<Store | undefined> {
    const fate = this.#random.below(10);
    if (fate === 0 && end !== "close") this.#dieSoon(end);
    if (fate === 1) this.#breakSomething();
    const opening = openAt(clock, this.fs, this.options).then(
      (store) => ({ store, error: undefined }),
      (error: unknown) => ({ store: undefined, error }),
    );
    await clock.advance(fate < 2 ? 3_000 : 0);
    this.fs.fault = undefined;
    const died = this.#died;
    this.#died = false;
    if (died) return undefined; // and so may be the promise
    await clock.advance(3_000);
    const { store, error } = await opening;
    const mayFail = fate === 1 || this.fs.freeBytes < Infinity;
    if (!store && !(mayFail && error instanceof FsError)) throw error;
    if (!store) this.fs.freeBytes = Infinity;
    return store;
  }

  async #end(store: Store, clock: VirtualClock, end: End): Promise<void> {
    this.#mendDisk();
    if (end === "close") {
      await closeAt(clock, store);
      if (!store.flush.failure) this.model.acknowledged = store.log.tail;
      this.#due = store.log.tail;
      this.model.refused = [];
      this.#uncut = false;
      return;
    }
    if (this.#random.below(2) === 0) store.flush.wake(); // it dies in the middle of it
    this.#die(store, end);
  }

  #mendDisk(): void {
    this.fs.fault = undefined;
    this.fs.freeBytes = Infinity;
  }

  #die(store: Store | undefined, end: "kill" | "powerCut"): void {
    this.#died = true;
    if (end === "kill") {
      if (store) this.#due = store.log.tail;
      if (store && !this.#uncut) this.model.refused = [];
      this.fs.kill();
      return;
    }
    if (store) this.#due = this.model.acknowledged;
    else this.#due = Math.min(this.#due, this.model.acknowledged);
    this.fs.powerCut(this.#random);
    this.#uncut = false;
  }

  /** What the dead store still tries reaches nothing. */
  async #bury(store: Store, clock: VirtualClock): Promise<void> {
    await clock.advance(1_500);
    store.dispatch.close();
    this.#died = false;
    this.#uncut = this.model.refused.length > 0 && this.#uncut;
  }

  async #work(store: Store, clock: VirtualClock): Promise<void> {
    for (let steps = this.#random.between(1, 40); steps > 0 && !this.#died; steps--) {
      if (this.erases && this.#random.below(6) === 0) await this.#erase(store, clock);
      if (this.#died) return;
      const step = this.#random.below(this.options.retention ? 44 : 40);
      if (step < 22) this.#send(store);
      else if (step < 26) await this.#acknowledge(store, clock);
      else if (step < 30) await clock.settle();
      else if (step < 34) await clock.advance(this.#random.below(15_000));
      else if (step < 36) await this.#table.save(this.#random, clock);
      else if (step < 39) this.#breakSomething();
      else if (step < 40) await this.#cut(store, clock);
      else await this.#expire(store, clock);
    }
  }

  /** A batch as one read of a socket brings it. */
  #send(store: Store): void {
    const sent: [NewMessage, Appended][] = [];
    try {
      for (let i = this.#random.between(1, 8); i > 0; i--) this.#stage(store, sent);
      if (this.#random.below(15) === 0) return store.takeBack();
      store.commit();
      for (const [next, at] of sent) this.model.commit(next, at);
    } catch (error) {
      for (const [message, at] of sent) this.model.refused.push({ message, at });
      if (this.#died) throw error;
      if (!(error instanceof PutRefusal)) throw error;
    }
  }

  #stage(store: Store, sent: [NewMessage, Appended][]): void {
    const first = this.#message();
    if (this.#random.below(5) > 0) return void sent.push([first, store.append(first)]);
    const batch = Array.from({ length: this.#random.between(1, 4) }, () => ({
      ...this.#message(300),
      topic: first.topic,
      topicBytes: first.topicBytes,
      queueId: first.queueId,
      sysFlag: 0,
    }));
    store.appendBatch(batch).forEach((at, i) => sent.push([batch[i], at]));
  }

  #message(most = 3000): NewMessage {
    const size = Math.min(this.#random.pick([0, 10, 500, 3000]), most);
    const key = this.#count++;
    return message({
      topic: this.#random.pick(["A", "B", "%RETRY%G"]),
      queueId: this.#random.below(3),
      sysFlag: this.#random.pick([0, 0, 0, 4, 8, 12]),
      properties: this.#random.pick(["", "TAGS\x01TagA\x02", `KEYS\x01k${key}\x02`]),
      body: utf8(`#${key} ${"x".repeat(this.#random.below(size + 1))}`),
    });
  }

  async #acknowledge(store: Store, clock: VirtualClock): Promise<void> {
    const { tail } = store.log;
    const reached = store.flush.reached(tail).then(() => true, () => false);
    await clock.settle();
    if (!await reached || this.#died) return;
    this.model.acknowledged = Math.max(this.model.acknowledged, tail);
    if (!store.log.needsSync && !this.#uncut) this.model.refused = [];
  }

  async #cut(store: Store, clock: VirtualClock): Promise<void> {
    const { minOffset, tail } = store.log;
    const places = [...this.model.written.keys()].filter((at) => at >= minOffset && at < tail);
    if (places.length === 0) return;
    const end = this.#random.below(4) === 0 ? 0 : this.#random.pick(places);
    this.model.cutting.push(end);
    const cut = (end === 0 ? store.reset() : store.cut(end)).then(() => true, () => false);
    await clock.advance(6_000); // dispatch may wait for the disk
    if (this.#died) return;
    this.#mendDisk();
    await clock.advance(6_000);
    if (await cut) this.model.cut(end);
    else this.#uncut = true;
  }

  /** A topic is deleted, while other things go on. What was not answered when a life ends may count or not. */
  async #erase(store: Store, clock: VirtualClock): Promise<void> {
    const topics = this.#random.pick([["A"], ["B"], ["A", "%RETRY%G"]]);
    const { tail } = store.log;
    const life = this.#life;
    for (const topic of topics) this.model.erasing(topic, tail);
    store.deletions.erase(topics).then(() => {
      if (this.#died || life !== this.#life) return;
      for (const topic of topics) this.#mustBeErased(store, topic, tail);
      this.erased++;
    }).catch((error) => {
      if (error instanceof AssertionError) this.#wrong ??= { error };
    });
    if (this.#random.below(3) > 0) await clock.advance(this.#random.below(5_000));
  }

  #mustBeErased({ queues, log, deletions }: Store, topic: string, end: number): void {
    for (const queue of queues.of(topic)) {
      const first = logOffsetOf(queue, queue.minOffset) ?? Infinity;
      assert(first >= Math.min(end, log.tail), `${topic} has a message at ${first} before ${end}`);
    }
    const floor = deletions.floorOf(topic); // none when it had no messages
    if (floor > 0) this.model.erased(topic, floor);
  }

  /** Old files go, or begin to while other things go on. */
  async #expire(store: Store, clock: VirtualClock): Promise<void> {
    store.retention.removeExpired();
    for (let turns = this.#random.below(20); turns > 0; turns--) await Promise.resolve();
    if (this.#random.below(2) === 0) await clock.advance(this.#random.below(3_000));
  }

  /** The disk fails one call, or some time's calls, of one kind; or it is full for a while. */
  #breakSomething(): void {
    const random = this.#random;
    if (random.below(8) === 0) {
      this.fs.freeBytes = this.fs.freeBytes < Infinity ? Infinity : random.below(20_000);
      return;
    }
    const kind = random.pick(["write", "truncate", "rename", "open", "sync", "remove"] as const);
    if (kind === "sync" && random.below(3) > 0) return; // it ends everything that life could do
    const alsoTruncate = kind === "write" && random.below(4) === 0;
    const until = this.fs.counts[kind] + random.between(1, 4);
    const keep = kind === "write" ? random.below(4000) : undefined;
    const error = new FsError(random.pick(["full", "other"]), `the disk fails to ${kind}`);
    this.fs.fault = (operation, _path, nth) => {
      const fails = operation === kind && nth <= until ||
        alsoTruncate && operation === "truncate" && this.fs.counts.write <= until;
      if (!fails) return undefined;
      if (operation === "truncate" || operation === "remove") this.#uncut = true;
      return { error, keep };
    };
  }

  /** At one of the next changes of files the life ends, in the middle of it. */
  #dieSoon(end: "kill" | "powerCut", store?: Store): void {
    let left = this.#random.between(1, 60);
    const keep = end === "kill" ? this.#random.below(4000) : undefined;
    this.fs.fault = (operation) => {
      if (operation === "open" || --left > 0) return undefined;
      this.#die(store, end);
      return { error: new FsError("other", "the process died"), keep };
    };
  }
}

/** A JSON table beside the log. */
class Table {
  readonly #fs: MemFs;
  #saved = 0;
  #tried = 0;

  constructor(fs: MemFs) {
    this.#fs = fs;
  }

  async save(random: Random, clock: VirtualClock): Promise<void> {
    const value = ++this.#tried;
    const text = JSON.stringify({ value, more: "x".repeat(random.below(1_000)) });
    const saved = this.#file().save(text).then(() => true, () => false);
    await clock.settle();
    if (await saved) this.#saved = value;
  }

  /** It is what was saved last, or what was to be saved since. */
  check(): void {
    const value = this.#file().load((text) => (JSON.parse(text) as { value: number }).value) ?? 0;
    assert(
      value >= this.#saved && value <= this.#tried,
      `table ${value}, ${this.#saved} to ${this.#tried} are due`,
    );
    this.#saved = this.#tried = value;
  }

  #file(): JsonFile {
    return new JsonFile(this.#fs.dir("store/config"), "t.json", silentLog);
  }
}
