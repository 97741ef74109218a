import type { Clock } from "../ports/host.ts";

/** How long bytes that wait in the socket get to be read, before their sender is called silent. */
const DRAIN_MS = 200;

/**
 * Notices a peer that sends nothing for longer than a limit. Time is monotonic, and a process that was
 * paused itself first reads what came meanwhile: it is not the peer who was silent then.
 */
export class Silence implements Disposable {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #fell: (silentMs: number) => void;
  #heard: number;
  #cancel: () => void = () => {};

  /** Calls `fell` once, when nothing was heard for longer than `limitMs`, counted from now. */
  constructor(clock: Clock, limitMs: number, fell: (silentMs: number) => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#fell = fell;
    this.#heard = clock.monotonic();
    this.#watch();
  }

  /** The peer sent something. */
  heard(): void {
    this.#heard = this.#clock.monotonic();
  }

  /** When it did last, on the monotonic clock. */
  get lastHeard(): number {
    return this.#heard;
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }

  #watch(): void {
    const left = this.#heard + this.#limitMs - this.#clock.monotonic();
    this.#cancel = this.#clock.after(Math.max(1, Math.ceil(left)), () => {
      if (this.#silentMs() < this.#limitMs) return this.#watch();
      this.#cancel = this.#clock.after(DRAIN_MS, () => {
        const silentMs = this.#silentMs();
        if (silentMs <= this.#limitMs) return this.#watch();
        this.#fell(silentMs);
      });
    });
  }

  #silentMs(): number {
    return this.#clock.monotonic() - this.#heard;
  }
}
