import { UsageError } from "../exit.ts";

const WRITE = 2;
const READ = 4;

/** What may be done with queues: RW, R, W or none. */
export function permText(perm: number): string {
  return (perm & READ ? "R" : "") + (perm & WRITE ? "W" : "") || "none";
}

/** Reads R, W, RW, none, or Java's number. @throws {UsageError} */
export function permOf(text: string): number {
  const known: Readonly<Record<string, number>> = { r: 4, w: 2, rw: 6, none: 0 };
  if (/^[0246]$/.test(text)) return Number(text);
  const perm = known[text.toLowerCase()];
  if (perm !== undefined) return perm;
  throw new UsageError(`permission is "${text}", it must be RW, R, W or none, or 6, 4, 2 or 0`);
}
