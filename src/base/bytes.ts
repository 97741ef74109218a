import { invariant } from "./errors.ts";

const TWO_32 = 4294967296;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** A view for reading and writing numbers in `bytes`; make one a buffer, not one a record. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * A big-endian int64 as a number. Two 32-bit reads cost a fifth of a BigInt. Exact within 2^53; beyond it
 * the nearest double, which callers refuse by range.
 */
export function readInt64(view: DataView, at: number): number {
  return view.getInt32(at) * TWO_32 + view.getUint32(at + 4);
}

/**
 * Writes a safe integer as big-endian int64. Both halves are made int32 first: a double would leave an
 * engine's fast path.
 */
export function writeInt64(view: DataView, at: number, value: number): void {
  view.setInt32(at, Math.floor(value / TWO_32) | 0);
  view.setInt32(at + 4, value | 0); // modulo 2^32, also for what is beyond int32
}

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of UTF-8 bytes; what is not UTF-8 becomes U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Lower-case hex digits of the bytes. */
export function hexOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** Bytes of hex digits; spaces are skipped. */
export function bytesOfHex(hex: string): Uint8Array {
  const digits = hex.replace(/\s+/g, "");
  invariant(
    digits.length % 2 === 0 && /^[0-9a-f]*$/i.test(digits),
    "hex has an even number of digits",
  );
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** One array that holds all the parts in order. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** True when both hold the same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/**
 * Bytes as they arrive, taken off in pieces of any size. A piece that lies within one chunk is a view of
 * it; only a piece that spans chunks is copied, once.
 */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  #first = 0; // chunks before it are used up
  #at = 0; // position in the first chunk
  #length = 0;

  /** Bytes that wait. */
  get length(): number {
    return this.#length;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** The big-endian int32 `skip` bytes in; the caller made sure that 4 bytes are there. */
  peekInt32(skip = 0): number {
    const chunk = this.#chunks[this.#first];
    const at = this.#at + skip;
    if (at + 4 <= chunk.length) {
      return (chunk[at] << 24) | (chunk[at + 1] << 16) | (chunk[at + 2] << 8) | chunk[at + 3];
    }
    let value = 0;
    for (let i = 0; i < 4; i++) value = (value << 8) | this.#peekByte(skip + i);
    return value;
  }

  /** Takes the next `n` bytes; the caller made sure that they are there. */
  take(n: number): Uint8Array {
    invariant(n <= this.#length, "a queue gives only what it holds");
    if (n === 0) return new Uint8Array(0);
    const chunk = this.#chunks[this.#first];
    const end = this.#at + n;
    this.#length -= n;
    if (end <= chunk.length) {
      const piece = chunk.subarray(this.#at, end);
      if (end === chunk.length) this.#dropFirst();
      else this.#at = end;
      return piece;
    }
    const whole = new Uint8Array(n);
    for (let filled = 0; filled < n;) {
      const from = this.#chunks[this.#first];
      const count = Math.min(from.length - this.#at, n - filled);
      whole.set(from.subarray(this.#at, this.#at + count), filled);
      filled += count;
      if (this.#at + count === from.length) this.#dropFirst();
      else this.#at += count;
    }
    return whole;
  }

  #peekByte(skip: number): number {
    let at = this.#at + skip;
    for (let i = this.#first;; i++) {
      const chunk = this.#chunks[i];
      if (at < chunk.length) return chunk[at];
      at -= chunk.length;
    }
  }

  #dropFirst(): void {
    this.#at = 0;
    this.#first++;
    if (this.#first === this.#chunks.length) {
      this.#chunks.length = 0;
      this.#first = 0;
    } else if (this.#first >= 64) {
      this.#chunks.splice(0, this.#first);
      this.#first = 0;
    }
  }
}

/**
 * Where frames to be sent are put together. What was taken stays valid: its bytes are never written again,
 * so it can be on its way to a socket while the next is being filled.
 */
export class Outbox {
  #slab = new Uint8Array(0); // made when it is first needed: most connections are idle
  #view: DataView = viewOf(this.#slab);
  #start = 0; // of what was not taken yet
  #end = 0;
  readonly #slabBytes: number;

  constructor(slabBytes = 64 * 1024) {
    this.#slabBytes = slabBytes;
  }

  /** Bytes put in and not taken yet. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Makes room for at least `n` more bytes; then `slab`, `view` and `at` say where to write them. */
  reserve(n: number): void {
    if (this.#slab.length - this.#end >= n) return;
    const pending = this.#slab.subarray(this.#start, this.#end);
    const slab = new Uint8Array(Math.max(this.#slabBytes, 2 * (pending.length + n)));
    slab.set(pending);
    this.#slab = slab;
    this.#view = viewOf(slab);
    this.#start = 0;
    this.#end = pending.length;
  }

  get slab(): Uint8Array {
    return this.#slab;
  }

  get view(): DataView {
    return this.#view;
  }

  /** Position in `slab` behind the last byte put in. */
  get at(): number {
    return this.#end;
  }

  /** Counts `n` bytes written at `at` as put in. */
  advance(n: number): void {
    invariant(this.#end + n <= this.#slab.length, "an outbox is not overrun");
    this.#end += n;
  }

  put(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.#slab.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Takes back the last `n` bytes put in. */
  takeBack(n: number): void {
    invariant(n <= this.length, "only what was not taken can be taken back");
    this.#end -= n;
  }

  /** Takes all that was put in. */
  take(): Uint8Array {
    const taken = this.#slab.subarray(this.#start, this.#end);
    this.#start = this.#end;
    return taken;
  }
}
