import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";

const CHUNK = 1024 * 1024;

/** Files below the folder, as paths from it. */
function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/**
 * Where two folders first differ, or undefined. Files are compared byte by byte; what a file lacks counts as
 * zeros, because a broker may have made its next file ahead.
 */
export function firstDifference(one: string, other: string): string | undefined {
  const names = new Set([...filesBelow(one), ...filesBelow(other)]);
  for (const name of [...names].sort()) {
    const at = differsAt(join(one, name), join(other, name));
    if (at !== undefined) return `${name} at byte ${at}`;
  }
}

function differsAt(one: string, other: string): number | undefined {
  using a = open(one);
  using b = open(other);
  for (let at = 0; at < Math.max(a.size, b.size); at += CHUNK) {
    const left = a.read(at);
    const right = b.read(at);
    for (let i = 0; i < CHUNK; i++) if (left[i] !== right[i]) return at + i;
  }
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

/** Bytes of the folder's files up to the last one that is not zero: proof that there was something to compare. */
export function bytesHeld(folder: string): number {
  let held = 0;
  for (const name of filesBelow(folder)) {
    using file = open(join(folder, name));
    let last = 0;
    for (let at = 0; at < file.size; at += CHUNK) {
      const end = file.read(at).findLastIndex((byte) => byte !== 0);
      if (end >= 0) last = at + end + 1;
    }
    held += last;
  }
  return held;
}
