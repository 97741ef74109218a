import { hexOf, viewOf } from "../base/bytes.ts";
import type { Runtime } from "../ports/host.ts";

/**
 * Message ids that clients give before sending (property UNIQ_KEY): 32 upper-case hex digits.
 *
 *     0       4       6          10          14      16
 *     | ip    | pid   | random   | ms        | count |
 *       4       2       4          4           2        ms since this month began, UTC
 *
 * Admin tools read the address and the time from it. The random part tells clients of one process apart,
 * the count tells messages of one millisecond apart.
 */
export class UniqueIds {
  readonly #now: () => number;
  readonly #bytes = new Uint8Array(16);
  readonly #view = viewOf(this.#bytes);
  readonly #prefix: string;
  #monthMs = 0;
  #nextMonthMs = 0;
  #count = 0;

  constructor(runtime: Pick<Runtime, "addresses" | "processId" | "random" | "clock">) {
    this.#now = () => runtime.clock.now();
    const ip = (runtime.addresses()[0] ?? "127.0.0.1").split(".").map(Number);
    this.#bytes.set(ip.slice(0, 4));
    this.#view.setUint16(4, runtime.processId & 0xffff);
    runtime.random(this.#bytes.subarray(6, 10));
    this.#prefix = hexOf(this.#bytes.subarray(0, 10)).toUpperCase();
  }

  /** The next id. */
  next(): string {
    const now = this.#now();
    if (now < this.#monthMs || now >= this.#nextMonthMs) this.#startMonth(now);
    this.#view.setUint32(10, now - this.#monthMs);
    this.#view.setUint16(14, this.#count);
    this.#count = (this.#count + 1) & 0xffff;
    return this.#prefix + hexOf(this.#bytes.subarray(10)).toUpperCase();
  }

  #startMonth(now: number): void {
    const date = new Date(now);
    this.#monthMs = Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
    this.#nextMonthMs = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
  }
}
