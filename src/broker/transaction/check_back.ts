import type { Log } from "../../base/log.ts";
import { sleep } from "../../base/together.ts";
import type { Clock } from "../../ports/host.ts";
import type { Appended, NewMessage, Store } from "../../store/store.ts";
import { Turn } from "../../store/turn.ts";
import type { StoredMessage } from "../../wire/message.ts";
import { Property, property, withProperty } from "../../wire/properties.ts";
import type { Clients } from "../clients.ts";
import { copyOf } from "../copy.ts";
import type { Puts } from "../puts.ts";
import { CHECK_MAX_TOPIC, HALF_TOPIC } from "../topic_rules.ts";
import type { Topics } from "../topics.ts";
import { Ask } from "./ask.ts";
import { checkTimes, firstOffset, halfAt } from "./half.ts";
import type { Halves } from "./halves.ts";
import { opOf, QUEUE_ID } from "./op.ts";
import type { Ops } from "./ops.ts";
import { type CheckRules, type Verdict, verdictOn } from "./verdict.ts";

/** Stored side by side before the next ones are looked at. */
const BATCH = 64;

/** What asking back needs of its broker. */
export interface CheckContext {
  readonly puts: Pick<Puts, "putAll">;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  readonly topics: Pick<Topics, "ensure">;
  readonly clients: Pick<Clients, "producers">;
  readonly halves: Halves;
  readonly ops: Ops;
  readonly rules: CheckRules;
  /** [transactionCheckInterval] */
  readonly intervalMs: number;
}

/**
 * Asks producers what became of transactions they said nothing about. Who is asked for is written again at the
 * end of the half queue, with the number of questions so far, so that the queue's oldest part can be forgotten.
 */
export class CheckBack {
  readonly #context: CheckContext;
  readonly #ask: Ask;

  constructor(context: CheckContext) {
    this.#context = context;
    this.#ask = new Ask(context);
  }

  /** Looks at all open transactions each interval, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { clock, intervalMs } = this.#context;
      await sleep(clock, intervalMs, signal);
      if (!signal.aborted) await this.look(signal);
    }
  }

  /** Looks at all open transactions. */
  async look(signal: AbortSignal): Promise<void> {
    const { clock, halves } = this.#context;
    const turn = new Turn(clock);
    const beganMs = clock.now();
    let batch: Promise<boolean>[] = [];
    for (const [place, logOffset] of halves.open()) {
      const storing = this.#treat(place, logOffset, beganMs);
      if (storing === "stop") break;
      batch.push(storing);
      if (batch.length < BATCH && !turn.isOver()) continue;
      const allStored = (await Promise.all(batch)).every(Boolean);
      batch = [];
      if (signal.aborted || !allStored) break; // a disk that refuses one refuses all
      await this.#ask.drained();
      await turn.next();
    }
    await Promise.all(batch);
    this.#ask.sayMissing();
  }

  /** Does what is due for one of them; gives false when the disk did not let it. */
  #treat(place: number, logOffset: number, beganMs: number): Promise<boolean> | "stop" {
    const { store, clock, rules, halves, log } = this.#context;
    const half = halfAt(store.log, logOffset);
    if (half === undefined) {
      log.warn("a transaction is lost, its half message is gone", { place, logOffset });
      halves.drop([place]);
      return Promise.resolve(true);
    }
    const verdict = verdictOn(half, { beganMs, nowMs: clock.now() }, rules);
    if (verdict === "stop") return verdict;
    return verdict === "giveUp" ? this.#giveUp(place, half) : this.#renew(place, half, verdict);
  }

  async #giveUp(place: number, half: StoredMessage): Promise<boolean> {
    const { topics, halves, log, clock } = this.#context;
    const copy = copyOf(half, topics.ensure(CHECK_MAX_TOPIC), 0);
    const stored = await this.#store(place, [copy, opOf(place, half, clock.now())]);
    if (stored === undefined) return false;
    log.warn("a transaction is given up, nobody said how it ended", {
      messageId: property(half.properties, Property.UNIQ_KEY),
      producerGroup: property(half.properties, Property.PGROUP),
      asked: checkTimes(half),
      movedTo: CHECK_MAX_TOPIC,
    });
    halves.giveUp(place, half);
    return true;
  }

  /** Writes it again at the end of the queue, and asks when that is due. */
  async #renew(place: number, half: StoredMessage, verdict: Verdict): Promise<boolean> {
    const { halves, clock } = this.#context;
    const copy = copyAgain(half, verdict === "ask");
    const messages = isDoneHere(half) ? [copy, opOf(place, half, clock.now())] : [copy];
    const stored = await this.#store(place, messages);
    if (stored === undefined) return false;
    halves.copied(place, half, stored[0].queueOffset);
    if (verdict === "ask") this.#ask.about(half, copy, stored[0]);
    return true;
  }

  async #store(
    place: number,
    messages: readonly NewMessage[],
  ): Promise<readonly Appended[] | undefined> {
    const { halves, ops, puts } = this.#context;
    halves.ending(place);
    const { stored } = await puts.putAll(messages, false);
    if (stored === undefined) halves.goesOn(place);
    else if (stored.length > 1) ops.stored(stored[1].queueOffset, place);
    return stored;
  }
}

/**
 * Whether an op message may say that this place is done when a copy goes on. It keeps both from being open after
 * a crash. But of a message to be left alone for a time, Java's broker takes one that names its first place for
 * the end of the transaction; there the newest copy wins, see Halves.link.
 */
function isDoneHere(half: StoredMessage): boolean {
  const immune = property(half.properties, Property.CHECK_IMMUNITY_TIME_IN_SECONDS) !== undefined;
  return !immune || firstOffset(half) !== half.queueOffset;
}

function copyAgain(half: StoredMessage, asks: boolean): NewMessage {
  const { TRAN_PREPARED_QUEUE_OFFSET, TRANSACTION_CHECK_TIMES } = Property;
  const first = String(firstOffset(half));
  let properties = withProperty(half.properties, TRAN_PREPARED_QUEUE_OFFSET, first);
  if (asks) {
    properties = withProperty(properties, TRANSACTION_CHECK_TIMES, String(checkTimes(half) + 1));
  }
  const topic = { topicName: HALF_TOPIC, bytes: new TextEncoder().encode(HALF_TOPIC) };
  return copyOf(half, topic, QUEUE_ID, { properties });
}
