/**
 * A number of an expression. Whole ones are compared exactly: `high * 1e9 + low`, both with the number's sign,
 * both exact as a JavaScript number.
 */
export interface SqlNumber {
  /** What a text must fit that is compared with it; 0 is a fraction. */
  readonly bits: 0 | 32 | 64;
  readonly high: number;
  readonly low: number;
  readonly value: number;
}

const LOW_DIGITS = 9;
/** 2^63 - 1 in the two parts. */
const HIGH_MAX = 9_223_372_036;
const LOW_MAX = 854_775_807;
const INT32_MAX = 2 ** 31 - 1;

/** A fraction, also one that a JavaScript number holds as a whole. */
export function fraction(value: number): SqlNumber {
  return { bits: 0, high: 0, low: 0, value };
}

/** The same number with the other sign. */
export function negative({ bits, high, low, value }: SqlNumber): SqlNumber {
  return { bits, high: -high, low: -low, value: -value };
}

const ZERO = 0x30;
const PLUS = 0x2b;
const MINUS = 0x2d;

/** What `parseWhole` read last; a number a message would be garbage. */
export const whole = { high: 0, low: 0 };

/**
 * Reads digits with an optional sign into `whole`; false when they are none or do not fit. Source: Long.valueOf,
 * Integer.valueOf.
 */
export function parseWhole(text: string, bits: 32 | 64): boolean {
  const sign = text.charCodeAt(0);
  let at = sign === PLUS || sign === MINUS ? 1 : 0;
  if (at === text.length) return false;
  while (at < text.length - 1 && text.charCodeAt(at) === ZERO) at++;
  const digits = text.length - at;
  if (digits > 19) return false;
  const split = Math.max(at, text.length - LOW_DIGITS);
  const high = digitsOf(text, at, split);
  const low = digitsOf(text, split, text.length);
  if (high < 0 || low < 0) return false;
  const isNegative = sign === MINUS;
  if (high > HIGH_MAX || (high === HIGH_MAX && low > LOW_MAX + (isNegative ? 1 : 0))) return false;
  whole.high = isNegative ? -high : high;
  whole.low = isNegative ? -low : low;
  return bits === 64 || high * 1e9 + low <= INT32_MAX + (isNegative ? 1 : 0);
}

/** A whole number as an expression has it; undefined when it is too large. */
export function wholeNumber(text: string): SqlNumber | undefined {
  if (!parseWhole(text, 64)) return undefined;
  const value = Number(text);
  return { bits: value <= INT32_MAX ? 32 : 64, high: whole.high, low: whole.low, value };
}

function digitsOf(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const HEX = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?\d+)$/;

/** The fraction that a text is, or undefined. NaN is a number here. Source: Double.valueOf. */
export function parseFraction(text: string): number | undefined {
  const plain = Number(text);
  if (plain === plain && DECIMAL.test(text)) return plain;
  const trimmed = text.replace(/^[\0- ]+|[\0- ]+$/g, "");
  const bare = /[\d.][fFdD]$/.test(trimmed) ? trimmed.slice(0, -1) : trimmed;
  if (DECIMAL.test(bare)) return Number(bare);
  if (/^[+-]?NaN$/.test(bare)) return NaN;
  return /^[+-]?Infinity$/.test(bare) ? Number(bare) : hexFraction(bare);
}

function hexFraction(text: string): number | undefined {
  const [, sign, before, after, power] = HEX.exec(text) ?? [];
  if (sign === undefined || before + after === "") return undefined;
  const value = Number(`0x${before}${after}`) * 2 ** (Number(power) - 4 * after.length);
  return sign === "-" ? -value : value;
}

/**
 * Below, at or above 0 as `a` is less than, equal to or greater than `b`; -0 is less than 0, NaN is greater than
 * all else. Source: Double.compareTo.
 */
export function compareFractions(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b && a !== 0) return 0;
  return rank(a) - rank(b);
}

function rank(value: number): number {
  if (value !== value) return 2;
  return Object.is(value, -0) ? 0 : 1;
}

/** The same for whole numbers in two parts. */
export function compareWholes(
  aHigh: number,
  aLow: number,
  bHigh: number,
  bLow: number,
): number {
  return aHigh - bHigh || aLow - bLow;
}
