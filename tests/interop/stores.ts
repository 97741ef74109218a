import { Buffer } from "node:buffer";
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";

const CHUNK = 1024 * 1024;
const ZEROS = new Uint8Array(CHUNK);

/** Two folders side by side. */
export interface Comparison {
  /** The first place where they differ. */
  readonly difference: string | undefined;
  /** Chunks that hold anything: proof that there was something to compare. */
  readonly chunks: number;
}

/**
 * Compares the files of two folders byte by byte. What a file lacks counts as zeros, because a broker may have
 * made its next file ahead. `wanted` says which files count, by their paths from the folder.
 */
export function compareFolders(
  one: string,
  other: string,
  wanted: (name: string) => boolean = () => true,
): Comparison {
  let chunks = 0;
  const names = [...filesBelow(one), ...filesBelow(other)].filter(wanted);
  for (const name of new Set(names.sort())) {
    using a = open(join(one, name));
    using b = open(join(other, name));
    for (let at = 0; at < Math.max(a.size, b.size); at += CHUNK) {
      const left = a.read(at);
      const right = b.read(at);
      if (Buffer.compare(left, ZEROS) !== 0) chunks++;
      if (Buffer.compare(left, right) === 0) continue;
      const differs = left.findIndex((byte, i) => byte !== right[i]);
      return { difference: `${name} at byte ${at + differs}`, chunks };
    }
  }
  return { difference: undefined, chunks };
}

/** Files below the folder, as paths from it. */
function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

interface ZeroFilled extends Disposable {
  readonly size: number;
  read(at: number): Uint8Array;
}

function open(path: string): ZeroFilled {
  const descriptor = existsSync(path) ? openSync(path, "r") : undefined;
  const bytes = new Uint8Array(CHUNK);
  return {
    size: descriptor === undefined ? 0 : fstatSync(descriptor).size,
    read(at) {
      const got = descriptor === undefined ? 0 : readSync(descriptor, bytes, 0, CHUNK, at);
      return bytes.fill(0, got);
    },
    [Symbol.dispose]: () => void (descriptor !== undefined && closeSync(descriptor)),
  };
}
