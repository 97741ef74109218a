import { SCHEDULE_TOPIC } from "../../store/delay.ts";
import type { Store } from "../../store/store.ts";

/** The delay levels of a broker: level n holds a message back for `durationsMs[n - 1]`, in queue n - 1. */
export class Levels {
  readonly #durationsMs: readonly number[];
  readonly #longestMs: number;

  constructor(durationsMs: readonly number[]) {
    this.#durationsMs = durationsMs;
    this.#longestMs = Math.max(0, ...durationsMs);
  }

  /** The highest one. */
  get highest(): number {
    return this.#durationsMs.length;
  }

  /** A level that the table had once may have messages still: they wait no longer than the longest now. */
  durationOf(level: number): number {
    return this.#durationsMs[level - 1] ?? this.#longestMs;
  }

  /** All of the table, and those whose queues have something. */
  all(store: Store): number[] {
    const known = new Set(this.#durationsMs.map((_, i) => i + 1));
    for (const { topic, queueId } of store.queues.all()) {
      if (topic === SCHEDULE_TOPIC) known.add(queueId + 1);
    }
    return [...known].sort((a, b) => a - b);
  }
}

/**
 * True when a message of a level that holds it back for `durationMs` is to be delivered. One that would wait
 * longer than that from now on is: the table, or the clock, was changed. Source:
 * ScheduleMessageService.correctDeliverTimestamp.
 */
export function isDue(dueAt: number, nowMs: number, durationMs: number): boolean {
  return dueAt <= nowMs || dueAt > nowMs + durationMs;
}
