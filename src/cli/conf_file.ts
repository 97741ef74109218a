import { getProperties } from "properties-file";
import { reasonOf } from "../base/log.ts";
import type { Fs } from "../ports/fs.ts";
import { UsageError } from "./exit.ts";

const BYTES_MAX = 1024 * 1024;

/**
 * Keys and values of a file in Java's .properties form: `#` comments, `key=value`, lines that go on after a
 * backslash, Latin-1 with \uXXXX. @throws {UsageError} when it cannot be read.
 */
export function readConf(fs: Fs, path: string): Record<string, string> {
  return getProperties(latin1(bytesOf(fs, path)));
}

/** In which line of such a file each key stands, the last one where it stands in several. @throws {UsageError} */
export function confLines(fs: Fs, path: string): Map<string, number> {
  const found = new Map<string, number>();
  let entry = "";
  let first = 1;
  const lines = latin1(bytesOf(fs, path)).split(/\r\n|\r|\n/);
  for (const [i, line] of lines.entries()) {
    if (entry === "") first = i + 1;
    entry += `${line}\n`;
    const isComment = /^[ \t\f]*[#!]/.test(entry);
    if (!isComment && goesOn(line) && i < lines.length - 1) continue;
    for (const key of Object.keys(getProperties(entry))) found.set(key, first);
    entry = "";
  }
  return found;
}

/** An odd number of backslashes at its end: the next line belongs to it. */
function goesOn(line: string): boolean {
  return /\\*$/.exec(line)![0].length % 2 === 1;
}

function bytesOf(fs: Fs, path: string): Uint8Array {
  const slash = path.lastIndexOf("/");
  const dir = fs.dir(slash < 0 ? "." : path.slice(0, slash) || "/");
  try {
    using file = dir.open(path.slice(slash + 1), "read");
    const size = file.size();
    if (size > BYTES_MAX) throw new Error(`it has ${size} bytes, at most ${BYTES_MAX}`);
    const bytes = new Uint8Array(size);
    return bytes.subarray(0, file.readAt(0, bytes));
  } catch (error) {
    throw new UsageError(`Cannot read ${path}: ${reasonOf(error)}`);
  }
}

/** TextDecoder's "latin1" is Windows-1252; Java's is the first 256 characters of Unicode. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
