/** Which node of a broker: its id and its address. */
export interface Node {
  readonly id: number;
  readonly address: string;
}

/** A node that failed is left alone for this long while another one serves. */
export const AVOID_MS = 5_000;
const MASTER = 0;

/**
 * Which node of a broker to read from: the one the broker itself suggested, else the master, else a slave.
 * One that just failed comes last, so that reading goes on at a slave while the master is gone.
 */
export class BrokerChoice {
  #suggested = MASTER;
  readonly #avoidUntil = new Map<number, number>();

  /** What the last answer said. */
  suggest(id: number): void {
    this.#suggested = id;
  }

  /** A node did not answer. */
  failed(id: number, nowMs: number): void {
    this.#avoidUntil.set(id, nowMs + AVOID_MS);
  }

  /** A node answered. */
  served(id: number): void {
    this.#avoidUntil.delete(id);
  }

  /** The node to ask now; undefined when the broker has no address at all. */
  pick(addresses: ReadonlyMap<number, string>, nowMs: number): Node | undefined {
    const ids = [...addresses.keys()].sort((a, b) => this.#rank(a) - this.#rank(b) || a - b);
    const id = ids.find((each) => !this.#avoided(each, nowMs)) ?? ids[0];
    return id === undefined ? undefined : { id, address: addresses.get(id)! };
  }

  /** True when some node is not known to fail. */
  anyLeft(addresses: ReadonlyMap<number, string>, nowMs: number): boolean {
    return [...addresses.keys()].some((id) => !this.#avoided(id, nowMs));
  }

  #rank(id: number): number {
    return id === this.#suggested ? 0 : id === MASTER ? 1 : 2;
  }

  #avoided(id: number, nowMs: number): boolean {
    return nowMs < (this.#avoidUntil.get(id) ?? -Infinity);
  }
}
