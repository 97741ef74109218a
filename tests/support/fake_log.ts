import { invariant } from "../../src/base/errors.ts";

/** A commit log in memory, for tests of what replicates one. Flushed and dispatched as tests say. */
export class FakeLog {
  readonly fileBytes: number;
  minOffset: number;
  #bytes: Uint8Array;
  #tail: number;
  #durable: number;
  readonly #movers = new Set<(tail: number) => void>();
  #waiting: { end: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  /** True: everything is durable as soon as it is written. */
  autoFlush = true;
  /** Thrown by the next appends when set. */
  appendFails: Error | undefined;
  /** Every append: where and how many bytes. */
  readonly appends: { logOffset: number; length: number }[] = [];

  constructor(fileBytes: number, { start = 0, capacity = 1 << 20 } = {}) {
    this.fileBytes = fileBytes;
    this.minOffset = start;
    this.#tail = start;
    this.#durable = start;
    this.#bytes = new Uint8Array(capacity);
  }

  get tail(): number {
    return this.#tail;
  }

  get durable(): number {
    return this.#durable;
  }

  /** All bytes from `minOffset` to the tail. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(this.minOffset, this.#tail);
  }

  available(logOffset: number): number {
    if (logOffset < this.minOffset || logOffset > this.#tail) return -1;
    const fileEnd = logOffset - logOffset % this.fileBytes + this.fileBytes;
    return Math.min(this.#tail, fileEnd) - logOffset;
  }

  readAt(logOffset: number, into: Uint8Array): number {
    const n = Math.min(Math.max(0, this.available(logOffset)), into.length);
    into.set(this.#bytes.subarray(logOffset, logOffset + n));
    return n;
  }

  onMoved(fn: (tail: number) => void): () => void {
    this.#movers.add(fn);
    return () => this.#movers.delete(fn);
  }

  /** Listeners that were not taken back. */
  get movers(): number {
    return this.#movers.size;
  }

  /** A master's own commit of any bytes, over file ends too. */
  commit(bytes: Uint8Array): void {
    this.#write(bytes);
  }

  /** What `Store.appendRaw` promises. */
  appendRaw(logOffset: number, bytes: Uint8Array): void {
    if (this.appendFails) throw this.appendFails;
    this.appends.push({ logOffset, length: bytes.length });
    if (this.#tail === 0 && logOffset > 0) {
      invariant(logOffset % this.fileBytes === 0, "an empty log begins at a file start");
      this.minOffset = this.#tail = this.#durable = logOffset;
    }
    invariant(logOffset === this.#tail, `bytes for ${logOffset}, the tail is ${this.#tail}`);
    invariant(
      logOffset % this.fileBytes + bytes.length <= this.fileBytes,
      "an append never crosses a file end",
    );
    this.#write(bytes);
  }

  reached(logOffset: number): Promise<void> {
    if (this.#durable >= logOffset) return Promise.resolve();
    return new Promise((resolve, reject) =>
      this.#waiting.push({ end: logOffset, resolve, reject })
    );
  }

  /** fdatasync returned. */
  flush(): void {
    this.#durable = this.#tail;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) one.end <= this.#durable ? one.resolve() : this.#waiting.push(one);
  }

  /** fdatasync failed. */
  failFlush(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) one.reject(error);
  }

  /** Forgets what lies behind `end`, as recovery after a kill does. */
  cut(end: number): void {
    this.#tail = end;
    this.#durable = Math.min(this.#durable, end);
  }

  /** Forgets everything. */
  reset(): void {
    this.minOffset = this.#tail = this.#durable = 0;
  }

  #write(bytes: Uint8Array): void {
    while (this.#tail + bytes.length > this.#bytes.length) {
      const more = new Uint8Array(2 * this.#bytes.length);
      more.set(this.#bytes);
      this.#bytes = more;
    }
    this.#bytes.set(bytes, this.#tail);
    this.#tail += bytes.length;
    if (this.autoFlush) this.#durable = this.#tail;
    for (const fn of this.#movers) fn(this.#tail);
  }
}

/** A `FakeLog` as the store of a slave. */
export function fakeStore(log: FakeLog) {
  return {
    log,
    flush: { reached: (logOffset: number) => log.reached(logOffset) },
    appendRaw: (logOffset: number, bytes: Uint8Array) => log.appendRaw(logOffset, bytes),
    derive: (logOffset: number, bytes: Uint8Array) => logOffset + bytes.length,
    cut: (logOffset: number) => Promise.resolve(log.cut(logOffset)),
    reset: () => Promise.resolve(log.reset()),
  };
}

/** Bytes that differ everywhere, so that a shift of one shows. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed | 1;
  for (let i = 0; i < length; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + i | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
