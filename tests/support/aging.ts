import { readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";

/** A broker that removes what is expired at any hour, and soon. */
export const AGING: Readonly<Record<string, string>> = {
  deleteWhen: Array.from({ length: 24 }, (_, hour) => hour).join(";"),
  fileReservedTime: "1",
  cleanResourceInterval: "200",
  deleteCommitLogFilesInterval: "10",
};

/** The same, as flags. */
export const AGING_FLAGS: readonly string[] = Object.entries(AGING).flatMap(([key, value]) => [
  `--${key}`,
  value,
]);

/** Makes the first files of a store's log as old as if their last message had come days ago. */
export function expireFiles(dir: string, count: number): void {
  const days = Date.now() / 1000 - 100 * 3600;
  for (const name of logFiles(dir).slice(0, count)) {
    utimesSync(join(dir, "commitlog", name), days, days);
  }
}

/** The files of a store's log, the oldest first. */
export function logFiles(dir: string): string[] {
  return readdirSync(join(dir, "commitlog")).sort();
}
