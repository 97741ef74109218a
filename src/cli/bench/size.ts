import { UsageError } from "../exit.ts";

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 * 1024 };

/** Bytes in a text like 512, 4K or 1M. @throws {UsageError} naming the flag. */
export function sizeOf(flag: string, text: string): number {
  const [, digits, unit] = /^([0-9]{1,9})([KM]?)i?B?$/i.exec(text) ?? [];
  if (digits !== undefined) return Number(digits) * UNITS[unit.toUpperCase()];
  throw new UsageError(`--${flag} is "${text}", it must be bytes like 512, 4K or 1M`);
}

/** The value of a flag that must lie within bounds. @throws {UsageError} */
export function within(flag: string, value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  throw new UsageError(`--${flag} is ${value}, it must be ${least} to ${most}`);
}
