import { CorruptLogError } from "../base/errors.ts";
import type { Dir } from "../ports/fs.ts";
import { StoreRefusal } from "./errors.ts";
import type { Handles } from "./handles.ts";
import { Segment } from "./segment.ts";

const NAME = /^\d{20}$/;

/** A file that is to be taken over, and its size as it is. */
export interface FoundFile {
  readonly segment: Segment;
  readonly size: number;
}

/** The files of one folder in order of their first byte, without gaps. */
export class Segments {
  readonly dir: Dir;
  readonly fileBytes: number;
  readonly #handles: Handles;
  readonly #sizeKey: string;
  readonly #list: Segment[] = [];

  /** `sizeKey` is the configuration's name for `fileBytes`. */
  constructor(dir: Dir, fileBytes: number, handles: Handles, sizeKey: string) {
    this.dir = dir;
    this.fileBytes = fileBytes;
    this.#handles = handles;
    this.#sizeKey = sizeKey;
  }

  /**
   * Takes over the files that are there. One that is too short is what a crash can leave between making or
   * cutting a file and giving it its size; `mayBeShort` decides whether it is one, and is told all files.
   *
   * @throws {StoreRefusal} when a file has another size, {CorruptLogError} when one is missing between others.
   */
  load(mayBeShort: (file: Segment, size: number, files: readonly FoundFile[]) => boolean): void {
    const entries = this.dir.entries().filter((entry) => !entry.isDir && NAME.test(entry.name));
    const files = entries.map(({ name, size }) => ({
      segment: new Segment(this.dir, Number(name), this.fileBytes, this.#handles, false),
      size,
    }));
    for (const { segment, size } of files) {
      const short = size < this.fileBytes && mayBeShort(segment, size, files);
      if (size !== this.fileBytes && !short) {
        throw this.#otherSize(segment, size, files.every((file) => file.size === size));
      }
      this.#mustFollow(segment);
      if (short) segment.zeroFrom(size);
      this.#list.push(segment);
    }
  }

  get first(): Segment | undefined {
    return this.#list[0];
  }

  get last(): Segment | undefined {
    return this.#list[this.#list.length - 1];
  }

  get length(): number {
    return this.#list.length;
  }

  at(index: number): Segment | undefined {
    return this.#list[index];
  }

  /** The file that holds the byte at `offset`. */
  find(offset: number): Segment | undefined {
    const last = this.#list[this.#list.length - 1];
    if (last === undefined) return undefined;
    if (offset >= last.base) return offset < last.base + this.fileBytes ? last : undefined;
    const first = this.#list[0];
    if (offset < first.base) return undefined;
    return this.#list[Math.floor((offset - first.base) / this.fileBytes)];
  }

  /** Makes the file that begins at `base`: the next one, or any first one. */
  add(base: number): Segment {
    this.dir.make();
    const segment = Segment.create(this.dir, base, this.fileBytes, this.#handles);
    this.#list.push(segment);
    return segment;
  }

  /** Removes the files that begin at or behind `offset`. */
  removeFrom(offset: number): void {
    while (this.last && this.last.base >= offset) {
      this.last.remove();
      this.#list.pop();
    }
  }

  /**
   * Removes the first file, at once for readers; resolves when no power cut brings it back and its disk
   * space is free. @throws {FsError} and it is still there
   */
  async removeFirst(): Promise<void> {
    const freed = this.#list[0].discard();
    this.#list.shift();
    await this.dir.sync();
    await freed;
  }

  /**
   * Removes the files behind a log's `tail`, where one may begin that a failed write made. The first one stays
   * when others were before it: only its name says where an empty log goes on.
   */
  removeBehind(tail: number): void {
    const { first } = this;
    const followed = first !== undefined && first.base > 0 && first.base <= tail;
    this.removeFrom(followed ? Math.max(tail, first.end) : tail);
  }

  /** Removes whatever `load` would take over. */
  removeAll(): void {
    for (const { name, isDir } of this.dir.entries()) {
      if (!isDir && NAME.test(name)) this.dir.remove(name);
    }
  }

  [Symbol.iterator](): IterableIterator<Segment> {
    return this.#list[Symbol.iterator]();
  }

  #otherSize({ path }: Segment, size: number, all: boolean): StoreRefusal {
    const problem = `it has ${size} bytes, this node's files have ${this.fileBytes}`;
    const advice = all
      ? `; set ${this.#sizeKey} = ${size} to open it`
      : `, as ${this.#sizeKey} says; a copy that was broken off leaves such a file`;
    return new StoreRefusal(`Cannot open ${path}: ${problem}${advice}`);
  }

  #mustFollow(segment: Segment): void {
    const wanted = this.last?.end ?? segment.base - segment.base % this.fileBytes;
    if (segment.base === wanted) return;
    if (this.last && segment.base % this.fileBytes === 0) {
      throw new CorruptLogError(this.last.path, this.fileBytes, `the next file is ${segment.name}`);
    }
    throw new StoreRefusal(
      `Cannot open ${segment.path}: its name is no multiple of ${this.fileBytes}, the size of this node's files`,
    );
  }
}
