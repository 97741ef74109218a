import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const BLANK_MAGIC = 0xcbd43194;

/** Log offsets at which a message record or a file begins or ends, read from the log below a store folder. */
export function recordBounds(storeFolder: string): Set<number> {
  const bounds = new Set<number>();
  const folder = join(storeFolder, "commitlog");
  for (const name of readdirSync(folder).filter((one) => /^\d{20}$/.test(one))) {
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
