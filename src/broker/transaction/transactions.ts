import type { Log } from "../../base/log.ts";
import { sleep, together } from "../../base/together.ts";
import type { Clock } from "../../ports/host.ts";
import type { Handler } from "../../rpc/peer.ts";
import type { Store } from "../../store/store.ts";
import type { Clients } from "../clients.ts";
import type { BrokerConfig } from "../config.ts";
import { Levels } from "../delay/levels.ts";
import type { Detour } from "../detour.ts";
import type { Offsets } from "../offsets.ts";
import type { Puts } from "../puts.ts";
import type { Topics } from "../topics.ts";
import { CheckBack } from "./check_back.ts";
import { Cursors } from "./cursors.ts";
import { endHandler } from "./end.ts";
import { Halves } from "./halves.ts";
import type { CheckRules } from "./verdict.ts";
import { Ops } from "./ops.ts";
import { preparedDetour } from "./prepared.ts";
import { resumeHandler } from "./resume.ts";

/** How far it is known what has ended is kept this often. */
const SAVE_MS = 5_000;
const HOUR_MS = 3_600_000;

/** What transactions need of their broker. */
export interface TransactionsContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly config: BrokerConfig;
  readonly store: Store;
  readonly puts: Puts;
  readonly topics: Topics;
  readonly clients: Clients;
  readonly offsets: Offsets;
  readonly isSlave: boolean;
}

/** Messages that are delivered when their producer says so. */
export class Transactions {
  /** Has the first half of a transaction stored where no consumer sees it. */
  readonly prepared: Detour;
  /** Handler of 37. */
  readonly end: Handler;
  /** Handler of 323. */
  readonly resume: Handler;
  readonly #context: TransactionsContext;
  readonly #halves: Halves;
  readonly #cursors: Cursors;
  readonly #checkBack: CheckBack;

  constructor(context: TransactionsContext) {
    const { config, store } = context;
    this.#context = context;
    const halves = new Halves(store);
    const ops = new Ops(store);
    this.#halves = halves;
    this.#cursors = new Cursors({ ...context, halves, ops });
    this.#checkBack = new CheckBack({
      ...context,
      halves,
      ops,
      get intervalMs() { // it may change
        return config.transactionCheckInterval;
      },
      rules: rulesOf(config),
    });
    this.prepared = preparedDetour({
      ...context,
      halves,
      get rejects() { // it may, too
        return config.rejectTransactionMessage;
      },
    });
    this.resume = resumeHandler({ ...context, halves });
    this.end = endHandler({
      ...context,
      halves,
      ops,
      levels: new Levels(config.messageDelayLevel),
    });
  }

  /** Transactions that are open. */
  get open(): number {
    return this.#halves.count;
  }

  /** Finds what is open and asks about it until the signal aborts; on masters only. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#cursors.load();
    const stopFollowing = this.#context.store.dispatch.onArrival(this.#halves.follow);
    try {
      await together(signal, (until) => [this.#saveOften(until), this.#checkBack.run(until)]);
    } finally {
      stopFollowing();
    }
  }

  async #saveOften(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#context.clock, SAVE_MS, signal);
      if (!signal.aborted) await this.#cursors.save();
    }
  }
}

function rulesOf(config: TransactionsContext["config"]): CheckRules {
  return {
    get timeOutMs() { // these may change
      return config.transactionTimeOut;
    },
    get timesMax() {
      return config.transactionCheckMax;
    },
    get reservedMs() {
      return config.fileReservedTime * HOUR_MS;
    },
  };
}
