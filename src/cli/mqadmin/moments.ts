import { UsageError } from "../exit.ts";
import { localTime } from "./print.ts";

/** What a flag that takes a time may be. */
export const MOMENT = "ms since 1970 or 2026-01-31#12:00:00:000";

const DATE = /^(\d{4})-(\d\d)-(\d\d)#(\d\d):(\d\d):(\d\d):(\d{3})$/;

/** A moment as mqadmin's flags take it, in ms since 1970. @throws {UsageError} */
export function momentOf(flag: string, text: string): number {
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  const [year, month, ...rest] = (DATE.exec(text) ?? []).slice(1).map(Number);
  if (year === undefined) {
    throw new UsageError(`${flag} is "${text}", it must be ${MOMENT} by this machine's clock`);
  }
  const [day, hour, minute, second, ms] = rest;
  return new Date(year, month - 1, day, hour, minute, second, ms).getTime();
}

/** A moment to the second, as mqadmin's tables have it; empty for none. */
export function secondText(ms: number): string {
  return ms > 0 ? localTime(ms).slice(0, "2026-01-31 12:00:00".length) : "";
}
