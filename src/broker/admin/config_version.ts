import type { Clock } from "../../ports/host.ts";
import type { DataVersion } from "../../wire/tables.ts";

/** Tells one state of the configuration from the next: each change gives it the next counter and the time. */
export class ConfigVersion {
  readonly #clock: Pick<Clock, "now">;
  #now: DataVersion;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
    this.#now = { counter: 0, timestamp: clock.now() };
  }

  /** As answer 26 has it. */
  get text(): string {
    return JSON.stringify(this.#now);
  }

  changed(): void {
    this.#now = { counter: this.#now.counter + 1, timestamp: this.#clock.now() };
  }
}
