import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { silentLog } from "../../src/base/log.ts";
import type { Address } from "../../src/ports/net.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { property } from "../../src/wire/properties.ts";
import { sendRequest } from "./cluster.ts";
import { runtime } from "./runtime.ts";

/** Keys of messages by what their send was answered. */
export interface LoadResult {
  /** Answered SEND_OK. */
  readonly ok: string[];
  /** Answers other than SEND_OK, by code. */
  readonly other: Map<number, number>;
}

export interface Load {
  readonly connections: number;
  readonly inFlight: number;
  readonly topics: readonly string[];
  readonly queues: number;
  readonly bodyBytes?: number;
}

/** Sends until `stop` aborts or the broker is gone; each message has its own key in its properties. */
export async function sendWhile(
  address: Address,
  { connections, inFlight, topics, queues, bodyBytes = 300 }: Load,
  stop: AbortSignal,
): Promise<LoadResult> {
  const ok: string[] = [];
  const other = new Map<number, number>();
  const run = Math.floor(Math.random() * 0xffffffff).toString(16);
  const body = "x".repeat(bodyBytes);
  let next = 0;
  const worker = async (calls: Redial) => {
    while (!stop.aborted) {
      const number = next++;
      const key = `${run}-${number}`;
      const topic = topics[number % topics.length];
      const request = sendRequest(
        topic,
        body,
        `KEYS\x01${key}\x02TAGS\x01${number % 2 ? "Odd" : "Even"}`,
        Math.floor(number / topics.length) % queues,
      );
      let code: number;
      try {
        ({ code } = await calls.call(`${address.host}:${address.port}`, request, 5000));
      } catch {
        return; // the broker is gone: what was not answered promises nothing
      }
      if (code === 0) ok.push(key);
      else other.set(code, (other.get(code) ?? 0) + 1);
    }
  };
  const lines = Array.from({ length: connections }, () => new Redial(runtime, silentLog));
  try {
    await Promise.all(
      lines.flatMap((line) => Array.from({ length: inFlight }, () => worker(line))),
    );
  } finally {
    for (const line of lines) line.close();
  }
  return { ok, other };
}

const RECORD_MAGIC = 0xdaa320a7;
const BLANK_MAGIC = 0xcbd43194;

/** The KEYS of every whole record in the commit log below a store folder, read from the disk. */
export function keysInLog(storeDir: string): Set<string> {
  const keys = new Set<string>();
  const folder = join(storeDir, "commitlog");
  for (const name of readdirSync(folder).sort()) {
    const bytes = writtenPart(join(folder, name));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const text = new TextDecoder("latin1");
    for (let at = 0; at + 8 <= bytes.length;) {
      const size = view.getInt32(at);
      const magic = view.getUint32(at + 4);
      if (magic === BLANK_MAGIC || magic !== RECORD_MAGIC || at + size > bytes.length) break;
      const record = text.decode(bytes.subarray(at, at + size));
      const key = property(record.slice(record.lastIndexOf("KEYS\x01")), "KEYS");
      if (key !== undefined) keys.add(key);
      at += size;
    }
  }
  return keys;
}

/** A sparse file's bytes up to its last non-zero block. */
function writtenPart(path: string): Uint8Array {
  const { size, blocks } = statSync(path);
  if (size <= 64 * 1024 * 1024) return readFileSync(path);
  const bytes = new Uint8Array(Math.min(size, blocks * 512 + 1024 * 1024));
  const fd = openSync(path, "r");
  try {
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(fd);
  }
}

/** Says where two folders differ in names or bytes; empty when they are equal. */
export function differences(a: string, b: string): string[] {
  const namesA = filesBelow(a);
  const namesB = filesBelow(b);
  const found: string[] = [];
  for (const name of new Set([...namesA, ...namesB])) {
    if (!namesA.has(name)) found.push(`${name} is only in ${b}`);
    else if (!namesB.has(name)) found.push(`${name} is only in ${a}`);
    else {
      const at = firstDifference(writtenPart(join(a, name)), writtenPart(join(b, name)));
      if (at >= 0) found.push(`${name} differs at byte ${at}`);
      if (statSync(join(a, name)).size !== statSync(join(b, name)).size) {
        found.push(`${name} has another length`);
      }
    }
  }
  return found;
}

function filesBelow(folder: string): Set<string> {
  const names = new Set<string>();
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) names.add(relative(folder, join(entry.parentPath, entry.name)));
  }
  return names;
}

/** Bytes behind the end of the shorter count as zeros: they were never written. */
function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) if ((a[i] ?? 0) !== (b[i] ?? 0)) return i;
  return -1;
}
