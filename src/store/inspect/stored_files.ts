import type { Dir, LogFile } from "../../ports/fs.ts";
import type { Closable, Handles } from "../handles.ts";

const NAME = /^\d{20}$/;

/** One file of a log or queue, opened for reading when it is looked at. */
export class StoredFile implements Closable {
  /** Bytes of the log or queue before it. */
  readonly base: number;
  /** What files of this folder have, whatever this one has. */
  readonly bytes: number;
  readonly size: number;
  readonly path: string;
  used = false;
  readonly #dir: Dir;
  readonly #name: string;
  readonly #handles: Handles;
  #file: LogFile | undefined;

  constructor(dir: Dir, name: string, size: number, bytes: number, handles: Handles) {
    this.base = Number(name);
    this.bytes = bytes;
    this.size = size;
    this.path = `${dir.path}/${name}`;
    this.#dir = dir;
    this.#name = name;
    this.#handles = handles;
  }

  get end(): number {
    return this.base + this.bytes;
  }

  /** The open file. Not to be kept: it is closed when too many are open. */
  get file(): LogFile {
    this.used = true;
    return this.#file ?? this.#open();
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #open(): LogFile {
    this.#file = this.#dir.open(this.#name, "read");
    this.#handles.opened(this);
    return this.#file;
  }
}

/** What is wrong with a file as a file. */
export interface FileFault {
  readonly path: string;
  readonly reason: string;
}

/**
 * The files of a log or queue as they lie in one folder or several, for looking only: nothing is made, cut
 * or locked. How long a file should be is taken from the longest, for files are cut short but never grow.
 */
export class StoredFiles {
  /** 0 when there are no files. */
  readonly fileBytes: number;
  readonly faults: readonly FileFault[];
  readonly #list: readonly StoredFile[];

  constructor(dirs: readonly Dir[], handles: Handles) {
    const found = dirs.flatMap((dir) =>
      dir.entries()
        .filter(({ isDir, name }) => !isDir && NAME.test(name))
        .map(({ name, size }) => ({ dir, name, size }))
    ).sort((a, b) => a.name < b.name ? -1 : 1);
    const bytes = this.fileBytes = Math.max(0, ...found.map(({ size }) => size));
    this.#list = found.map(({ dir, name, size }) =>
      new StoredFile(dir, name, size, bytes, handles)
    );
    this.faults = this.#list.flatMap((file, i) => faultsOf(file, this.#list[i - 1]));
  }

  get length(): number {
    return this.#list.length;
  }

  get first(): StoredFile | undefined {
    return this.#list[0];
  }

  get last(): StoredFile | undefined {
    return this.#list[this.#list.length - 1];
  }

  at(index: number): StoredFile | undefined {
    return this.#list[index];
  }

  /** The file that holds the byte at `offset`. */
  find(offset: number): StoredFile | undefined {
    const file = this.#list[this.#indexAt(offset)];
    return file && offset < file.end ? file : undefined;
  }

  /** The first file that begins behind `offset`. */
  after(offset: number): StoredFile | undefined {
    return this.#list[this.#indexAt(offset) + 1];
  }

  [Symbol.iterator](): IterableIterator<StoredFile> {
    return this.#list[Symbol.iterator]();
  }

  /** Index of the last file that begins at or before `offset`, -1 without one. */
  #indexAt(offset: number): number {
    let low = 0;
    let high = this.#list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#list[middle].base <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function faultsOf(file: StoredFile, before: StoredFile | undefined): FileFault[] {
  const { path, size, bytes, base } = file;
  const faults: FileFault[] = [];
  if (size < bytes) faults.push({ path, reason: `it has ${size} bytes, the longest has ${bytes}` });
  if (bytes > 0 && base % bytes !== 0) {
    faults.push({ path, reason: `its name is no multiple of ${bytes}, the size of the files` });
  } else if (before && before.end < base) {
    faults.push({
      path,
      reason: `files are missing before it: ${base - before.end} bytes from ${before.end} on`,
    });
  }
  return faults;
}
