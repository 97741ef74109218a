import { readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";

/** Where the commit log below a store folder ends: behind its last byte that is not zero, as no record ends with one. */
export function logEnd(storeDir: string): number {
  let end = 0;
  for (const { name, path } of logFiles(storeDir)) {
    const last = readFileSync(path).findLastIndex((byte) => byte !== 0);
    if (last >= 0) end = Number(name) + last + 1;
  }
  return end;
}

/**
 * Takes the bytes from `end` on out of the commit log below a store folder, as a power cut does that comes
 * before a flush: there are zeros instead, and no later file.
 */
export function loseTail(storeDir: string, end: number): void {
  for (const { name, path } of logFiles(storeDir)) {
    const bytes = readFileSync(path).length;
    const kept = end - Number(name);
    if (kept >= bytes) continue;
    if (kept <= 0 && Number(name) > 0) rmSync(path);
    else {
      truncateSync(path, Math.max(0, kept));
      truncateSync(path, bytes);
    }
  }
}

function logFiles(storeDir: string): { name: string; path: string }[] {
  const folder = join(storeDir, "commitlog");
  return readdirSync(folder).sort().map((name) => ({ name, path: join(folder, name) }));
}
