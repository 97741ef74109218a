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

/** How often time is looked at: a pull is run at most this much after its time. */
const SWEEP_MS = 500;
/** All over the broker. */
export const PARKED_MAX = 100_000;
/** One connection's; a consumer has one a queue. */
const OF_PEER_MAX = 20_000;
/** Work without a pause: one message may wake thousands, and senders must not wait for all of them. */
const TURN_MS = 3;
/** Pulls between two looks at the clock. */
const LOOK_EVERY = 8;

/** A pull in its place: those of its queue, of its half second, and of its connection. */
interface Held {
  readonly pull: ParkedPull;
  readonly queue: Set<Held>;
  readonly due: Set<Held>;
  readonly ofPeer: Set<Held>;
}

/**
 * Pulls held until a message arrives at their queue or their time is up. Together they cost one timer that
 * looks twice a second at those whose time is up, and at no others.
 */
export class ParkedPulls {
  readonly #clock: Clock;
  readonly #again: (pull: ParkedPull) => void;
  readonly #topics = new Map<string, Map<number, Set<Held>>>();
  readonly #dues = new Map<number, Set<Held>>(); // by the half second in which they end
  readonly #peers = new Map<Peer, Set<Held>>();
  #held = 0;
  #ready: ParkedPull[] = []; // to be run, in order, from #readyAt on
  #readyAt = 0;
  #isTurnQueued = false;
  #swept = 0; // half seconds that are over
  #cancelSweep: (() => void) | undefined;

  /** `again` runs a pull once more. One whose time is not up may be parked again. */
  constructor(clock: Clock, again: (pull: ParkedPull) => void) {
    this.#clock = clock;
    this.#again = again;
  }

  /** Pulls that wait at this moment. */
  get count(): number {
    return this.#held + this.#ready.length - this.#readyAt;
  }

  /** Holds a pull; false when too many are held already, of its connection or of all. */
  park(pull: ParkedPull): boolean {
    const { peer, deadline, request: { topic, queueId } } = pull;
    if (this.count >= PARKED_MAX) return false;
    const ofPeer = setIn(this.#peers, peer);
    if (ofPeer.size >= OF_PEER_MAX) return false;
    let queues = this.#topics.get(topic);
    if (queues === undefined) this.#topics.set(topic, queues = new Map());
    const queue = setIn(queues, queueId);
    const due = setIn(this.#dues, Math.ceil(deadline / SWEEP_MS));
    const held = { pull, queue, due, ofPeer };
    queue.add(held);
    due.add(held);
    ofPeer.add(held);
    this.#held++;
    if (this.#cancelSweep === undefined) this.#sweepLater();
    return true;
  }

  /** Runs the pulls of a queue that got messages. */
  wake(topic: string, queueId: number): void {
    const queue = this.#topics.get(topic)?.get(queueId);
    if (queue === undefined) return;
    for (const held of queue) this.#take(held);
    this.#run();
  }

  /** Forgets the pulls of a connection that is gone. */
  closed(peer: Peer): void {
    for (const held of this.#peers.get(peer) ?? []) this.#forget(held);
  }

  /** Forgets all; nobody is answered any more. */
  close(): void {
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    this.#topics.clear();
    this.#dues.clear();
    this.#peers.clear();
    this.#held = 0;
    this.#ready = [];
    this.#readyAt = 0;
  }

  /** Runs what is ready, for a turn; what is left goes on when others had theirs. */
  #run(): void {
    if (this.#isTurnQueued) return;
    const end = this.#clock.monotonic() + TURN_MS;
    while (this.#readyAt < this.#ready.length) {
      const pull = this.#ready[this.#readyAt++];
      if (!pull.peer.closed) this.#again(pull);
      if (this.#readyAt % LOOK_EVERY === 0 && this.#clock.monotonic() >= end) return this.#goOn();
    }
    this.#ready = [];
    this.#readyAt = 0;
  }

  #goOn(): void {
    this.#isTurnQueued = true;
    this.#clock.soon(() => {
      this.#isTurnQueued = false;
      this.#run();
    });
  }

  #sweepLater(): void {
    const now = this.#clock.monotonic();
    this.#swept = Math.floor(now / SWEEP_MS);
    const wait = (this.#swept + 1) * SWEEP_MS - now;
    this.#cancelSweep = this.#clock.after(wait, () => this.#sweep());
  }

  #sweep(): void {
    const now = Math.floor(this.#clock.monotonic() / SWEEP_MS);
    for (let due = this.#swept; due <= now; due++) {
      for (const held of this.#dues.get(due) ?? []) this.#take(held);
    }
    this.#run();
    if (this.#held > 0) this.#sweepLater();
    else this.#cancelSweep = undefined;
  }

  #take(held: Held): void {
    this.#forget(held);
    this.#ready.push(held.pull);
  }

  /** Takes a pull out of its places, and away those that are empty then. */
  #forget(held: Held): void {
    const { pull: { peer, deadline, request: { topic, queueId } }, queue, due, ofPeer } = held;
    this.#held--;
    due.delete(held);
    if (due.size === 0) this.#dues.delete(Math.ceil(deadline / SWEEP_MS));
    ofPeer.delete(held);
    if (ofPeer.size === 0) this.#peers.delete(peer);
    queue.delete(held);
    if (queue.size > 0) return;
    const queues = this.#topics.get(topic)!;
    queues.delete(queueId);
    if (queues.size === 0) this.#topics.delete(topic);
  }
}

function setIn<K>(sets: Map<K, Set<Held>>, key: K): Set<Held> {
  let set = sets.get(key);
  if (set === undefined) sets.set(key, set = new Set());
  return set;
}
