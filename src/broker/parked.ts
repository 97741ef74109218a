import type { Clock } from "../ports/host.ts";
import type { Peer, ReplyTo } from "../rpc/peer.ts";
import type { PullRequest } from "../wire/pull.ts";

/** A pull that found nothing and waits for a message. */
export interface ParkedPull {
  readonly peer: Peer;
  readonly to: ReplyTo;
  readonly request: PullRequest;
  /** On the monotonic clock. */
  readonly deadline: number;
}

/** How often time is looked at: a pull is answered at most this much after its time. */
const SWEEP_MS = 500;
/** All over the broker; beyond it a pull is answered at once. */
const PARKED_MAX = 100_000;

/**
 * Pulls held until a message arrives at their queue or their time is up. They cost memory and one look
 * twice a second, no timer each.
 */
export class ParkedPulls {
  readonly #clock: Clock;
  readonly #again: (pull: ParkedPull, mayPark: boolean) => void;
  readonly #topics = new Map<string, Map<number, ParkedPull[]>>();
  #count = 0;
  #cancelSweep: (() => void) | undefined;

  /** `again` runs a pull once more; the second argument says whether it may be parked again. */
  constructor(clock: Clock, again: (pull: ParkedPull, mayPark: boolean) => void) {
    this.#clock = clock;
    this.#again = again;
  }

  /** Pulls that wait at this moment. */
  get count(): number {
    return this.#count;
  }

  /** Holds a pull; false when too many are held already. */
  park(pull: ParkedPull): boolean {
    if (this.#count >= PARKED_MAX) return false;
    const { topic, queueId } = pull.request;
    let queues = this.#topics.get(topic);
    if (queues === undefined) this.#topics.set(topic, queues = new Map());
    const pulls = queues.get(queueId);
    if (pulls === undefined) queues.set(queueId, [pull]);
    else pulls.push(pull);
    this.#count++;
    this.#cancelSweep ??= this.#clock.after(SWEEP_MS, () => this.#sweep());
    return true;
  }

  /** Runs the pulls of a queue that got messages. */
  wake(topic: string, queueId: number): void {
    const pulls = this.#topics.get(topic)?.get(queueId);
    if (pulls === undefined || pulls.length === 0) return;
    this.#take(topic, queueId, pulls);
    for (const pull of pulls) if (!pull.peer.closed) this.#again(pull, true);
  }

  /** Forgets all; nobody is answered any more. */
  close(): void {
    this.#cancelSweep?.();
    this.#topics.clear();
    this.#count = 0;
  }

  #sweep(): void {
    this.#cancelSweep = undefined;
    const now = this.#clock.monotonic();
    for (const [topic, queues] of this.#topics) {
      for (const [queueId, pulls] of queues) {
        if (!pulls.some((pull) => pull.deadline <= now || pull.peer.closed)) continue;
        this.#take(topic, queueId, pulls);
        for (const pull of pulls) {
          if (pull.peer.closed) continue;
          if (pull.deadline <= now) this.#again(pull, false);
          else this.park(pull);
        }
      }
    }
    if (this.#count > 0) this.#cancelSweep ??= this.#clock.after(SWEEP_MS, () => this.#sweep());
  }

  #take(topic: string, queueId: number, pulls: ParkedPull[]): void {
    const queues = this.#topics.get(topic)!;
    queues.delete(queueId);
    if (queues.size === 0) this.#topics.delete(topic);
    this.#count -= pulls.length;
  }
}
