import type { Facts, Log } from "../base/log.ts";
import type { Clock } from "../ports/host.ts";

const WINDOW_MS = 60_000;
/** More lines about one peer in a minute tell nothing new. */
const LINES_MAX = 20;
/** Peers told apart; all beyond it share one count. */
const PEERS_MAX = 1_000;

/**
 * A log that a peer cannot fill: of each `remote` it passes on 20 lines a minute, and says once that it leaves
 * out the rest.
 */
export class QuietLog implements Log {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #log: Log;
  readonly #counts = new Map<string, number>();
  #since: number;

  constructor(log: Log, clock: Pick<Clock, "monotonic">) {
    this.#log = log;
    this.#clock = clock;
    this.#since = clock.monotonic();
  }

  debug(message: string, facts?: Facts): void {
    if (this.#passes(facts)) this.#log.debug(message, facts);
  }

  info(message: string, facts?: Facts): void {
    if (this.#passes(facts)) this.#log.info(message, facts);
  }

  warn(message: string, facts?: Facts): void {
    if (this.#passes(facts)) this.#log.warn(message, facts);
  }

  error(message: string, facts?: Facts): void {
    this.#log.error(message, facts);
  }

  child(name: string): Log {
    return new QuietLog(this.#log.child(name), this.#clock);
  }

  #passes(facts: Facts | undefined): boolean {
    const remote = facts?.remote;
    if (typeof remote !== "string") return true;
    const now = this.#clock.monotonic();
    if (now - this.#since >= WINDOW_MS) {
      this.#counts.clear();
      this.#since = now;
    }
    const key = this.#counts.has(remote) || this.#counts.size < PEERS_MAX ? remote : "others";
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    if (count === LINES_MAX + 1) {
      this.#log.warn("too many lines about a peer, the rest of a minute's is left out", {
        remote: key,
      });
    }
    return count <= LINES_MAX;
  }
}
