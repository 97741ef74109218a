import { FieldError } from "../base/errors.ts";
import type { ExtFields } from "./command.ts";

const WHOLE = /^-?\d{1,19}$/;

/** The one place where header text becomes numbers and flags. An empty value counts as missing, as in Java. */
export class Fields {
  readonly #ext: ExtFields;
  constructor(ext: ExtFields) {
    this.#ext = ext;
  }

  /** The text of a field, or undefined. */
  optional(name: string): string | undefined {
    const value = this.#ext[name];
    return value === undefined || value === "" ? undefined : value;
  }

  /** @throws {FieldError} when it is missing. */
  text(name: string): string {
    return this.optional(name) ?? missing(name, "text");
  }

  /** A whole number from -2^31 to 2^31 - 1. @throws {FieldError} */
  int32(name: string): number {
    return int32(name, this.optional(name) ?? missing(name, "a 32-bit whole number"));
  }

  optionalInt32(name: string, otherwise: number): number {
    const value = this.optional(name);
    return value === undefined ? otherwise : int32(name, value);
  }

  /** A 64-bit whole number, clamped to the safe integers: clients send 2^63 - 1 for "no bound". @throws {FieldError} */
  int64(name: string): number {
    return int64(name, this.optional(name) ?? missing(name, "a whole number"));
  }

  optionalInt64(name: string, otherwise: number): number {
    const value = this.optional(name);
    return value === undefined ? otherwise : int64(name, value);
  }

  /** "true" in any case is true, all else is false, as in Java. */
  flag(name: string): boolean {
    return this.#ext[name]?.toLowerCase() === "true";
  }
}

function missing(name: string, wanted: string): never {
  throw new FieldError(name, undefined, wanted);
}

function int32(name: string, value: string): number {
  const number = Number(value);
  if ((number | 0) !== number || !WHOLE.test(value)) {
    throw new FieldError(name, value, "a 32-bit whole number");
  }
  return number;
}

function int64(name: string, value: string): number {
  if (!WHOLE.test(value)) throw new FieldError(name, value, "a whole number");
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value)));
}
