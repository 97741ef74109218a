import { FieldError } from "../base/errors.ts";
import type { ExtFields } from "./command.ts";

const MINUS = 0x2d;
const ZERO = 0x30;
const INT64_DIGITS = 19;
const INT32 = "a 32-bit whole number";
const INT64 = "a whole number";

/** The one place where header text becomes numbers and flags. An empty value counts as missing, as in Java. */
export class Fields {
  readonly #ext: ExtFields;
  constructor(ext: ExtFields) {
    this.#ext = ext;
  }

  /** The text of a field, or undefined. */
  optional(name: string): string | undefined {
    return this.#ext[name] || undefined;
  }

  /** @throws {FieldError} when it is missing. */
  text(name: string): string {
    return textField(name, this.#ext[name]);
  }

  /** A whole number from -2^31 to 2^31 - 1. @throws {FieldError} */
  int32(name: string): number {
    return int32Field(name, this.#ext[name]);
  }

  optionalInt32(name: string, otherwise: number): number {
    const value = this.optional(name);
    return value === undefined ? otherwise : int32Field(name, value);
  }

  /** A 64-bit whole number, clamped to the safe integers: clients send 2^63 - 1 for "no bound". @throws {FieldError} */
  int64(name: string): number {
    return int64Field(name, this.#ext[name]);
  }

  optionalInt64(name: string, otherwise: number): number {
    const value = this.optional(name);
    return value === undefined ? otherwise : int64Field(name, value);
  }

  /** "true" in any case is true, all else is false, as in Java. */
  flag(name: string): boolean {
    return flagField(this.#ext[name]);
  }
}

/** A text that must be there. For parsers on the hot path, which read each field by a name known to the compiler. */
export function textField(name: string, value: string | undefined): string {
  if (value) return value;
  throw new FieldError(name, undefined, "text");
}

/** A 32-bit number that must be there. @throws {FieldError} */
export function int32Field(name: string, value: string | undefined): number {
  if (!value) throw new FieldError(name, undefined, INT32);
  const number = wholeOf(value);
  if ((number | 0) !== number) throw new FieldError(name, value, INT32);
  return number;
}

/** A 64-bit number that must be there, clamped to the safe integers. @throws {FieldError} */
export function int64Field(name: string, value: string | undefined): number {
  if (!value) throw new FieldError(name, undefined, INT64);
  const number = wholeOf(value);
  if (Number.isSafeInteger(number)) return number;
  if (Number.isNaN(number)) throw new FieldError(name, value, INT64);
  return number < 0 ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER;
}

/** What Java makes of the text of a boolean. */
export function flagField(value: string | undefined): boolean {
  if (value === undefined || value === "false") return false;
  return value === "true" || value.toLowerCase() === "true";
}

/**
 * The number that a text of digits is, or NaN. A send has seven numbers: adding up the digits takes a tenth of
 * the time of a regular expression and Number().
 */
function wholeOf(text: string): number {
  const first = text.charCodeAt(0) === MINUS ? 1 : 0;
  const digits = text.length - first;
  if (digits < 1 || digits > INT64_DIGITS) return NaN;
  let number = 0; // exact up to 2^53, and whoever asks clamps what is beyond
  for (let i = first; i < text.length; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9) return NaN;
    number = number * 10 + digit;
  }
  return first === 1 ? 0 - number : number;
}
