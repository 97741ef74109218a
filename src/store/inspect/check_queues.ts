import { sameBytes, textOf, utf8 } from "../../base/bytes.ts";
import { RecordKeys } from "../../wire/record_keys.ts";
import type { RecordView } from "../../wire/record_view.ts";
import { isInQueue } from "../append.ts";
import { isScheduleTopic } from "../delay.ts";
import type { Findings } from "./findings.ts";
import type { StoredQueue } from "./stored_queue.ts";

/** A tags code from here down is a place in consumequeue_ext. Source: ConsumeQueueExt. */
const EXT_MAX = -2147483649;

/** What decides whether the next start mends something by itself. */
export interface Mending {
  /** The store was not closed, or is open. */
  readonly isOpen: boolean;
  /** What belongs to records from here on is made anew. */
  readonly rebuiltFrom: number;
}

/** How one queue stands in the walk over the log. */
interface Track {
  readonly queue: StoredQueue;
  /** Number of the next entry that needs a record. */
  next: number;
}

/** The first entry of a queue that is mended by itself, and how many more there are. */
interface MendedEntries {
  readonly n: number;
  readonly text: string;
  readonly logOffset: number;
  more: number;
}

/** Compares each record with its queue entry, and each entry with its record, in log order. */
export class QueueCheck {
  /** Entries that fit their records. */
  good = 0;
  readonly #tracks = new Map<string, Map<number, Track>>(); // by topic and queue
  /** What the next start makes again, by queue. */
  readonly #mended = new Map<string, MendedEntries>();
  readonly #findings: Findings;
  readonly #mending: Mending;
  readonly #logMin: number;
  #lastTopic: { bytes: Uint8Array; tracks: Map<number, Track>; name: string } | undefined;

  constructor(
    queues: readonly StoredQueue[],
    logMin: number,
    mending: Mending,
    findings: Findings,
  ) {
    for (const queue of queues) {
      this.#topic(queue.topic).set(queue.queueId, { queue, next: queue.first });
      for (const { path, reason } of queue.files.faults) {
        const isMended = mending.isOpen && path === queue.files.last?.path;
        findings.add(isMended ? "note" : "problem", "queue", path, reason);
      }
    }
    this.#logMin = logMin;
    this.#mending = mending;
    this.#findings = findings;
  }

  /** The next record of the log. */
  record(bytes: Uint8Array, record: RecordView): void {
    if (!isInQueue(record.sysFlag)) return;
    const { name, tracks } = this.#ofRecord(bytes, record);
    const track = tracks.get(record.queueId);
    const n = record.queueOffset;
    if (track && n < track.next) {
      this.#say(track.queue, n, record.logOffset, "an earlier record has that entry");
      return;
    }
    if (track) this.#withoutRecord(track, n);
    if (!track || !track.queue.look(n)) {
      this.#missing(`${name}/${record.queueId}`, n, record.logOffset);
      return;
    }
    track.next = n + 1;
    const problem = differs(track.queue, bytes, record);
    if (problem === undefined) this.good++;
    else this.#say(track.queue, n, record.logOffset, problem);
  }

  /** The log ends there: what entries are left point to nothing. */
  finish(logEnd: number): void {
    for (const tracks of this.#tracks.values()) {
      for (const track of tracks.values()) this.#rest(track, logEnd);
    }
    this.#sayMended();
  }

  /** Entries before `n` that no record came for. */
  #withoutRecord(track: Track, n: number): void {
    const { queue } = track;
    for (; track.next < n; track.next++) {
      if (!queue.look(track.next) || this.#isOld(queue)) continue;
      this.#say(queue, track.next, queue.logOffset, `no record of it lies at ${queue.logOffset}`);
    }
  }

  /** Entries at the end of a queue; a start drops those that point to nothing. */
  #rest({ queue, next }: Track, logEnd: number): void {
    const end = queue.end();
    for (let n = next; n < end; n++) {
      if (!queue.look(n) || this.#isOld(queue)) continue;
      const { logOffset } = queue;
      const text = logOffset >= logEnd
        ? `it points to ${logOffset}, the log ends at ${logEnd}`
        : `no record of it lies at ${logOffset}`;
      const { isOpen, rebuiltFrom } = this.#mending;
      const mended = !isOpen || logOffset >= rebuiltFrom;
      this.#add(mended, queue.name, n, logOffset, text);
    }
  }

  /** Stands for a record that is no longer, or never was, in this log. */
  #isOld(queue: StoredQueue): boolean {
    return queue.isFill || queue.logOffset < this.#logMin;
  }

  #missing(name: string, n: number, logOffset: number): void {
    const mended = logOffset >= this.#mending.rebuiltFrom;
    this.#add(mended, name, n, logOffset, `the record at ${logOffset} has no entry`);
  }

  #say(queue: StoredQueue, n: number, logOffset: number, text: string): void {
    const { isOpen, rebuiltFrom } = this.#mending;
    this.#add(isOpen && logOffset >= rebuiltFrom, queue.name, n, logOffset, text);
  }

  #add(mended: boolean, name: string, n: number, logOffset: number, text: string): void {
    if (!mended) {
      this.#findings.add("problem", "queue", `${name} entry ${n}`, text, logOffset);
      return;
    }
    const note = this.#mended.get(name);
    if (note) note.more++;
    else this.#mended.set(name, { n, text, logOffset, more: 0 });
  }

  /** A queue of a running broker has many: one note for each queue, with the first. */
  #sayMended(): void {
    for (const [name, { n, text, logOffset, more }] of this.#mended) {
      const others = more > 0 ? `, and ${more} more of this queue` : "";
      this.#findings.add("note", "queue", `${name} entry ${n}`, text + others, logOffset);
    }
  }

  #ofRecord(
    bytes: Uint8Array,
    { topicAt, topicLength }: RecordView,
  ): { name: string; tracks: Map<number, Track> } {
    const topic = bytes.subarray(topicAt, topicAt + topicLength);
    if (this.#lastTopic === undefined || !sameBytes(this.#lastTopic.bytes, topic)) {
      const name = textOf(topic);
      this.#lastTopic = { bytes: utf8(name), name, tracks: this.#topic(name) };
    }
    return this.#lastTopic;
  }

  #topic(name: string): Map<number, Track> {
    let tracks = this.#tracks.get(name);
    if (tracks === undefined) this.#tracks.set(name, tracks = new Map());
    return tracks;
  }
}

const keys = new RecordKeys();

/** What of an entry does not fit its record; undefined when all does. */
function differs(entry: StoredQueue, bytes: Uint8Array, record: RecordView): string | undefined {
  if (entry.isFill) return `it is a filler, but its record lies at ${record.logOffset}`;
  if (entry.logOffset !== record.logOffset) {
    return `it points to ${entry.logOffset}, its record lies at ${record.logOffset}`;
  }
  if (entry.size !== record.size) {
    return `it says ${entry.size} bytes, its record at ${record.logOffset} has ${record.size}`;
  }
  const { topicAt, topicLength, storeTimestamp } = record;
  keys.read(bytes, record, false);
  const expected = keys.tagsCode;
  const { tagsCode } = entry;
  if (tagsCode === expected || tagsCode <= EXT_MAX) return undefined;
  // the times of the delay levels are the broker's configuration
  if (isScheduleTopic(bytes, topicAt, topicLength) && tagsCode >= storeTimestamp) return undefined;
  return `its tags code is ${tagsCode}, the tag of its record at ${record.logOffset} has ${expected}`;
}
