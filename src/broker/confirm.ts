import type { Clock } from "../ports/host.ts";
import { ResponseCode } from "../wire/codes.ts";

/** Something stored that is answered once its named guarantees were reached, or their time is up. */
export interface Confirmed {
  /** Log offset behind its last byte. */
  readonly end: number;
  /** Answers it with SUCCESS, FLUSH_DISK_TIMEOUT, FLUSH_SLAVE_TIMEOUT or SLAVE_NOT_AVAILABLE. */
  confirmed(code: number): void;
}

/** What slaves have; `ha/acks.ts` is one. */
export interface Replicas {
  readonly confirmed: number;
  state(end: number): "confirmed" | "waiting" | "unavailable";
  onConfirmed(fn: () => void): () => void;
}

/** What the disk has; `store/flush.ts` is one. */
export interface Disk {
  readonly durable: number;
  /** Why nothing more becomes safe, once that is so. */
  readonly failure: unknown;
  reached(logOffset: number): Promise<void>;
}

interface Group {
  readonly members: readonly Confirmed[];
  readonly end: number;
  /** Code of the slaves' side once it is known. */
  slaves: number | undefined;
  /** Code of the disk's side once it is known. */
  disk: number | undefined;
  readonly slaveDeadline: number;
  readonly diskDeadline: number;
}

/**
 * Where stored messages wait for slaves (SYNC_MASTER) and for the disk (SYNC_FLUSH). What one read brought
 * waits as one group: no promise and no timer a message. Groups come in log order, so only the first ones
 * can be ready, and a report or a finished flush costs no more than the groups it releases.
 */
export class Confirmations {
  readonly #clock: Clock;
  readonly #replicas: Replicas | undefined;
  readonly #disk: Disk | undefined;
  readonly #slaveTimeoutMs: number;
  readonly #flushTimeoutMs: number;
  #groups: Group[] = [];
  #first = 0;
  #waiting = 0;
  #cancelTimer: (() => void) | undefined;
  readonly #stopListening: () => void;
  #whenIdle: (() => void)[] = [];

  /** Without `replicas` nothing waits for slaves, without `disk` nothing waits for it. */
  constructor(
    { clock, replicas, disk, slaveTimeoutMs, flushTimeoutMs }: {
      clock: Clock;
      replicas: Replicas | undefined;
      disk: Disk | undefined;
      slaveTimeoutMs: number;
      flushTimeoutMs: number;
    },
  ) {
    this.#clock = clock;
    this.#replicas = replicas;
    this.#disk = disk;
    this.#slaveTimeoutMs = slaveTimeoutMs;
    this.#flushTimeoutMs = flushTimeoutMs;
    this.#stopListening = replicas?.onConfirmed(this.#release) ?? (() => {});
  }

  /** Members that wait at this moment. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Resolves when nobody waits any more, at the latest when the time of the last is up. */
  idle(): Promise<void> {
    if (this.#waiting === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Answers the members, now or later; they are in log order and behind all that wait already. */
  add(members: readonly Confirmed[]): void {
    if (members.length === 0) return;
    const end = members[members.length - 1].end;
    const now = this.#clock.monotonic();
    const group: Group = {
      members,
      end,
      slaves: this.#slavesAt(end),
      disk: this.#disk && this.#disk.durable < end ? undefined : ResponseCode.SUCCESS,
      slaveDeadline: now + this.#slaveTimeoutMs,
      diskDeadline: now + this.#flushTimeoutMs,
    };
    if (group.disk === undefined) this.#disk!.reached(end).then(this.#release, this.#release);
    if (
      this.#first === this.#groups.length && group.slaves !== undefined && group.disk !== undefined
    ) {
      return this.#answer(group);
    }
    this.#groups.push(group);
    this.#waiting += members.length;
    this.#arm(Infinity);
  }

  /** Stops listening and waiting; nobody is answered any more. */
  close(): void {
    this.#stopListening();
    this.#cancelTimer?.();
    this.#groups = [];
    this.#first = 0;
    this.#waiting = 0;
    this.#sayIdle();
  }

  #slavesAt(end: number): number | undefined {
    if (this.#replicas === undefined) return ResponseCode.SUCCESS;
    const state = this.#replicas.state(end);
    if (state === "waiting") return undefined;
    return state === "confirmed" ? ResponseCode.SUCCESS : ResponseCode.SLAVE_NOT_AVAILABLE;
  }

  /** Answers the groups at the front that are decided. */
  readonly #release = (): void => {
    const confirmed = this.#replicas?.confirmed ?? Infinity;
    const durable = this.#disk?.durable ?? Infinity;
    const failed = this.#disk?.failure !== undefined; // then there is no use in waiting
    while (this.#first < this.#groups.length) {
      const group = this.#groups[this.#first];
      if (group.slaves === undefined && confirmed >= group.end) group.slaves = ResponseCode.SUCCESS;
      if (group.disk === undefined && durable >= group.end) group.disk = ResponseCode.SUCCESS;
      else if (failed) group.disk ??= ResponseCode.FLUSH_DISK_TIMEOUT;
      if (group.slaves === undefined || group.disk === undefined) break;
      this.#first++;
      this.#waiting -= group.members.length;
      this.#answer(group);
    }
    if (this.#first === this.#groups.length) {
      this.#groups.length = 0;
      this.#first = 0;
      this.#sayIdle();
    } else if (this.#first > 1024) {
      this.#groups.splice(0, this.#first);
      this.#first = 0;
    }
  };

  #sayIdle(): void {
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const wake of waiting) wake();
  }

  #timeUp(): void {
    this.#cancelTimer = undefined;
    const now = this.#clock.monotonic();
    for (let i = this.#first; i < this.#groups.length; i++) {
      const group = this.#groups[i];
      if (group.slaves === undefined && group.slaveDeadline <= now) {
        group.slaves = ResponseCode.FLUSH_SLAVE_TIMEOUT;
      }
      if (group.disk === undefined && group.diskDeadline <= now) {
        group.disk = ResponseCode.FLUSH_DISK_TIMEOUT;
      }
    }
    this.#release();
    let next = Infinity;
    for (let i = this.#first; i < this.#groups.length; i++) {
      next = Math.min(next, this.#nextDeadline(this.#groups[i]));
    }
    if (next < Infinity) this.#arm(next - now);
  }

  /**
   * Looks again in `ms`, or when a group that is added right after now could run out of time, whichever is
   * first: so one timer that is armed seldom serves them all.
   */
  #arm(ms: number): void {
    const soonest = Math.min(ms, this.#slaveTimeoutMs, this.#flushTimeoutMs);
    this.#cancelTimer ??= this.#clock.after(soonest, () => this.#timeUp());
  }

  #nextDeadline(group: Group): number {
    return Math.min(
      group.slaves === undefined ? group.slaveDeadline : Infinity,
      group.disk === undefined ? group.diskDeadline : Infinity,
    );
  }

  /** Each member by what is true of its own end: a group that ran out of time may hold some that made it. */
  #answer(group: Group): void {
    const confirmed = this.#replicas?.confirmed ?? Infinity;
    const durable = this.#disk?.durable ?? Infinity;
    const slavesOk = group.slaves === ResponseCode.SUCCESS;
    const diskOk = group.disk === ResponseCode.SUCCESS;
    for (const member of group.members) {
      if (!slavesOk && member.end > confirmed) member.confirmed(group.slaves!);
      else if (!diskOk && member.end > durable) member.confirmed(group.disk!);
      else member.confirmed(ResponseCode.SUCCESS);
    }
  }
}
