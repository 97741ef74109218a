import { viewOf } from "../base/bytes.ts";

/** A batch of sends is smaller; one that is not makes the buffer grow until it was written. */
const SLAB_BYTES = 1024 * 1024;

/**
 * Records that were put in order and not yet written, back to back as they will lie in the log. Where the
 * log goes on in its next file is a cut: the filler before it is not here.
 */
export class Stage {
  #bytes = new Uint8Array(SLAB_BYTES);
  #view = viewOf(this.#bytes);
  /** Bytes staged. */
  length = 0;
  /** Places in `bytes` whose byte is the first of a next file. */
  readonly cuts: number[] = [];

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get view(): DataView {
    return this.#view;
  }

  /** Makes room for `n` more bytes behind what is staged. */
  reserve(n: number): void {
    const needed = this.length + n;
    if (needed > this.#bytes.length) this.#resize(Math.max(needed, 2 * this.#bytes.length));
  }

  clear(): void {
    this.length = 0;
    this.cuts.length = 0;
    if (this.#bytes.length > 16 * SLAB_BYTES) this.#resize(SLAB_BYTES);
  }

  #resize(size: number): void {
    const bytes = new Uint8Array(size);
    bytes.set(this.#bytes.subarray(0, this.length));
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }
}
