/** The most one read takes: with two or three buffers in use all of them stay in the processor's cache. */
export const READ_BYTES_MAX = 256 * 1024;

/** More than a reader has at a time; what it never gives back is left to the garbage collector. */
const LENT_MAX = 8;

/** The same few buffers for all reads of a connection whose reader gives them back. */
export class ReadBuffers {
  readonly #spare: Uint8Array[] = [];
  readonly #lent = new Set<ArrayBufferLike>();

  /** One to read into; a part of it may go to the reader. */
  take(): Uint8Array {
    if (this.#lent.size >= LENT_MAX) this.#lent.clear();
    const buffer = this.#spare.pop() ?? new Uint8Array(READ_BYTES_MAX);
    this.#lent.add(buffer.buffer);
    return buffer;
  }

  /** The reader is done with a chunk. One that came from elsewhere is no concern of ours. */
  giveBack({ buffer }: Uint8Array): void {
    if (this.#lent.delete(buffer)) this.#spare.push(new Uint8Array(buffer as ArrayBuffer));
  }
}
