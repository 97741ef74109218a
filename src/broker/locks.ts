import type { Clock } from "../ports/host.ts";
import type { MessageQueue } from "../wire/lock.ts";

/** A lock that was not asked for again this long is anybody's. Source: RebalanceLockManager. */
export const LOCK_MS = 60_000;
/** All over the broker; an ordered consumer takes one a queue. */
const LOCKS_MAX = 200_000;
/** With no room left, ended locks are looked for this often at most. */
const SWEEP_MS = 1_000;

interface Lock {
  clientId: string;
  until: number; // monotonic
}

/**
 * Which client of a group has which queue to itself, for consumers that need order. In memory only: after
 * a restart whoever asks first gets it.
 */
export class Locks {
  readonly #clock: Clock;
  readonly #groups = new Map<string, Map<string, Lock>>();
  #count = 0;
  #sweptAt = -Infinity; // monotonic

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes or keeps each queue that nobody else has; gives those that are now the client's. */
  lock(group: string, clientId: string, queues: readonly MessageQueue[]): MessageQueue[] {
    const now = this.#clock.monotonic();
    const locks = this.#groups.get(group) ?? new Map<string, Lock>();
    const got: MessageQueue[] = [];
    for (const queue of queues) {
      const key = keyOf(queue);
      const lock = locks.get(key);
      if (lock === undefined) {
        if (!this.#hasRoom(now)) continue;
        locks.set(key, { clientId, until: now + LOCK_MS });
        this.#count++;
      } else if (lock.clientId === clientId || lock.until <= now) {
        lock.clientId = clientId;
        lock.until = now + LOCK_MS;
      } else {
        continue;
      }
      got.push(queue);
    }
    if (locks.size > 0) this.#groups.set(group, locks);
    return got;
  }

  /** Gives back those of the queues that are the client's; others stay as they are. */
  unlock(group: string, clientId: string, queues: readonly MessageQueue[]): void {
    const locks = this.#groups.get(group);
    if (locks === undefined) return;
    for (const queue of queues) {
      const key = keyOf(queue);
      if (locks.get(key)?.clientId === clientId && locks.delete(key)) this.#count--;
    }
    if (locks.size === 0) this.#groups.delete(group);
  }

  /** Looks for locks that ended only when there is no room: a lock costs nothing while it stands. */
  #hasRoom(now: number): boolean {
    if (this.#count < LOCKS_MAX) return true;
    if (now - this.#sweptAt < SWEEP_MS) return false;
    this.#sweptAt = now;
    for (const [group, locks] of this.#groups) {
      for (const [key, lock] of locks) if (lock.until <= now && locks.delete(key)) this.#count--;
      if (locks.size === 0) this.#groups.delete(group);
    }
    return this.#count < LOCKS_MAX;
  }
}

function keyOf({ topic, brokerName, queueId }: MessageQueue): string {
  return `${queueId}\n${topic}\n${brokerName}`;
}
