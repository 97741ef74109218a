import { utf8 } from "../base/bytes.ts";

/**
 * Java gives each subscription some bits of a bitmap, from a hash of "group#topic". A Java broker that starts on
 * our tables ignores them all unless these are there and as many as it would make itself. With its defaults, 32
 * groups a topic at one false match in five, a bitmap has 112 bits, 3 of them a subscription's.
 * Sources: BloomFilter, ConsumerFilterManager.
 */
export const BITMAP_BITS = 112;
const BITS_OF_ONE = 3;

/** The bits of a subscription. */
export function bitsOf(group: string, topic: string): number[] {
  const [high, low] = murmur(utf8(`${group}#${topic}`));
  return Array.from({ length: BITS_OF_ONE }, (_, i) => {
    const hash = (low + Math.imul(i + 1, high)) | 0;
    return (hash < 0 ? ~hash : hash) % BITMAP_BITS;
  });
}

/** A 64-bit word as its upper and lower half, each an int32. */
type Word = readonly [high: number, low: number];

const C1: Word = [0x87c37b91 | 0, 0x114253d5];
const C2: Word = [0x4cf5ad43, 0x2745937f];
const N1: Word = [0, 0x52dce729];
const N2: Word = [0, 0x38495ab5];
const F1: Word = [0xff51afd7 | 0, 0xed558ccd | 0];
const F2: Word = [0xc4ceb9fe | 0, 0x1a85ec53];

/** The first half of MurmurHash3's x64 variant with 128 bits, seed 0. */
function murmur(bytes: Uint8Array): Word {
  let [h1, h2]: [Word, Word] = [[0, 0], [0, 0]];
  const whole = bytes.length - bytes.length % 16;
  for (let at = 0; at < whole; at += 16) {
    h1 = xor(h1, mixed(wordAt(bytes, at), C1, 31, C2));
    h1 = add(times5(add(rotated(h1, 27), h2)), N1);
    h2 = xor(h2, mixed(wordAt(bytes, at + 8), C2, 33, C1));
    h2 = add(times5(add(rotated(h2, 31), h1)), N2);
  }
  h2 = xor(h2, mixed(wordAt(bytes, whole + 8), C2, 33, C1)); // what is not there counts as zeros
  h1 = xor(h1, mixed(wordAt(bytes, whole), C1, 31, C2));
  const length: Word = [0, bytes.length];
  h1 = xor(h1, length);
  h2 = xor(h2, length);
  h1 = add(h1, h2);
  h2 = add(h2, h1);
  return add(final(h1), final(h2));
}

function mixed(word: Word, first: Word, rotation: number, second: Word): Word {
  return multiplied(rotated(multiplied(word, first), rotation), second);
}

function final(word: Word): Word {
  for (const factor of [F1, F2]) word = multiplied(xor(word, [0, word[0] >>> 1]), factor);
  return xor(word, [0, word[0] >>> 1]);
}

function wordAt(bytes: Uint8Array, at: number): Word {
  return [halfAt(bytes, at + 4), halfAt(bytes, at)];
}

function halfAt(bytes: Uint8Array, at: number): number {
  let half = 0;
  for (let i = 3; i >= 0; i--) half = (half << 8) | (bytes[at + i] ?? 0);
  return half;
}

function times5(word: Word): Word {
  return multiplied(word, [0, 5]);
}

function xor([a, b]: Word, [c, d]: Word): Word {
  return [a ^ c, b ^ d];
}

function add([a, b]: Word, [c, d]: Word): Word {
  const low = (b >>> 0) + (d >>> 0);
  return [(a + c + (low > 0xffffffff ? 1 : 0)) | 0, low | 0];
}

/** To the left, by 1 to 63 bits but 32. */
function rotated([high, low]: Word, bits: number): Word {
  if (bits > 32) [high, low, bits] = [low, high, bits - 32];
  return [(high << bits) | (low >>> (32 - bits)), (low << bits) | (high >>> (32 - bits))];
}

function multiplied([a, b]: Word, [c, d]: Word): Word {
  return [(upperHalf(b, d) + Math.imul(a, d) + Math.imul(b, c)) | 0, Math.imul(b, d)];
}

/** The upper 32 bits of the product of two unsigned halves. */
function upperHalf(a: number, b: number): number {
  const [a1, a0, b1, b0] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const middle = a1 * b0 + Math.floor(a0 * b0 / 65536);
  const other = a0 * b1 + middle % 65536;
  return a1 * b1 + Math.floor(middle / 65536) + Math.floor(other / 65536);
}
