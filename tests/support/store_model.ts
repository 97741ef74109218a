import { assert, assertEquals } from "@std/assert";
import { sameBytes, textOf, viewOf } from "../../src/base/bytes.ts";
import { isInQueue } from "../../src/store/append.ts";
import type { Appended, NewMessage, Store } from "../../src/store/store.ts";
import { recordAt } from "../../src/store/records.ts";
import { decodeRecord } from "../../src/wire/message.ts";
import { BLANK_MAGIC } from "../../src/wire/record_layout.ts";
import { messagesOf } from "./store.ts";

/** One stored message as a test knows it. Its body begins with a text no other message has. */
interface Known {
  readonly message: NewMessage;
  readonly at: Appended;
}

/** What a store was told, and what it therefore may and must hold. */
export class StoreModel {
  /** Committed, by log offset. Whatever else is found in a log was never written. */
  readonly written: Map<number, Known> = new Map();
  /** Refused: a power cut may bring them back until the next sync, nothing else may. */
  refused: Known[] = [];
  /** Up to this log offset everything was acknowledged: no power cut may take it. */
  acknowledged = 0;

  commit(message: NewMessage, at: Appended): void {
    this.written.set(at.logOffset, { message, at });
  }

  /** The log holds known records only, one behind the other, and all before `due`. */
  check(store: Store, due: number): void {
    const found = this.#checkLog(store);
    assert(store.log.tail >= due, `the log ends at ${store.log.tail}, it must reach ${due}`);
    for (const logOffset of this.written.keys()) {
      if (!found.has(logOffset)) this.written.delete(logOffset); // lost, and it must stay lost
    }
    this.refused = [];
    this.#checkQueues(store);
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
      assertEquals(record.topic, known.message.topic);
      assertEquals(record.queueOffset, known.at.queueOffset);
      this.written.set(at, known);
      found.add(at);
      at += record.size;
    }
    return found;
  }

  /** Each queue has its messages, in order and without a gap. */
  #checkQueues(store: Store): void {
    const wanted = new Map<string, number[]>();
    for (const { message, at } of [...this.written.values()].sort(inLogOrder)) {
      if (!isInQueue(message.sysFlag)) continue;
      const name = `${message.topic} ${message.queueId}`;
      const offsets = wanted.get(name) ?? [];
      assertEquals(at.queueOffset, offsets.length, `${name} has a gap`);
      wanted.set(name, [...offsets, at.logOffset]);
    }
    for (const { topic, queueId, maxOffset } of store.queues.all()) {
      const offsets = wanted.get(`${topic} ${queueId}`) ?? [];
      assertEquals(messagesOf(store, topic, queueId).map(({ logOffset }) => logOffset), offsets);
      assertEquals(maxOffset, offsets.length);
      assertEquals(store.nextQueueOffset(topic, queueId), offsets.length);
      wanted.delete(`${topic} ${queueId}`);
    }
    assertEquals([...wanted.keys()], [], "queues that are not there");
  }
}

function inLogOrder(a: Known, b: Known): number {
  return a.at.logOffset - b.at.logOffset;
}
