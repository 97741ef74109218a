import { assert, assertEquals } from "@std/assert";
import { sameBytes, textOf, viewOf } from "../../src/base/bytes.ts";
import { isInQueue } from "../../src/store/append.ts";
import type { Appended, NewMessage, Store } from "../../src/store/store.ts";
import { recordAt } from "../../src/store/records.ts";
import { decodeRecord } from "../../src/wire/message.ts";
import { javaHash } from "../../src/wire/hash.ts";
import { BLANK_MAGIC, SysFlag } from "../../src/wire/record_layout.ts";
import { messagesOf } from "./store.ts";

/** One stored message as a test knows it. Its body begins with a text no other message has. */
export interface Known {
  readonly message: NewMessage;
  readonly at: Appended;
}

/** What a store was told, and what it therefore may and must hold. */
export class StoreModel {
  /** Committed, by log offset. Whatever else is found in a log was never written. */
  readonly written: Map<number, Known> = new Map();
  /** Refused or never answered: a crash may bring them back until the next sync, nothing else may. */
  refused: Known[] = [];
  /** Up to this log offset everything was acknowledged: no power cut may take it. */
  acknowledged = 0;
  /** Cuts to there, of which nobody said that they were done. */
  cutting: number[] = [];
  /** Up to this log offset files may be removed because they are old. */
  removable = 0;
  /** Log offsets before which a topic's messages are deleted, which nothing may take back. */
  readonly #floors: Map<string, number> = new Map();
  /** And those of which nobody said that they count. */
  readonly #erasing: Map<string, number[]> = new Map();
  /** The next entry number of queues, also of those whose messages were all removed for their age. */
  readonly #ends: Map<string, number> = new Map();

  commit(message: NewMessage, at: Appended): void {
    this.written.set(at.logOffset, { message, at });
  }

  /** Somebody deletes what the log holds of a topic. */
  erasing(topic: string, floor: number): void {
    this.#erasing.set(topic, [...this.#erasing.get(topic) ?? [], floor]);
  }

  /** And was told that it is gone. The log before that is safe then, too. */
  erased(topic: string, floor: number): void {
    this.#floors.set(topic, Math.max(floor, this.#floors.get(topic) ?? 0));
    this.acknowledged = Math.max(this.acknowledged, floor);
  }

  /** All from `end` on was taken back. */
  cut(end: number): void {
    for (const [topic, floor] of this.#floors) this.#floors.set(topic, Math.min(floor, end));
    for (const [topic, floors] of this.#erasing) {
      this.#erasing.set(topic, [...floors, ...floors.map((floor) => Math.min(floor, end))]);
    }
    this.cutting = this.cutting.filter((at) => at < end);
    this.acknowledged = Math.min(this.acknowledged, end);
    this.removable = Math.min(this.removable, end);
    this.refused = [];
    for (const at of [...this.written.keys()]) if (at >= end) this.written.delete(at);
    if (end === 0) this.#ends.clear(); // queues count anew
  }

  /** The log holds known records only, one behind the other, and all before `due`. */
  check(store: Store, due: number): void {
    const { minOffset, tail } = store.log;
    for (const end of this.cutting) if (tail <= end || tail === 0) due = Math.min(due, end);
    assert(tail >= due, `the log ends at ${tail}, it must reach ${due}`);
    if (tail === 0 && this.cutting.includes(0)) this.cut(0);
    const found = this.#checkLog(store);
    for (const [logOffset, { message, at }] of this.written) {
      if (found.has(logOffset)) continue;
      this.written.delete(logOffset); // lost, and it must stay lost
      if (logOffset < minOffset) this.#remove(message, at);
    }
    this.acknowledged = Math.min(this.acknowledged, tail);
    this.#checkFloors(store);
    this.cutting = [];
    this.refused = [];
    this.checkQueues(store);
  }

  /** What was deleted stays so, and nothing else is. */
  #checkFloors({ deletions, log }: Store): void {
    for (const topic of new Set([...this.#floors.keys(), ...this.#erasing.keys()])) {
      const due = this.#floors.get(topic) ?? 0;
      const tried = this.#erasing.get(topic) ?? [];
      const most = [due, ...tried.filter((floor) => floor > due)];
      const cut = this.cutting.flatMap((end) => most.map((floor) => Math.min(floor, end)));
      const allowed = [...most, ...cut];
      const is = deletions.floorOf(topic);
      const isGone = is === 0 && allowed.some((floor) => floor <= log.minOffset);
      assert(isGone || allowed.includes(is), `${topic} is deleted up to ${is}, not ${allowed}`);
      assert(is <= log.tail, `${topic} is deleted up to ${is}, the log ends at ${log.tail}`);
      this.#floors.set(topic, is);
    }
    this.#erasing.clear();
  }

  /** Removed for its age; its queue goes on behind it. */
  #remove(message: NewMessage, at: Appended): void {
    assert(at.logOffset < this.removable, `the record at ${at.logOffset} was not old`);
    if (!isInQueue(message.sysFlag)) return;
    const name = `${message.topic} ${message.queueId}`;
    this.#ends.set(name, Math.max(this.#ends.get(name) ?? 0, at.queueOffset + 1));
  }

  #checkLog(store: Store): Set<number> {
    const found = new Set<number>();
    const head = new Uint8Array(8);
    for (let at = store.log.minOffset; at < store.log.tail;) {
      store.log.readAt(at, head);
      if (viewOf(head).getInt32(4) === BLANK_MAGIC) {
        at += viewOf(head).getInt32(0);
        continue;
      }
      const bytes = recordAt(store.log, at);
      assert(bytes, `no record at ${at} of a log that ends at ${store.log.tail}`);
      const record = decodeRecord(bytes);
      const known = [this.written.get(at), ...this.refused]
        .find((known) => known && sameBytes(known.message.body, record.body));
      assert(known, `the record at ${at} was never written: ${textOf(bytes)}`);
      assertEquals(
        [record.topic, record.queueOffset, record.properties],
        [known.message.topic, known.at.queueOffset, known.message.properties],
      );
      this.written.set(at, known);
      found.add(at);
      at += record.size;
    }
    return found;
  }

  /** Each queue has its messages that were not deleted, in order and without a gap. */
  checkQueues(store: Store): void {
    const wanted = this.#wantedQueues();
    for (const { topic, queueId, minOffset, maxOffset } of store.queues.all()) {
      const name = `${topic} ${queueId}`;
      const { from, offsets } = wanted.get(name) ?? { from: maxOffset, offsets: [] };
      const left = offsets.filter((logOffset) => logOffset >= (this.#floors.get(topic) ?? 0));
      assertEquals(messagesOf(store, topic, queueId).map(({ logOffset }) => logOffset), left);
      const end = from + offsets.length;
      assertEquals([name, minOffset, maxOffset], [name, end - left.length, end]);
      assertEquals(store.nextQueueOffset(topic, queueId), maxOffset);
      wanted.delete(name);
    }
    assertEquals([...wanted.keys()], [], "queues that are not there");
  }

  /** Messages whose properties begin with KEYS are found by them, and nothing else is found. */
  checkKeys(store: Store): void {
    if (store.index.isBehind) return; // it is being given what it lacks
    for (const [logOffset, { message }] of this.written) {
      const [name, key] = String(message.properties).split("\x02")[0].split("\x01");
      const isRolledBack = (message.sysFlag & SysFlag.TRANSACTION) === SysFlag.ROLLBACK;
      if (name !== "KEYS" || isRolledBack) continue;
      const found = [...store.index.find(javaHash(`${message.topic}#${key}`), 0, Infinity)];
      assert(found.includes(logOffset), `${key} is at ${logOffset}, not at ${found}`);
      for (const at of found) {
        const isKnown = at === -1 || at < store.log.minOffset || this.written.has(at);
        assert(isKnown, `${key} leads to ${at}, where no message is`);
      }
    }
  }

  #wantedQueues(): Map<string, { from: number; offsets: number[] }> {
    const wanted = new Map<string, { from: number; offsets: number[] }>();
    for (const [name, from] of this.#ends) wanted.set(name, { from, offsets: [] });
    for (const { message, at } of [...this.written.values()].sort(inLogOrder)) {
      if (!isInQueue(message.sysFlag)) continue;
      const name = `${message.topic} ${message.queueId}`;
      const queue = wanted.get(name) ?? { from: 0, offsets: [] };
      assertEquals(at.queueOffset, queue.from + queue.offsets.length, `${name} has a gap`);
      queue.offsets.push(at.logOffset);
      wanted.set(name, queue);
    }
    return wanted;
  }
}

function inLogOrder(a: Known, b: Known): number {
  return a.at.logOffset - b.at.logOffset;
}
