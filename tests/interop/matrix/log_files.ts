import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const BLANK_MAGIC = 0xcbd43194;

/** Removes the oldest file of the log below a store folder; gives where the log begins then. */
export function removeFirstFile(storeFolder: string): number {
  const folder = join(storeFolder, "commitlog");
  const [first, second] = fileNames(folder).sort();
  rmSync(join(folder, first));
  return Number(second);
}

/** Log offsets at which a message record or a file begins or ends, read from the log below a store folder. */
export function recordBounds(storeFolder: string): Set<number> {
  const bounds = new Set<number>();
  const folder = join(storeFolder, "commitlog");
  for (const name of fileNames(folder)) {
    const bytes = readFileSync(join(folder, name));
    const begin = Number(name);
    bounds.add(begin).add(begin + bytes.length);
    for (let at = 0; at + 8 <= bytes.length;) {
      const size = bytes.readInt32BE(at);
      if (size <= 0 || bytes.readUInt32BE(at + 4) === BLANK_MAGIC) break;
      bounds.add(at + begin);
      at += size;
      bounds.add(at + begin);
    }
  }
  return bounds;
}

function fileNames(folder: string): string[] {
  return readdirSync(folder).filter((name) => /^\d{20}$/.test(name));
}
