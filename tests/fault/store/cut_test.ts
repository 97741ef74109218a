import { assert, assertEquals } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import { FsError } from "../../../src/ports/fs.ts";
import type { Appended, Store } from "../../../src/store/store.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { ALONE, everySeed, type Random } from "../../support/seeds.ts";
import { closeAt, message, openAt } from "../../support/store.ts";
import { StoreModel } from "../../support/store_model.ts";

const OPERATIONS_MAX = 60;

/** A store whose messages are all safe, and what it holds. */
class Subject {
  readonly fs = new MemFs();
  readonly clock = new VirtualClock();
  readonly model = new StoreModel();
  readonly options = { logFileBytes: 4096, queueFileBytes: 100 };
  #count = 0;

  async open(): Promise<Store> {
    return await openAt(this.clock, this.fs, this.options);
  }

  /** Sends, and makes it safe unless told not to; gives where the messages lie. */
  async send(store: Store, random: Random, count: number, safe = true): Promise<Appended[]> {
    const placed: Appended[] = [];
    for (let i = 0; i < count; i++) {
      const sent = message({
        topic: random.pick(["A", "B"]),
        queueId: random.below(2),
        body: utf8(`#${this.#count++} ${"x".repeat(random.below(700))}`),
      });
      const at = store.append(sent);
      placed.push(at);
      store.commit();
      this.model.commit(sent, at);
    }
    await this.clock.advance(random.pick([0, 1_000, 12_000]));
    if (!safe) return placed;
    const reached = store.flush.reached(store.log.tail);
    await this.clock.settle();
    await reached;
    return placed;
  }

  /** The process or the machine dies at the nth change of files from now on. */
  dieAt(nth: number, how: "kill" | "powerCut", random: Random): { died: boolean } {
    const state = { died: false };
    let count = 0;
    this.fs.fault = (operation) => {
      if (operation === "open" || ++count < nth) return undefined;
      state.died = true;
      if (how === "kill") this.fs.kill();
      else this.fs.powerCut(random);
      return { error: new FsError("other", "the process died") };
    };
    return state;
  }
}

for (const how of ["kill", "powerCut"] as const) {
  test(`a cut that ends by ${how} leaves the old end or the new one`, async () => {
    const ends = new Set<string>();
    await everySeed(20, async (random) => {
      for (let nth = 1; nth <= OPERATIONS_MAX; nth++) {
        const subject = new Subject();
        const store = await subject.open();
        const begunSafe = random.below(3) > 0;
        const placed = await subject.send(store, random, random.between(1, 60), begunSafe);
        const [old, end] = [store.log.tail, random.pick(placed).logOffset];
        let safe = begunSafe || how === "kill";
        const { durable } = store.log;
        store.log.onCut(() => safe ||= end > durable); // a sync of what stays makes all of it safe
        const death = subject.dieAt(nth, how, random);
        const cut = store.cut(end).catch(() => {});
        await subject.clock.settle();
        await cut;
        subject.fs.fault = undefined;
        if (!death.died) {
          await closeAt(subject.clock, store);
          break;
        }
        store.dispatch.close();
        await subject.clock.settle();
        const again = await subject.open();
        const found = again.log.tail;
        const lost = !safe && found < old;
        assert(lost || found === old || found === end, `${found} is neither ${old} nor ${end}`);
        ends.add(found === old ? "old" : found === end ? "new" : "lost");
        await checked(subject, again, found);
        await subject.send(again, random, 20); // what comes next lies well there
        await checked(subject, again, again.log.tail);
        await closeAt(subject.clock, again);
      }
    });
    if (!ALONE) assertEquals([ends.has("old"), ends.has("new")], [true, true]);
  });

  test(`a reset that ends by ${how} leaves everything or nothing`, async () => {
    const ends = new Set<boolean>();
    await everySeed(10, async (random) => {
      for (let nth = 1; nth <= OPERATIONS_MAX; nth++) {
        const subject = new Subject();
        const store = await subject.open();
        await subject.send(store, random, random.between(1, 60));
        const old = store.log.tail;
        const death = subject.dieAt(nth, how, random);
        const reset = store.reset().catch(() => {});
        await subject.clock.settle();
        await reset;
        subject.fs.fault = undefined;
        if (!death.died) {
          await closeAt(subject.clock, store);
          break;
        }
        store.dispatch.close();
        await subject.clock.settle();
        const again = await subject.open();
        assert(again.log.tail === old || again.log.tail === 0, `the log ends at ${again.log.tail}`);
        ends.add(again.log.tail === 0);
        await checked(subject, again, again.log.tail);
        await subject.send(again, random, 20);
        await checked(subject, again, again.log.tail);
        await closeAt(subject.clock, again);
      }
    });
    if (!ALONE) assertEquals(ends.size, 2);
  });
}

/** Log and queues agree, and hold nothing that was never written. */
async function checked(subject: Subject, store: Store, due: number): Promise<void> {
  await subject.clock.settle();
  subject.model.check(store, due);
}

test("a store that is cut again and again holds what it should after each crash", () =>
  everySeed(20, async (random) => {
    const subject = new Subject();
    for (let life = 0; life < 5; life++) {
      const store = await subject.open();
      let due = 0;
      await checked(subject, store, due);
      for (let i = random.between(1, 4); i > 0; i--) {
        const placed = await subject.send(store, random, random.between(1, 30));
        if (random.below(3) === 0) continue;
        const end = random.pick(placed).logOffset;
        const cut = store.cut(end);
        await subject.clock.settle();
        await cut;
        due = store.log.tail;
        assertEquals(due, end);
        for (const at of subject.model.written.keys()) {
          if (at >= end) subject.model.written.delete(at);
        }
      }
      due = store.log.tail;
      await checked(subject, store, due);
      const last = random.pick(["kill", "powerCut", "close"]);
      if (last === "close") {
        await closeAt(subject.clock, store);
        if (random.below(2) === 0) subject.fs.powerCut(random);
        continue;
      }
      if (last === "kill") subject.fs.kill();
      else subject.fs.powerCut(random);
      store.dispatch.close();
      await subject.clock.advance(1_500);
    }
  }));
