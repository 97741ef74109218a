import { type Dir, FsError, type LogFile } from "../ports/fs.ts";
import type { Handles } from "./handles.ts";

/** Name of the file whose first byte is `base` bytes into the log or queue. */
export function segmentName(base: number): string {
  return String(base).padStart(20, "0");
}

/** One file of fixed size, sparse where nothing was written. It is opened when used and may be closed when idle. */
export class Segment {
  /** Bytes of the log or queue before this file. */
  readonly base: number;
  readonly bytes: number;
  readonly dir: Dir;
  /** Used since `Handles` last looked. */
  used = false;
  /** The folder's entry for it would survive a power cut. */
  named: boolean;
  readonly #handles: Handles;
  #file: LogFile | undefined;
  #isShort = false; // it was cut, and the disk did not let it have its size again

  constructor(dir: Dir, base: number, bytes: number, handles: Handles, named: boolean) {
    this.dir = dir;
    this.base = base;
    this.bytes = bytes;
    this.named = named;
    this.#handles = handles;
  }

  /** Makes the file at its full size. */
  static create(dir: Dir, base: number, bytes: number, handles: Handles): Segment {
    const name = segmentName(base);
    const file = dir.open(name, "create");
    try {
      // What a failed attempt or a crash may have left; ext4 writes a file that was cut to nothing out when
      // it is closed, and on a busy disk that held up everybody for up to half a second.
      if (file.size() > 0) file.truncate(0);
      file.truncate(bytes);
    } catch (error) {
      file.close();
      dir.remove(name);
      throw error;
    }
    const segment = new Segment(dir, base, bytes, handles, false);
    segment.#file = file;
    handles.opened(segment);
    return segment;
  }

  get name(): string {
    return segmentName(this.base);
  }

  get path(): string {
    return `${this.dir.path}/${this.name}`;
  }

  get end(): number {
    return this.base + this.bytes;
  }

  get isOpen(): boolean {
    return this.#file !== undefined;
  }

  /** The open file. Not to be kept: it is closed when too many are open. */
  get file(): LogFile {
    this.used = true;
    if (this.#isShort) this.#lengthen();
    return this.#file ?? this.#open();
  }

  /** Zeros from `at` (bytes into the file) to its end, and frees their disk space. */
  zeroFrom(at: number): void {
    const { file } = this;
    this.#isShort = true;
    file.truncate(at);
    this.#lengthen();
  }

  /** Puts `bytes` over what is there. A full disk that has no room for that gets zeros to the file's end. */
  overwrite(at: number, bytes: Uint8Array): void {
    try {
      this.file.writeAt(at, bytes);
    } catch (error) {
      if (!(error instanceof FsError && error.code === "full")) throw error;
      this.zeroFrom(at); // there is a hole, or the disk gives each write a new place; this takes none
    }
  }

  /** Resolves when all that was written to it before would survive a power cut. */
  async sync(): Promise<void> {
    const file = this.#file ?? this.#open(); // also when it is short
    try {
      await file.sync();
    } catch (error) {
      this.#handles.syncFailed();
      throw error;
    }
    if (this.named) return;
    await this.dir.sync();
    this.named = true;
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  remove(): void {
    this.#handles.closed(this);
    this.close();
    this.dir.remove(this.name);
  }

  /** Removes it at once; resolves when its disk space is free. @throws {FsError} and it is still there */
  discard(): Promise<void> {
    const freed = this.dir.discard(this.name);
    this.#handles.closed(this);
    this.close();
    return freed;
  }

  /** A write must not do it: a file that ends where one was torn would not be taken over. */
  #lengthen(): void {
    (this.#file ?? this.#open()).truncate(this.bytes);
    this.#isShort = false;
  }

  #open(): LogFile {
    this.#file = this.dir.open(this.name, "write");
    this.#handles.opened(this);
    return this.#file;
  }
}
