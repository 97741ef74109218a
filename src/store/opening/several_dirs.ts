import type { Dir, Entry, LogFile } from "../../ports/fs.ts";

/**
 * Several folders, on several disks, that hold the files of one log between them. A new file goes to the
 * folder whose turn it is, unless that has no room for it and another one has. Source: MultiPathMappedFileQueue.
 */
export class SeveralDirs implements Dir {
  readonly path: string;
  /** One by one. */
  readonly dirs: readonly Dir[];
  readonly #fileBytes: number;

  constructor(dirs: readonly Dir[], fileBytes: number) {
    this.path = `{${dirs.map(({ path }) => path).join(",")}}`;
    this.dirs = dirs;
    this.#fileBytes = fileBytes;
  }

  get parent(): Dir | undefined {
    return this.dirs[0].parent;
  }

  child(name: string): Dir {
    return new SeveralDirs(this.dirs.map((dir) => dir.child(name)), this.#fileBytes);
  }

  make(): void {
    for (const dir of this.dirs) dir.make();
  }

  entries(): Entry[] {
    const all = this.dirs.flatMap((dir) => dir.entries());
    return all.sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  }

  stat(name: string): Entry | undefined {
    return this.#holder(name)?.stat(name);
  }

  open(name: string, mode: "read" | "write" | "create"): LogFile {
    return (this.#holder(name) ?? this.#next(name)).open(name, mode);
  }

  remove(name: string): void {
    this.#holder(name)?.remove(name);
  }

  discard(name: string): Promise<void> {
    return (this.#holder(name) ?? this.dirs[0]).discard(name);
  }

  rename(from: string, to: string): void {
    (this.#holder(from) ?? this.dirs[0]).rename(from, to);
  }

  async sync(): Promise<void> {
    for (const dir of this.dirs) await dir.sync();
  }

  lock(name: string): Disposable | undefined {
    return this.dirs[0].lock(name);
  }

  lockedBy(name: string): string | undefined {
    return this.dirs[0].lockedBy(name);
  }

  /** Of the one with the most room: while that has some, the log goes on. */
  space(): { usedBytes: number; freeBytes: number } {
    return this.dirs.map((dir) => dir.space()).reduce((a, b) => b.freeBytes > a.freeBytes ? b : a);
  }

  /** Which one has it. */
  #holder(name: string): Dir | undefined {
    return this.dirs.find((dir) => dir.stat(name) !== undefined);
  }

  #next(name: string): Dir {
    const number = Math.floor(Number(name) / this.#fileBytes) || 0;
    const { length } = this.dirs;
    const inTurn = this.dirs.map((_, i) => this.dirs[(number + i) % length]);
    return inTurn.find((dir) => dir.space().freeBytes >= this.#fileBytes) ?? inTurn[0];
  }
}

/** The folder of a log, or several that are one to their user. */
export function oneDir(dirs: readonly Dir[], fileBytes: number): Dir {
  return dirs.length === 1 ? dirs[0] : new SeveralDirs(dirs, fileBytes);
}

/** The folders that one name stands for. */
export function eachOf(dir: Dir): readonly Dir[] {
  return dir instanceof SeveralDirs ? dir.dirs : [dir];
}
