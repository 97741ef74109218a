import { invariant, WireError } from "../base/errors.ts";

/** What the acks of a master are told. */
export interface AckOptions {
  /** Copies a confirmed message has, the master's own among them. Source: MessageStoreConfig.inSyncReplicas. */
  readonly inSyncReplicas: number;
  /** A slave this many bytes behind counts as none; may change. Source: MessageStoreConfig.haSlaveFallbehindMax. */
  readonly fallBehindMax: number;
}

/** Where a message stands: all copies there, some still to come, or none to be expected. */
export type AckState = "confirmed" | "waiting" | "unavailable";

/** Connections of one slave; its highest confirmation counts. */
interface Slave {
  readonly followers: Set<Follower>;
  acked: number;
}

/**
 * What slaves have confirmed. Only the connections of slaves confirm; senders look and wait. A slave with
 * two connections, an old half-open one for example, is one slave: they share a key.
 */
export class Acks {
  readonly #needed: number; // distinct slaves a message must be on
  readonly #options: AckOptions;
  readonly #slaves = new Map<string, Slave>();
  readonly #waiters = new Set<(confirmed: number) => void>();
  #confirmed = 0;

  constructor(options: AckOptions) {
    this.#needed = Math.max(1, options.inSyncReplicas - 1); // never wait for nobody
    this.#options = options;
  }

  /** A slave this many bytes behind counts as none. */
  get fallBehindMax(): number {
    return this.#options.fallBehindMax;
  }

  /** Log offset below which `inSyncReplicas - 1` distinct slaves have every byte. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /** Distinct slaves that have reported and are connected. */
  get slaves(): number {
    return this.#slaves.size;
  }

  /** Connections that have reported. */
  get connections(): number {
    let count = 0;
    for (const { followers } of this.#slaves.values()) count += followers.size;
    return count;
  }

  /** Where a message stands that ends at `end`. */
  state(end: number): AckState {
    if (this.#confirmed >= end) return "confirmed";
    if (this.#slaves.size < this.#needed) return "unavailable";
    for (const follower of this.followers()) {
      if (end - follower.position < this.fallBehindMax) return "waiting";
    }
    return "unavailable"; // all of them too far behind
  }

  /** Calls `fn` after each report that confirmed more; the result ends that. */
  onConfirmed(fn: (confirmed: number) => void): () => void {
    this.#waiters.add(fn);
    return () => this.#waiters.delete(fn);
  }

  /** Every connection that has reported, for those who show them. */
  *followers(): IterableIterator<Follower> {
    for (const { followers } of this.#slaves.values()) yield* followers;
  }

  /**
   * Counts a connection of the slave `key` from its first report on. `start` is where what it is sent
   * begins: behind `first` when it asked for a log from the beginning.
   */
  follower(key: string, first: number, start: number = first): Follower {
    const follower = new Follower(key, first, start, {
      confirmed: (one) => this.#confirm(one),
      closed: (one) => this.#forget(one),
    });
    this.#slave(key).followers.add(follower);
    return follower;
  }

  /** The follower turned out to be a connection of the slave `key`. */
  rename(follower: Follower, key: string): void {
    if (follower.key === key || !this.#leave(follower)) return;
    follower.key = key;
    const slave = this.#slave(key);
    slave.followers.add(follower);
    slave.acked = Math.max(slave.acked, follower.acked);
    this.#recount();
  }

  #confirm(follower: Follower): void {
    const slave = this.#slaves.get(follower.key);
    if (!slave?.followers.has(follower) || follower.acked <= slave.acked) return;
    slave.acked = follower.acked;
    this.#recount();
  }

  #forget(follower: Follower): void {
    if (this.#leave(follower)) this.#recount();
  }

  /** Takes a follower off its slave; false when it was off already. */
  #leave(follower: Follower): boolean {
    const slave = this.#slaves.get(follower.key);
    if (!slave?.followers.delete(follower)) return false;
    slave.acked = 0;
    for (const { acked } of slave.followers) slave.acked = Math.max(slave.acked, acked);
    if (slave.followers.size === 0) this.#slaves.delete(follower.key);
    return true;
  }

  #slave(key: string): Slave {
    let slave = this.#slaves.get(key);
    if (slave === undefined) this.#slaves.set(key, slave = { followers: new Set(), acked: 0 });
    return slave;
  }

  /** Tells those who wait when more is confirmed than before; it is less when a slave left. */
  #recount(): void {
    const before = this.#confirmed;
    this.#confirmed = this.#count();
    if (this.#confirmed <= before) return;
    for (const fn of this.#waiters) fn(this.#confirmed);
  }

  /** The highest offset that enough slaves have. */
  #count(): number {
    let highest = 0;
    if (this.#needed === 1) {
      for (const { acked } of this.#slaves.values()) if (acked > highest) highest = acked;
      return highest;
    }
    const acks = Array.from(this.#slaves.values(), ({ acked }) => acked).sort((a, b) => b - a);
    return acks[this.#needed - 1] ?? 0;
  }
}

interface Owner {
  confirmed(follower: Follower): void;
  closed(follower: Follower): void;
}

/**
 * One connection of a slave, from its first report on. That report proves nothing: the slave may hold
 * another history, or none. Only bytes it was sent on this connection and then reported are confirmed.
 */
export class Follower {
  /** What tells slaves apart; only `Acks.rename` changes it. */
  key: string;
  /** Its first report. */
  readonly first: number;
  readonly #start: number;
  readonly #owner: Owner;
  #sent: number;
  #reported: number;
  #acked = 0;

  constructor(key: string, first: number, start: number, owner: Owner) {
    this.key = key;
    this.first = first;
    this.#start = start;
    this.#owner = owner;
    this.#sent = start;
    this.#reported = first;
  }

  /** Log offset it confirmed; 0 until it reported more than it came with. */
  get acked(): number {
    return this.#acked;
  }

  /** Log offset up to which bytes were handed to its connection. */
  get sent(): number {
    return this.#sent;
  }

  /** Where it says it is: good enough to see that it is far behind, never enough to confirm. */
  get position(): number {
    return Math.max(this.#start, this.#reported);
  }

  /** The connection takes the bytes up to `logOffset`. */
  send(logOffset: number): void {
    invariant(logOffset >= this.#sent, "a log is sent in order");
    this.#sent = logOffset;
  }

  /**
   * Takes a report after the first.
   * @throws {WireError} when it says more than was sent, or less than nothing.
   */
  confirm(logOffset: number): void {
    if (logOffset > this.#sent || logOffset < 0) {
      throw new WireError(`report of ${logOffset}, sent on this connection up to ${this.#sent}`);
    }
    if (logOffset > this.#reported) this.#reported = logOffset;
    if (logOffset <= this.#start || logOffset <= this.#acked) return;
    this.#acked = logOffset;
    this.#owner.confirmed(this);
  }

  /** The connection is gone; what it confirmed no longer counts. */
  close(): void {
    this.#owner.closed(this);
  }
}
