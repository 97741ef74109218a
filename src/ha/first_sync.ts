import { type Log, reasonOf } from "../base/log.ts";
import type { Dir } from "../ports/fs.ts";
import type { SlaveStatus } from "./slave_status.ts";

/** There while a slave that began with an empty log has never been in sync. */
const NAME = "full-sync";

/** What a first copy works with. */
export interface FirstSyncContext {
  readonly store: {
    readonly log: { readonly minOffset: number; readonly tail: number };
    reset(): Promise<void>;
  };
  /** The store's folder. */
  readonly root: Dir;
  readonly log: Log;
  readonly status: SlaveStatus;
  /** The store was emptied. */
  readonly afterCut: () => void;
}

/**
 * Knows whether the first copy of a master's log is finished. One that its master outran, because it deleted
 * what was still to come, begins anew: nobody ever relied on it. One that was in sync once is left alone.
 */
export class FirstSync {
  readonly #context: FirstSyncContext;
  #isUnfinished: boolean;

  constructor(context: FirstSyncContext) {
    this.#context = context;
    this.#isUnfinished = context.root.stat(NAME) !== undefined;
    context.status.onInSync(() => this.#finished());
  }

  /** Between two tries to follow. Never rejects. */
  async turn(): Promise<void> {
    const { root, store, status, log, afterCut } = this.#context;
    const { tail, minOffset } = store.log;
    try {
      if (tail === minOffset) {
        if (this.#isUnfinished) return;
        root.open(NAME, "create").close(); // before the first byte comes
        await root.sync();
        this.#isUnfinished = true;
      } else if (tail >= (status.bounds?.max ?? Infinity)) {
        this.#finished(); // also below another slave, where nobody is ever IN_SYNC
      } else if (this.#isUnfinished && status.state === "PURGED") {
        log.warn("the first copy of the master's log begins anew", { reason: status.reason });
        await store.reset();
        afterCut();
      }
    } catch (error) {
      log.error("cannot begin the copy of the master's log", { reason: reasonOf(error) });
    }
  }

  #finished(): void {
    if (!this.#isUnfinished) return;
    this.#isUnfinished = false;
    const { root, log } = this.#context;
    try {
      root.remove(NAME);
    } catch (error) {
      this.#isUnfinished = true;
      log.error("cannot note that the first copy is finished", { reason: reasonOf(error) });
      return;
    }
    root.sync().catch((error) =>
      log.error("cannot note that the first copy is finished", { reason: reasonOf(error) })
    );
  }
}
