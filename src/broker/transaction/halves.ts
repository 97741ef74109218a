import { viewOf } from "../../base/bytes.ts";
import { type Signalled, signalled } from "../../base/together.ts";
import type { ConsumeQueue } from "../../store/consume_queue.ts";
import { ENTRY_BYTES, entryLogOffset, entrySize, FILL_SIZE } from "../../store/queue_entry.ts";
import type { Store } from "../../store/store.ts";
import type { Turns } from "../../store/turn.ts";
import type { StoredMessage } from "../../wire/message.ts";
import { HALF_TOPIC } from "../topic_rules.ts";
import { firstOffset, halfAt } from "./half.ts";
import { olderCopies, type Place } from "./older_copies.ts";
import { QUEUE_ID } from "./op.ts";

/** Above this many open transactions new ones are refused; each takes some 50 bytes. */
const OPEN_MAX = 1_000_000;
/** Given up transactions that can still be ended by a late word. */
const GIVEN_UP_MAX = 100_000;
/** Read of the queue at a time. */
const ENTRIES = 1_024;

/**
 * Which transactions are open: half messages that no op message names. It follows the half queue, so a half
 * message is known by its place there, and is told what is done.
 *
 * A transaction that waits for long is written again at the end of the queue, and its newest copy alone is open;
 * all of them name the place of the first, so that whoever knows an older one can still end it.
 */
export class Halves {
  readonly #store: Pick<Store, "log" | "queues" | "dispatch">;
  readonly #open = new Map<number, number>(); // place in the queue -> in the log, oldest first
  readonly #copies = new Map<number, number>(); // place of the first -> of its newest copy
  readonly #ending = new Set<number>(); // what ends them is staged
  readonly #early = new Set<number>(); // done before the queue knew them
  readonly #givenUp = new Set<number>(); // places of the first, oldest first
  readonly #bytes = new Uint8Array(ENTRIES * ENTRY_BYTES);
  readonly #view = viewOf(this.#bytes);
  readonly #ready: Signalled<void> = signalled<void>();
  #begin = 0; // place in the queue from which on all are known
  #position = 0; // place up to which they are
  #isReady = false;

  constructor(store: Pick<Store, "log" | "queues" | "dispatch">) {
    this.#store = store;
  }

  /** Open transactions. */
  get count(): number {
    return this.#open.size;
  }

  /** So many are open that no more are taken. */
  get isFull(): boolean {
    return this.#open.size >= OPEN_MAX;
  }

  /** True once it is known what is open. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Resolves then. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Place in the queue of the oldest open one; the next place when there is none. */
  get oldest(): number {
    const { value, done } = this.#open.keys().next();
    return done ? this.#position : value;
  }

  /** Places in queue and log of what is open and not being ended, oldest first; what is added meanwhile comes too. */
  *open(): Generator<readonly [number, number]> {
    for (const place of this.#open) if (!this.#ending.has(place[0])) yield place;
  }

  /** Begins at that place of the queue and reads it to its end, in turns. */
  async load(from: number, turn: Turns): Promise<void> {
    this.#begin = this.#position = Math.min(from, this.#queue?.maxOffset ?? 0);
    while (this.#followSome()) if (turn.isOver()) await turn.next();
  }

  /** These are done, as an op message that was found says. */
  drop(places: readonly number[]): void {
    for (const place of places) this.#forget(place);
  }

  /** Looks which of the open ones are copies, now that it is known what is open; then it is ready. */
  async link(turn: Turns): Promise<void> {
    if (this.#open.size > 0) await this.#dropOlder(turn);
    for (const [place, logOffset] of this.#open) {
      if (turn.isOver()) await turn.next();
      const half = halfAt(this.#store.log, logOffset);
      const first = half === undefined ? place : firstOffset(half);
      if (first === place) continue;
      this.#open.delete(this.#copies.get(first) ?? first); // of an older copy
      this.#copies.set(first, place);
    }
    this.#isReady = true;
    this.#ready.resolve();
  }

  /** Takes note of the half messages that the queue has got. */
  follow = ({ topic, queueId }: Pick<ConsumeQueue, "topic" | "queueId">): void => {
    if (topic !== HALF_TOPIC || queueId !== QUEUE_ID) return;
    while (this.#followSome());
  };

  /** Place of the open copy of the transaction this is a half message of; undefined when it has ended. */
  openOf(half: StoredMessage): number | undefined {
    const first = firstOffset(half);
    const place = this.#copies.get(first) ?? half.queueOffset;
    if (this.#ending.has(place)) return undefined;
    if (this.#givenUp.has(first)) return place;
    const isOpen = place < this.#position ? this.#open.has(place) : !this.#early.has(place);
    return isOpen ? place : undefined;
  }

  /** What ends it is staged: until `done` or `goesOn` it is not open. */
  ending(place: number): void {
    this.#ending.add(place);
  }

  /** What ends it was not stored. */
  goesOn(place: number): void {
    this.#ending.delete(place);
  }

  /** It has ended. */
  done(place: number, half: StoredMessage): void {
    this.#ending.delete(place);
    this.#copies.delete(firstOffset(half));
    this.#givenUp.delete(firstOffset(half));
    this.#forget(place);
  }

  /** Nobody is asked about it any more; a producer that has a word on it all the same is heard. */
  giveUp(place: number, half: StoredMessage): void {
    this.done(place, half);
    this.#givenUp.add(firstOffset(half));
    if (this.#givenUp.size <= GIVEN_UP_MAX) return;
    for (const oldest of this.#givenUp) return void this.#givenUp.delete(oldest);
  }

  /** It has begun anew under another place: a word on the old one comes too late. */
  forgetGivenUp(first: number): void {
    this.#givenUp.delete(first);
  }

  /** It goes on as a copy of it. */
  copied(place: number, half: StoredMessage, copyPlace: number): void {
    this.#ending.delete(place);
    this.#forget(place);
    this.#copies.set(firstOffset(half), copyPlace);
  }

  async #dropOlder(turn: Turns): Promise<void> {
    const begin = Math.max(this.#begin, this.#queue?.minOffset ?? 0);
    const places = () => this.#places(begin, this.#position);
    const isOpen = (place: number) => this.#open.has(place);
    this.drop(await olderCopies({ log: this.#store.log, places, isOpen }, turn));
  }

  /** Half messages of that part of the queue, whether open or not. */
  *#places(from: number, to: number): Generator<Place> {
    const bytes = new Uint8Array(ENTRIES * ENTRY_BYTES);
    const view = viewOf(bytes);
    for (let place = from, length; place < to; place += length / ENTRY_BYTES) {
      length = this.#queue?.read(place, bytes) ?? 0;
      if (length === 0) return;
      for (let at = 0; at < length && place + at / ENTRY_BYTES < to; at += ENTRY_BYTES) {
        if (entrySize(view, at) === FILL_SIZE) continue;
        yield [place + at / ENTRY_BYTES, entryLogOffset(view, at)];
      }
    }
  }

  get #queue(): ConsumeQueue | undefined {
    return this.#store.queues.get(HALF_TOPIC, QUEUE_ID);
  }

  #forget(place: number): void {
    if (place < this.#position) this.#open.delete(place);
    else this.#early.add(place);
  }

  /** False when it has come to the queue's end. */
  #followSome(): boolean {
    const queue = this.#queue;
    if (queue === undefined) return false;
    this.#position = Math.max(this.#position, queue.minOffset);
    const length = queue.read(this.#position, this.#bytes);
    for (let at = 0; at < length; at += ENTRY_BYTES, this.#position++) {
      if (this.#early.delete(this.#position) || entrySize(this.#view, at) === FILL_SIZE) continue;
      this.#open.set(this.#position, entryLogOffset(this.#view, at));
    }
    return length > 0;
  }
}
