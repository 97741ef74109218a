import type { Clock } from "../ports/host.ts";
import { PutRefusal } from "../store/errors.ts";
import { CLOSING } from "../store/refusal_texts.ts";
import type { Appended, NewMessage, Store } from "../store/store.ts";
import { ResponseCode } from "../wire/codes.ts";
import { refuse, type Reply } from "../wire/command.ts";
import type { Confirmations, Confirmed } from "./confirm.ts";
import type { Stats } from "./stats.ts";

/** With this much staged the end of the turn is not waited for. */
const STAGED_BYTES_MAX = 4 * 1024 * 1024;

/** Above this many messages that wait for a slave or the disk, new ones are refused. */
export const WAITING_MAX = 100_000;
/** What those hear. */
export const BUSY: Reply = refuse(
  ResponseCode.SYSTEM_BUSY,
  `[OVERLOAD] ${WAITING_MAX} messages wait for a slave or the disk`,
);

/** Whoever has a message staged, and hears what became of it. */
export interface Put extends Confirmed {
  /** It is not stored, and why. */
  refused(reply: Reply): void;
}

/** What became of a message of the broker's own, or of several. */
export interface PutOutcome<Stored = Appended> {
  /** SUCCESS, or that of the guarantee that was not reached, or why nothing is stored. */
  readonly code: number;
  readonly remark?: string;
  /** Where it lies; undefined when it is not stored. */
  readonly stored: Stored | undefined;
}

/** What puts need of their broker. */
export interface PutsContext {
  readonly clock: Pick<Clock, "soon" | "monotonic">;
  readonly store: Store;
  readonly confirmations: Confirmations;
  readonly stats: Stats;
}

/**
 * Everything that is stored passes here, a producer's message or the broker's own: it is staged in the log,
 * written with all others of the turn, and answered or left to wait for slaves and the disk.
 */
export class Puts {
  readonly #context: PutsContext;
  #waited: Put[] = [];
  #unwaited: Put[] = [];
  #count = 0; // messages in both
  #commitQueued = false;

  constructor(context: PutsContext) {
    this.#context = context;
  }

  /** Those that will wait, or do. */
  get waiting(): number {
    return this.#context.confirmations.waiting + this.#waited.length;
  }

  /**
   * Takes note of `count` messages that were just staged in the store, which `put` hears of. Whoever is no
   * handler of a request calls `commitSoon` behind it.
   */
  staged(put: Put, count: number, waits: boolean): void {
    this.#count += count;
    if (waits) this.#waited.push(put);
    else this.#unwaited.push(put);
  }

  /** Stores a message of the broker's own, or a copy it makes; with `waits` as a producer's would be. */
  async put(message: NewMessage, waits: boolean): Promise<PutOutcome> {
    const { stored, ...reply } = await this.putAll([message], waits);
    return { ...reply, stored: stored?.[0] };
  }

  /**
   * Stores messages that belong together with one write, in this order: a log that has the last has them all.
   * Only the first of them can be refused.
   */
  putAll(
    messages: readonly NewMessage[],
    waits: boolean,
  ): Promise<PutOutcome<readonly Appended[]>> {
    return new Promise((resolve, reject) => {
      try {
        const stored = messages.map((message) => this.#context.store.append(message));
        this.staged(new Own(stored, resolve), stored.length, waits);
        this.commitSoon();
      } catch (error) {
        if (error instanceof PutRefusal) resolve({ ...replyTo(error), stored: undefined });
        else reject(error);
      }
    });
  }

  /**
   * Has what was staged written when all connections that are readable now were read: then one write of the
   * log and one frame to each slave serve them all. Under four busy connections that is half the writes of
   * the log that a commit after each read would make.
   */
  commitSoon = (): void => {
    if (this.#context.store.log.stage.length > STAGED_BYTES_MAX) return this.commit();
    if (this.#commitQueued || this.#count === 0) return;
    this.#commitQueued = true;
    this.#context.clock.soon(this.commit);
  };

  /** Writes what was staged, and answers it when its guarantees are reached. */
  commit = (): void => {
    this.#commitQueued = false;
    if (this.#count === 0) return;
    const waited = this.#waited;
    const unwaited = this.#unwaited;
    const count = this.#count;
    this.#count = 0;
    this.#waited = [];
    this.#unwaited = [];
    const { clock, stats } = this.#context;
    const begun = clock.monotonic();
    try {
      this.#context.store.commit();
      mustBeStored(this.#context.store, waited, unwaited);
    } catch (error) {
      stats.putTimes.failed += count;
      const reply = replyTo(error);
      for (const put of unwaited) put.refused(reply);
      for (const put of waited) put.refused(reply);
      return;
    }
    stats.put.add(count);
    stats.putTimes.add(clock.monotonic() - begun, count);
    for (const put of unwaited) put.confirmed(ResponseCode.SUCCESS);
    this.#context.confirmations.add(waited);
  };

  /** Writes what is staged; resolves when all is answered, which time-outs bound. */
  stop(): Promise<void> {
    this.commit();
    return this.#context.confirmations.idle();
  }
}

/** What a sender hears whose message was refused. @throws what is no refusal */
export function replyTo(error: unknown): Reply {
  if (!(error instanceof PutRefusal)) throw error;
  switch (error.status) {
    case "illegal":
      return refuse(ResponseCode.MESSAGE_ILLEGAL, error.message);
    case "unavailable":
      return refuse(ResponseCode.SERVICE_NOT_AVAILABLE, error.message);
    default:
      return refuse(ResponseCode.SYSTEM_ERROR, error.message);
  }
}

/** Messages of the broker's own on their way. */
class Own implements Put {
  readonly end: number;
  readonly #stored: readonly Appended[];
  readonly #resolve: (outcome: PutOutcome<readonly Appended[]>) => void;

  constructor(
    stored: readonly Appended[],
    resolve: (outcome: PutOutcome<readonly Appended[]>) => void,
  ) {
    this.#stored = stored;
    this.#resolve = resolve;
    this.end = stored[stored.length - 1].end;
  }

  confirmed(code: number): void {
    this.#resolve({ code, stored: this.#stored });
  }

  refused({ code, remark }: Reply): void {
    this.#resolve({ code, remark, stored: undefined });
  }
}

/** Whoever else took back what was staged, as a store that is being closed does, must not make us say OK. */
function mustBeStored({ log }: Store, ...lists: readonly Put[][]): void {
  for (const list of lists) {
    if (list.length > 0 && list[list.length - 1].end > log.tail) {
      throw new PutRefusal("unavailable", CLOSING);
    }
  }
}
