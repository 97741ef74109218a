import type { Dir, Fs, LogFile } from "../../src/ports/fs.ts";
import type { Clock } from "../../src/ports/host.ts";
import type { Store } from "../../src/store/store.ts";
import type { MemFs } from "./mem_fs.ts";
import { message, openIn } from "./store.ts";
import { runtime } from "./runtime.ts";

/** Folders and files of a store whose log files have 65536 bytes. */
export const LOG = "store/commitlog/";
export const FIRST: string = `${LOG}00000000000000000000`;
export const SECOND: string = `${LOG}00000000000000065536`;
export const THIRD: string = `${LOG}00000000000000131072`;

/** A closed store of `count` messages "0", "1", … in one queue, each stored `everyMs` after the other. */
export async function storedIn(
  fs: MemFs,
  count: number,
  bodyBytes = 1,
  everyMs = 0,
): Promise<number[]> {
  const { store, ends } = await filledIn(fs, count, bodyBytes, everyMs);
  await store.close();
  return ends;
}

/** The same, while it is open: little of it is safe. */
export async function filledIn(
  fs: MemFs,
  count: number,
  bodyBytes = 1,
  everyMs = 0,
): Promise<{ store: Store; ends: number[] }> {
  let now = 1_800_000_000_000;
  const store = await openIn(fs, {}, undefined, { ...runtime.clock, now: () => now });
  const ends: number[] = [];
  for (let i = 0; i < count; i++) {
    const text = String(i).padEnd(bodyBytes, " ");
    ends.push(store.append(message({ text, properties: "TAGS\x01TagA" })).end);
    if (everyMs > 0) store.commit();
    now += everyMs;
  }
  store.commit();
  await store.dispatch.reached(store.log.tail);
  return { store, ends };
}

/** As if the process had died while it was open. */
export function crashed(fs: MemFs): MemFs {
  fs.put("store/abort", new Uint8Array(0));
  return fs;
}

/** A clock that is late by `ms` more at each look, as on a disk that takes its time. */
export function slowClock(ms: number): Clock {
  let now = 0;
  return { ...runtime.clock, monotonic: () => (now += ms) };
}

/** What was read of the files below each folder. */
export class CountedReads implements Fs {
  readonly bytes: Map<string, number> = new Map();
  readonly #fs: Fs;

  constructor(fs: Fs) {
    this.#fs = fs;
  }

  dir(path: string): Dir {
    return this.#counted(this.#fs.dir(path));
  }

  /** Bytes read of files whose path has this in it. */
  of(part: string): number {
    let sum = 0;
    for (const [path, bytes] of this.bytes) if (path.includes(part)) sum += bytes;
    return sum;
  }

  #counted(dir: Dir): Dir {
    return new Proxy(dir, {
      get: (_, name) => {
        if (name === "child") return (path: string) => this.#counted(dir.child(path));
        if (name === "open") return (...args: Parameters<Dir["open"]>) => this.#file(dir, args);
        const value = Reflect.get(dir, name, dir);
        return typeof value === "function" ? value.bind(dir) : value;
      },
    });
  }

  #file(dir: Dir, args: Parameters<Dir["open"]>): LogFile {
    const file = dir.open(...args);
    const path = `${dir.path}/${args[0]}`;
    const readAt = file.readAt.bind(file);
    file.readAt = (offset, into) => {
      const count = readAt(offset, into);
      this.bytes.set(path, (this.bytes.get(path) ?? 0) + count);
      return count;
    };
    return file;
  }
}
