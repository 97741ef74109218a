import { type Log, reasonOf } from "../base/log.ts";
import type { Dir } from "../ports/fs.ts";
import type { Clock } from "../ports/host.ts";
import { type Checkpoint, replaceCheckpoint } from "./checkpoint.ts";
import type { Dispatch } from "./dispatch.ts";
import type { Flush } from "./flush.ts";
import type { KeyIndex } from "./index/key_index.ts";
import type { Queues } from "./queues.ts";
import { Turn } from "./turn.ts";

/** Entries go from memory to their files this often. Source: MessageStoreConfig.flushIntervalConsumeQueue. */
const WRITE_MS = 1_000;
/** And every so many times they are made safe, and the checkpoint tells how far recovery may trust them. */
const WRITES_A_CHECKPOINT = 10;

/** What goes on beside sends and pulls: queue entries to their files, and the checkpoint. */
export class Upkeep {
  readonly #dir: Dir;
  readonly #clock: Clock;
  readonly #dispatch: Dispatch;
  readonly #queues: Queues;
  readonly #flush: Flush;
  readonly #index: KeyIndex;
  readonly #log: Log;
  #checkpoint: Checkpoint;
  #coveredTo = -1; // log offset the checkpoint was written for
  #indexedTo = -1; // and what of it the key index had
  #writes = 0;
  #stopTimer: (() => void) | undefined;
  #working: Promise<void> = Promise.resolve();
  #held = false;
  #closed = false;

  constructor(
    parts: {
      dir: Dir;
      clock: Clock;
      dispatch: Dispatch;
      queues: Queues;
      flush: Flush;
      index: KeyIndex;
    },
    checkpoint: Checkpoint,
    log: Log,
  ) {
    this.#dir = parts.dir;
    this.#clock = parts.clock;
    this.#dispatch = parts.dispatch;
    this.#queues = parts.queues;
    this.#flush = parts.flush;
    this.#index = parts.index;
    this.#checkpoint = checkpoint;
    this.#log = log;
    this.#wait();
  }

  /** Makes safe what is dispatched and writes the checkpoint for it. False when the disk did not let it. */
  async checkpoint(): Promise<boolean> {
    const { position, storeTimestamp } = this.#dispatch;
    const indexedTo = this.#index.position;
    if (position === this.#coveredTo && indexedTo === this.#indexedTo) return true;
    const indexMs = this.#index.coverable(storeTimestamp);
    await this.#flush.patiently(position);
    if (!await this.#queues.sync(new Turn(this.#clock))) return false;
    if (!await this.#index.sync(new Turn(this.#clock))) return false;
    const { physicMs, logicsMs } = this.#checkpoint;
    await this.#write({
      physicMs: Math.max(physicMs, storeTimestamp),
      logicsMs: Math.max(logicsMs, storeTimestamp),
      indexMs,
    });
    this.#coveredTo = position;
    this.#indexedTo = indexedTo;
    return true;
  }

  /** The last checkpoint of a store that is closed. False when the disk did not let all be safe. */
  async finish(): Promise<boolean> {
    return await this.checkpoint() && await this.#index.finish();
  }

  /** Log offset up to which what is derived is safe, as far as the checkpoint says so; -1 when it says nothing yet. */
  get covered(): number {
    return this.#coveredTo;
  }

  /** Writes the checkpoint out of turn. Never rejects: `covered` says how far it came. */
  cover(): Promise<void> {
    if (this.#held || this.#closed) return this.#working;
    return this.#inTurn(() =>
      this.checkpoint().then(() => {}, (error) => {
        this.#log.error("cannot write the checkpoint", { reason: reasonOf(error) });
      })
    );
  }

  /**
   * Does `work`, which takes back records stored after `storeTimestamp`, while nothing goes on beside it.
   * Before that the checkpoint stops to vouch for them, or it would vouch for what comes in their place.
   */
  async whileHeld(storeTimestamp: number, work: () => Promise<void>): Promise<void> {
    this.#held = true;
    this.#stopTimer?.();
    await this.#working;
    try {
      await this.#vouchUpTo(storeTimestamp);
      await work();
    } finally {
      this.#held = false;
      this.#wait();
    }
  }

  async #vouchUpTo(storeTimestamp: number): Promise<void> {
    this.#coveredTo = -1;
    const { physicMs, logicsMs, indexMs } = this.#checkpoint;
    if (Math.max(physicMs, logicsMs) <= storeTimestamp) return;
    await this.#write({
      physicMs: Math.min(physicMs, storeTimestamp),
      logicsMs: Math.min(logicsMs, storeTimestamp),
      indexMs: Math.min(indexMs, storeTimestamp),
    });
  }

  async #write(checkpoint: Checkpoint): Promise<void> {
    this.#checkpoint = checkpoint;
    await replaceCheckpoint(this.#dir, checkpoint, this.#index);
  }

  /** Resolves when nothing of it runs any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopTimer?.();
    await this.#working;
  }

  #wait(): void {
    if (this.#closed || this.#held) return;
    this.#stopTimer = this.#clock.after(WRITE_MS, () => {
      this.#inTurn(() => this.#work().then(() => this.#wait()));
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    return this.#working = this.#working.then(work);
  }

  async #work(): Promise<void> {
    try {
      await this.#queues.write(new Turn(this.#clock));
      this.#index.write();
      if (++this.#writes % WRITES_A_CHECKPOINT === 0) await this.checkpoint();
    } catch (error) {
      this.#log.error("cannot write the checkpoint", { reason: reasonOf(error) });
    }
  }
}
