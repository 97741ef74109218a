import { viewOf } from "../../base/bytes.ts";
import { ENTRY_BYTES, entryLogOffset, entrySize, FILL_SIZE } from "../../store/queue_entry.ts";
import { messageAt } from "../../store/records.ts";
import type { Store } from "../../store/store.ts";
import type { Turns } from "../../store/turn.ts";
import { OP_HALF_TOPIC } from "../topic_rules.ts";
import { halvesNamedBy, QUEUE_ID } from "./op.ts";

/** Op messages that are kept in memory; what lies behind them is read when it is needed. */
const KEPT_MAX = 1_000_000;
/** Read of the queue at a time. */
const ENTRIES = 512;
/** The op message at that place is not known to be stored. */
const UNKNOWN = Infinity;

/**
 * Which half message each op message names, from the first on that a start would have to read: all op messages
 * before it name half messages that lie before the oldest open one.
 */
export class Ops {
  readonly #store: Pick<Store, "log" | "queues" | "nextQueueOffset">;
  readonly #keptMax: number;
  #first = 0; // place in the op queue of #named[#at]
  #named: number[] = [];
  #at = 0;
  #isCut = false; // more are in the queue than are kept

  constructor(
    store: Pick<Store, "log" | "queues" | "nextQueueOffset">,
    keptMax: number = KEPT_MAX,
  ) {
    this.#store = store;
    this.#keptMax = keptMax;
  }

  /** Begins at that place of the queue; tells `each` what op messages name up to its end. */
  async load(from: number, turn: Turns, each: (halves: readonly number[]) => void): Promise<void> {
    const queue = this.#store.queues.get(OP_HALF_TOPIC, QUEUE_ID);
    if (queue === undefined) return;
    this.#first = Math.max(queue.minOffset, Math.min(from, queue.maxOffset));
    await this.#read(this.#first, Infinity, turn, each);
  }

  /** An op message was stored. */
  stored(place: number, half: number): void {
    const i = place - this.#first + this.#at;
    if (this.#isCut || i < this.#at) return;
    this.#isCut = i >= this.#at + this.#keptMax;
    if (this.#isCut) return;
    while (this.#named.length <= i) this.#named.push(UNKNOWN);
    this.#named[i] = half;
  }

  /** Place of the first op message that names a half message at or behind that place, as far as it is known. */
  async advance(oldestHalf: number, turn: Turns): Promise<number> {
    this.#skip(oldestHalf);
    while (this.#isCut && this.#at === this.#named.length) {
      const before = this.#first;
      this.#isCut = false;
      await this.#read(before, this.#keptMax, turn, () => {});
      this.#isCut = this.#end < this.#store.nextQueueOffset(OP_HALF_TOPIC, QUEUE_ID);
      this.#skip(oldestHalf);
      if (this.#first === before) break; // the next ones are not in the queue yet
    }
    return this.#first;
  }

  get #end(): number {
    return this.#first + this.#named.length - this.#at;
  }

  #skip(oldestHalf: number): void {
    while (this.#at < this.#named.length && this.#named[this.#at] < oldestHalf) {
      this.#at++;
      this.#first++;
    }
    if (this.#at < 1_024 && this.#at < this.#named.length) return;
    this.#named = this.#named.slice(this.#at);
    this.#at = 0;
  }

  async #read(
    from: number,
    count: number,
    turn: Turns,
    each: (halves: readonly number[]) => void,
  ): Promise<void> {
    const queue = this.#store.queues.get(OP_HALF_TOPIC, QUEUE_ID);
    const bytes = new Uint8Array(ENTRIES * ENTRY_BYTES);
    const view = viewOf(bytes);
    for (let place = from; queue !== undefined && place < from + count;) {
      const length = queue.read(place, bytes);
      if (length === 0) return;
      for (let at = 0; at < length; at += ENTRY_BYTES, place++) {
        if (turn.isOver()) await turn.next();
        const isFill = entrySize(view, at) === FILL_SIZE;
        const op = isFill ? undefined : messageAt(this.#store.log, entryLogOffset(view, at));
        const halves = op === undefined ? [] : halvesNamedBy(op.body);
        this.stored(place, Math.max(-1, ...halves));
        each(halves);
      }
    }
  }
}
