import type { Appended, NewMessage, Store } from "../../store/store.ts";
import { ResponseCode } from "../../wire/codes.ts";
import type { Reply } from "../../wire/command.ts";
import { PutRefusal } from "../../store/errors.ts";
import { type Put, type Puts, replyTo } from "../puts.ts";

/** What became of messages that were stored together. */
export interface Together {
  /** SUCCESS, or that of the guarantee that was not reached, or why nothing is stored. */
  readonly reply: Reply;
  /** Where they lie; undefined when they are not stored. */
  readonly stored: readonly Appended[] | undefined;
}

/** What that takes. */
export interface Storing {
  readonly store: Pick<Store, "append">;
  readonly puts: Pick<Puts, "staged" | "commitSoon">;
}

/**
 * Stores messages that belong together with one write, in this order: a log that has the last has them all.
 * With `waits` the answer waits for slaves and disk as a producer's would.
 */
export function putTogether(
  { store, puts }: Storing,
  messages: readonly NewMessage[],
  waits: boolean,
): Promise<Together> {
  return new Promise((resolve, reject) => {
    try {
      const stored = messages.map((message) => store.append(message)); // only the first can be refused
      puts.staged(new AllPut(stored, resolve), stored.length, waits);
      puts.commitSoon();
    } catch (error) {
      if (error instanceof PutRefusal) resolve({ reply: replyTo(error), stored: undefined });
      else reject(error);
    }
  });
}

class AllPut implements Put {
  readonly end: number;
  readonly #stored: readonly Appended[];
  readonly #resolve: (outcome: Together) => void;

  constructor(stored: readonly Appended[], resolve: (outcome: Together) => void) {
    this.#stored = stored;
    this.#resolve = resolve;
    this.end = stored.length === 0 ? 0 : stored[stored.length - 1].end;
  }

  confirmed(code: number): void {
    const remark = code === ResponseCode.SUCCESS ? undefined : "stored, but not confirmed in time";
    this.#resolve({ reply: { code, remark }, stored: this.#stored });
  }

  refused(reply: Reply): void {
    this.#resolve({ reply, stored: undefined });
  }
}
