import { WireError } from "../../base/errors.ts";
import { FRAME_BYTES_MAX } from "../../wire/frame.ts";

const QUOTE = 0x22;
const COLON = 0x3a;
const SPACE = 0x20;
const ZERO = 0x30;
const MINUS = 0x2d;
const HEADER_AT = 4;
/** Letters that begin the two names looked for, and the one that tells "opaque" from other names. */
const C = 0x63;
const O = 0x6f;
const D = 0x64;
const E = 0x65;
const P = 0x70;
const A = 0x61;
const Q = 0x71;

/** One answer: its code, and which request it answers. The frame lies in `bytes` from `at`, its length word excluded. */
export type TakeAnswer = (
  code: number,
  opaque: number,
  bytes: Uint8Array,
  at: number,
  end: number,
) => void;

/**
 * Finds code and opaque of answers with a JSON header in the bytes that arrive. Nothing is made for an answer: a
 * load generator that parses each costs as much as the broker it measures.
 */
export class AnswerScan {
  readonly #take: TakeAnswer;
  #held: Uint8Array = new Uint8Array(256); // the first bytes of a frame that was split between reads
  #count = 0;

  constructor(take: TakeAnswer) {
    this.#take = take;
  }

  /** Takes what one read brought, which may be written to again afterwards. @throws {WireError} */
  push(chunk: Uint8Array): void {
    let at = this.#count > 0 ? this.#join(chunk) : 0;
    while (chunk.length - at >= 4) {
      const end = at + 4 + lengthAt(chunk, at);
      if (end > chunk.length) break;
      this.#answer(chunk, at + 4, end);
      at = end;
    }
    if (at < chunk.length) this.#hold(chunk, at, chunk.length);
  }

  /** Completes the frame that was split; gives where the next begins. */
  #join(chunk: Uint8Array): number {
    let at = 0;
    if (this.#count < 4) {
      at = Math.min(4 - this.#count, chunk.length);
      this.#hold(chunk, 0, at);
      if (this.#count < 4) return at;
    }
    const size = 4 + lengthAt(this.#held, 0);
    const end = Math.min(chunk.length, at + size - this.#count);
    this.#hold(chunk, at, end);
    if (this.#count === size) {
      this.#count = 0;
      this.#answer(this.#held, 4, size);
    }
    return end;
  }

  #hold(chunk: Uint8Array, from: number, to: number): void {
    const needed = this.#count + to - from;
    if (needed > this.#held.length) {
      const larger = new Uint8Array(2 * needed);
      larger.set(this.#held.subarray(0, this.#count));
      this.#held = larger;
    }
    this.#held.set(chunk.subarray(from, to), this.#count);
    this.#count = needed;
  }

  #answer(bytes: Uint8Array, at: number, end: number): void {
    if (bytes[at] !== 0) throw new WireError(`answer with a header of type ${bytes[at]}, not JSON`);
    const headerEnd = at + HEADER_AT + (bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3]);
    if (headerEnd > end) throw new WireError("answer with a header longer than its frame");
    const code = codeIn(bytes, at + HEADER_AT, headerEnd);
    const opaque = opaqueIn(bytes, at + HEADER_AT, headerEnd);
    this.#take(code, opaque, bytes, at, end);
  }
}

function lengthAt(bytes: Uint8Array, at: number): number {
  const length = bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
  if (length >= HEADER_AT && length <= FRAME_BYTES_MAX) return length;
  throw new WireError(`frame of ${length} bytes, at most ${FRAME_BYTES_MAX}`);
}

// A quote inside a text has a backslash before it, so a name in quotes with a colon behind it is a name.

/** The number behind `"code":`. */
function codeIn(bytes: Uint8Array, from: number, to: number): number {
  for (let i = from; i < to - 7; i++) {
    if (
      bytes[i] === QUOTE && bytes[i + 1] === C && bytes[i + 2] === O && bytes[i + 3] === D &&
      bytes[i + 4] === E && bytes[i + 5] === QUOTE && bytes[i + 6] === COLON
    ) return numberAt(bytes, i + 7, to);
  }
  throw new WireError("answer without a code");
}

/** The number behind `"opaque":`. */
function opaqueIn(bytes: Uint8Array, from: number, to: number): number {
  for (let i = from + 4; i < to - 5; i++) {
    if (
      bytes[i] === Q && bytes[i - 1] === A && bytes[i - 2] === P && bytes[i - 3] === O &&
      bytes[i - 4] === QUOTE && bytes[i + 3] === QUOTE && bytes[i + 4] === COLON
    ) return numberAt(bytes, i + 5, to);
  }
  throw new WireError("answer without an opaque");
}

function numberAt(bytes: Uint8Array, at: number, to: number): number {
  while (bytes[at] === SPACE) at++;
  const negative = bytes[at] === MINUS;
  if (negative) at++;
  let value = 0;
  for (; at < to; at++) {
    const digit = bytes[at] - ZERO;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}
