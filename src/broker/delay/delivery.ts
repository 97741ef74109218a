import { viewOf } from "../../base/bytes.ts";
import { type Log, reasonOf } from "../../base/log.ts";
import { whenAborted } from "../../base/together.ts";
import type { Clock } from "../../ports/host.ts";
import { SCHEDULE_TOPIC } from "../../store/delay.ts";
import { PutRefusal } from "../../store/errors.ts";
import {
  ENTRY_BYTES,
  entryLogOffset,
  entrySize,
  entryTagsCode,
  FILL_SIZE,
} from "../../store/queue_entry.ts";
import { messageAt } from "../../store/records.ts";
import type { Appended, Store } from "../../store/store.ts";
import { TURN_MS } from "../../store/turn.ts";
import type { Reply } from "../../wire/command.ts";
import type { DelayProgress } from "../delay_progress.ts";
import type { Put, Puts } from "../puts.ts";
import { realPlaceOf } from "../real_place.ts";
import { copyAt } from "./delivered_copy.ts";
import { isDue, type Levels } from "./levels.ts";

/** Of one level, before another one's turn comes. */
const BATCH = 32;
/** After the store refused; a Java broker tries again as soon. */
const RETRY_MS = 100;
/** The wall clock, which says when messages are due, is looked at this often while one waits. */
const LOOK_MS = 1_000;

/**
 * A clock that was set back by no more than this makes messages late by as much. After a longer step those come
 * at once that would wait longer than their level says.
 */
const SET_BACK_MS = 60_000;

/** What delivery needs of its broker. */
export interface DeliveryContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  readonly puts: Pick<Puts, "staged" | "commitSoon" | "commit">;
  readonly progress: DelayProgress;
  readonly levels: Levels;
}

/** How far one level is. */
interface Cursor {
  readonly level: number;
  /** Entry that is delivered next. */
  next: number;
  /** When that one is due, ms since 1970: 0 when it is to be looked at, Infinity when there is none. */
  dueAt: number;
}

/**
 * Brings delayed messages to their topics when their time has come. Each level is a queue in the order of
 * its times, so one cursor a level and one timer for the first of them all is enough. What one turn finds due
 * is stored in one write, and progress follows when that returned.
 */
export class Delivery {
  readonly #context: DeliveryContext;
  readonly #cursors = new Map<number, Cursor>();
  readonly #bytes = new Uint8Array(BATCH * ENTRY_BYTES);
  readonly #view = viewOf(this.#bytes);
  #batch: Batch | undefined; // staged, and not known to be stored
  #cancelTimer: (() => void) | undefined;
  #scheduled = false;
  #failing = false;
  #closed = true;

  constructor(context: DeliveryContext) {
    this.#context = context;
  }

  /** Delivers until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { store, levels, puts } = this.#context;
    this.#closed = false;
    for (const level of levels.all(store)) this.#cursorOf(level);
    const stopArrivals = store.dispatch.onArrival(({ topic, queueId }) => {
      if (topic === SCHEDULE_TOPIC) this.#arrived(this.#cursorOf(queueId + 1));
    });
    this.#soon();
    await new Promise<void>((resolve) => whenAborted(signal, resolve));
    stopArrivals();
    this.#closed = true;
    this.#cancelTimer?.();
    if (this.#batch) puts.commit(); // so that what is stored is known to be
  }

  #arrived(cursor: Cursor): void {
    if (cursor.dueAt < Infinity) return;
    cursor.dueAt = 0;
    this.#soon();
  }

  #soon(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    this.#context.clock.soon(this.#turn);
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    if (this.#closed || this.#batch) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const batch = new Batch(this.#ended);
    try {
      this.#fill(batch);
      if (!batch.failed) this.#failing = false;
    } catch (error) {
      this.#fails(error);
      batch.failed = true;
    }
    if (batch.count > 0) {
      this.#batch = batch;
      this.#context.puts.staged(batch, batch.count, false);
      this.#context.puts.commitSoon();
    } else this.#ended(batch, !batch.failed);
  };

  /** Stages what is due, some of each level in turn, for as long as a turn may last. */
  #fill(batch: Batch): void {
    const { clock } = this.#context;
    const end = clock.monotonic() + TURN_MS;
    const now = clock.now();
    for (let moved = true; moved;) {
      moved = false;
      for (const cursor of this.#cursors.values()) {
        if (!this.#isDue(cursor, now)) continue;
        this.#some(cursor, now, batch);
        moved = true;
        if (batch.failed || clock.monotonic() >= end) return;
      }
    }
  }

  #isDue({ dueAt, level }: Cursor, now: number): boolean {
    return dueAt < Infinity && isDue(dueAt, now, this.#longest(level, now));
  }

  /** No message of a level waits longer than this, in ms from now. */
  #longest(level: number, now: number): number {
    const { levels, store } = this.#context;
    const setBack = store.dispatch.storeTimestamp - now; // messages are never stored before earlier ones
    return levels.durationOf(level) + (setBack > 0 && setBack <= SET_BACK_MS ? setBack : 0);
  }

  /** Stages what is due of the next entries of a level, and notes when its next one is. */
  #some(cursor: Cursor, now: number, batch: Batch): void {
    const { store, log } = this.#context;
    const queue = store.queues.get(SCHEDULE_TOPIC, cursor.level - 1);
    const longest = this.#longest(cursor.level, now);
    if (queue !== undefined && cursor.next < queue.minOffset) {
      const { level, next } = cursor;
      log.warn("delayed messages were removed before their time", {
        level,
        from: next,
        to: queue.minOffset,
      });
      cursor.next = queue.minOffset;
    }
    cursor.dueAt = 0;
    const length = queue?.read(cursor.next, this.#bytes) ?? 0;
    for (let at = 0; at < length; at += ENTRY_BYTES) {
      const dueAt = entryTagsCode(this.#view, at);
      if (!isDue(dueAt, now, longest)) {
        cursor.dueAt = dueAt;
        return;
      }
      if (entrySize(this.#view, at) !== FILL_SIZE) {
        if (!this.#stage(cursor, entryLogOffset(this.#view, at), batch)) return;
      }
      batch.nexts.set(cursor.level, ++cursor.next);
    }
    if (length < this.#bytes.length) cursor.dueAt = Infinity;
  }

  /** Stages the message at `logOffset` for its topic; false when the store takes nothing now. */
  #stage({ level, next }: Cursor, logOffset: number, batch: Batch): boolean {
    const { store } = this.#context;
    const message = messageAt(store.log, logOffset);
    const place = message && realPlaceOf(message);
    if (place === undefined) {
      const reason = message ? "it does not say where to" : "it is not in the log any more";
      this.#drop({ level, entry: next, logOffset, reason });
      return true;
    }
    try {
      batch.add(store.append(copyAt(message!, place)));
    } catch (error) {
      if (!(error instanceof PutRefusal)) throw error;
      if (error.status !== "illegal") {
        batch.failed = true;
        return false;
      }
      this.#drop({ level, entry: next, logOffset, reason: error.message });
    }
    return true;
  }

  /** Says so once. */
  #fails(error: unknown): void {
    if (!this.#failing) {
      this.#context.log.error("delayed messages wait", { reason: reasonOf(error) });
    }
    this.#failing = true;
  }

  /** All behind it would wait for ever. */
  #drop(facts: Readonly<Record<string, string | number>>): void {
    this.#context.log.error("a delayed message cannot be delivered, it is left out", facts);
  }

  /** What became of a turn: goes on behind it, or takes it back and tries again. */
  readonly #ended = (batch: Batch, isStored: boolean): void => {
    const { progress } = this.#context;
    this.#batch = undefined;
    if (isStored) { for (const [level, next] of batch.nexts) progress.advance(level, next); }
    else for (const level of batch.nexts.keys()) this.#rewind(level);
    if (this.#closed) return;
    if (batch.failed || !isStored) this.#wait(RETRY_MS);
    else this.#waitForNext();
  };

  #rewind(level: number): void {
    const cursor = this.#cursors.get(level)!;
    cursor.next = this.#begin(level);
    cursor.dueAt = 0;
  }

  #waitForNext(): void {
    const now = this.#context.clock.now();
    let first = Infinity;
    for (const cursor of this.#cursors.values()) {
      if (this.#isDue(cursor, now)) return this.#soon();
      first = Math.min(first, cursor.dueAt);
    }
    if (first === Infinity) return;
    this.#context.progress.notePosition();
    this.#wait(Math.min(first - now, LOOK_MS));
  }

  #wait(ms: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#context.clock.after(ms, () => {
      this.#cancelTimer = undefined;
      this.#soon();
    });
  }

  #cursorOf(level: number): Cursor {
    let cursor = this.#cursors.get(level);
    if (cursor === undefined) {
      cursor = { level, next: this.#begin(level), dueAt: 0 };
      this.#cursors.set(level, cursor);
    }
    return cursor;
  }

  /** Progress that lies behind the queue is of messages that are not here. */
  #begin(level: number): number {
    const { progress, store } = this.#context;
    const queue = store.queues.get(SCHEDULE_TOPIC, level - 1);
    return Math.min(progress.of(level) ?? 0, queue?.maxOffset ?? 0);
  }
}

/** What one turn stages. */
class Batch implements Put {
  /** By level, the entry behind the last one that is done with. */
  readonly nexts = new Map<number, number>();
  count = 0;
  end = 0;
  /** The store takes no more. */
  failed = false;
  readonly #ended: (batch: Batch, isStored: boolean) => void;

  constructor(ended: (batch: Batch, isStored: boolean) => void) {
    this.#ended = ended;
  }

  add({ end }: Appended): void {
    this.count++;
    this.end = end;
  }

  confirmed(_code: number): void {
    this.#ended(this, true);
  }

  refused(_reply: Reply): void {
    this.#ended(this, false);
  }
}
