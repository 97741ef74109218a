import { durationMs } from "../base/duration.ts";
import { UsageError } from "./exit.ts";

/** A moment, in ms since 1970: such a number, a date, or how long before `now` as in 10m. @throws {UsageError} */
export function timeOf(text: string, now: number): number {
  const ago = durationMs(text);
  if (ago !== undefined) return now - ago;
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  const time = /^[0-9]{4}-/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time)) {
    throw new UsageError(
      `"${text}" is no time; it must be like 2026-01-31T12:00:00Z, ms since 1970, or 10m, 2h, 1d ago`,
    );
  }
  return time;
}
