import { PutRefusal } from "./errors.ts";

/** Whether a log may be appended to, and if not, why: for good, or until what holds it is over. */
export class Gate {
  #closed: string | undefined;
  #held: string | undefined;
  #reason: string | undefined; // of the two the one to be told

  /** From now on every append is refused with this reason; the first one stays. */
  close(reason: string): void {
    this.#reason = this.#closed ??= reason;
  }

  /** Refuses every append with this reason until it is told another one, or undefined: then it takes them again. */
  hold(reason: string | undefined): void {
    this.#held = reason;
    this.#reason = this.#closed ?? reason;
  }

  /** Why appends are refused until that is over. */
  get held(): string | undefined {
    return this.#held;
  }

  /** Why appends are refused now, for good or for a while. */
  get refusal(): string | undefined {
    return this.#reason;
  }

  /** @throws {PutRefusal} "unavailable" while nothing may be appended */
  mustBeOpen(): void {
    if (this.#reason !== undefined) throw new PutRefusal("unavailable", this.#reason);
  }
}
