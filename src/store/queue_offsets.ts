/** Entry number of the next message of a queue. */
type NextOffsets = (number | undefined)[];

/**
 * Which entry number the next message of each queue gets. The log is ahead of the queues, so a queue is asked
 * only for what it held before this process first appended to it.
 */
export class QueueOffsets {
  readonly #topics = new Map<string, NextOffsets>();
  readonly #stored: (topic: string, queueId: number) => number;
  #lastTopic: string | undefined;
  #last: NextOffsets = [];

  /** `stored` tells the next entry number of a queue by what is stored of it. */
  constructor(stored: (topic: string, queueId: number) => number) {
    this.#stored = stored;
  }

  next(topic: string, queueId: number): number {
    const offsets = topic === this.#lastTopic ? this.#last : this.#of(topic);
    return offsets[queueId] ??= this.#stored(topic, queueId);
  }

  /** Counts a message as appended (1), or its append as taken back (-1). */
  advance(topic: string, queueId: number, by: 1 | -1): void {
    const offset = this.next(topic, queueId);
    this.#last[queueId] = offset + by;
  }

  /** Forgets everything: the next answers come from the queues again. */
  clear(): void {
    this.#topics.clear();
    this.#lastTopic = undefined;
  }

  #of(topic: string): NextOffsets {
    let offsets = this.#topics.get(topic);
    if (offsets === undefined) this.#topics.set(topic, offsets = []);
    this.#lastTopic = topic;
    return this.#last = offsets;
  }
}
