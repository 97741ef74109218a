import type { Store } from "../../store/store.ts";
import { Turn } from "../../store/turn.ts";
import type { Clock } from "../../ports/host.ts";
import type { Offsets } from "../offsets.ts";
import { HALF_TOPIC, OP_HALF_TOPIC } from "../topic_rules.ts";
import type { Halves } from "./halves.ts";
import { QUEUE_ID } from "./op.ts";
import type { Ops } from "./ops.ts";

/** A start reads half and op messages from the offsets of this group on. Source: MixAll.CID_SYS_RMQ_TRANS. */
export const TRANSACTION_GROUP = "CID_RMQ_SYS_TRANS";

/** What the cursors are about. */
export interface CursorContext {
  readonly clock: Clock;
  readonly store: Pick<Store, "log">;
  readonly offsets: Pick<Offsets, "of" | "commit">;
  readonly halves: Halves;
  readonly ops: Ops;
}

interface Positions {
  readonly half: number;
  readonly op: number;
  /** Log offset behind all that made them so. */
  readonly end: number;
}

/**
 * From where on half and op messages would have to be read after a start. They are kept as a consumer group's
 * offsets, where Java's broker and slaves look for them. Offsets reach the disk by another way than the log
 * does, so they say only what is safe in the log: else a power cut could lose the op message, the message it
 * committed and, as the cursor is behind it, the transaction.
 */
export class Cursors {
  readonly #context: CursorContext;
  #waiting: Positions | undefined;

  constructor(context: CursorContext) {
    this.#context = context;
  }

  /** Reads what is open, from where the last broker that had the store came to. */
  async load(): Promise<void> {
    const { clock, offsets, halves, ops } = this.#context;
    const turn = new Turn(clock);
    await halves.load(offsets.of(TRANSACTION_GROUP, HALF_TOPIC, QUEUE_ID) ?? 0, turn);
    const from = offsets.of(TRANSACTION_GROUP, OP_HALF_TOPIC, QUEUE_ID) ?? 0;
    await ops.load(from, turn, (places) => halves.drop(places));
    await halves.link(turn);
  }

  /** Keeps how far it is; what is not safe yet is kept the next time. */
  async save(): Promise<void> {
    const { store, offsets } = this.#context;
    this.#waiting ??= await this.#now();
    if (store.log.durable < this.#waiting.end) return;
    const { half, op } = this.#waiting;
    this.#waiting = undefined;
    if (half > 0) offsets.commit(TRANSACTION_GROUP, HALF_TOPIC, QUEUE_ID, half);
    if (op > 0) offsets.commit(TRANSACTION_GROUP, OP_HALF_TOPIC, QUEUE_ID, op);
  }

  async #now(): Promise<Positions> {
    const { clock, store, halves, ops } = this.#context;
    const half = halves.oldest;
    const end = store.log.tail;
    return { half, end, op: await ops.advance(half, new Turn(clock)) };
  }
}
