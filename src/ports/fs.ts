/**
 * A file of the store. Offsets are bytes. Reads and writes return at once: through the page cache they cost
 * a microsecond, an await costs ten. What `writeAt` wrote survives a power cut only after `sync`.
 */
export interface LogFile extends Disposable {
  /** Reads into `into` from `offset`; gives the number of bytes read, fewer only at the end of the file. */
  readAt(offset: number, into: Uint8Array): number;
  /** Writes all of `bytes`. @throws {FsError} when the disk does not take them all ("full" or "other"). */
  writeAt(offset: number, bytes: Uint8Array): void;
  /** Makes the file `size` bytes long; what is added reads as zeros and takes no disk space. */
  truncate(size: number): void;
  /** Resolves when everything written before the call would survive a power cut (fdatasync). */
  sync(): Promise<void>;
  /** Current length in bytes. */
  size(): number;
  close(): void;
}

/** What a folder holds under one name. */
export interface Entry {
  readonly name: string;
  readonly isDir: boolean;
  readonly size: number;
  /** Last change of the content, ms since 1970. */
  readonly modifiedMs: number;
}

/** A folder. It need not exist before `make`; every call is synchronous except those that wait for the disk. */
export interface Dir {
  readonly path: string;
  /** The folder that holds this one; undefined for the one above all. */
  readonly parent: Dir | undefined;
  /** The folder of that name (may hold slashes) inside this one. */
  child(name: string): Dir;
  /** Makes the folder and those above it where they are missing. */
  make(): void;
  /** What is in it, sorted by name; empty when the folder does not exist. */
  entries(): Entry[];
  stat(name: string): Entry | undefined;
  /**
   * Opens a file: "read" and "write" need it to exist, "create" makes an empty one when it is missing.
   * @throws {FsError} with code "missing" when there is none.
   */
  open(name: string, mode: "read" | "write" | "create"): LogFile;
  /** Removes a file, or a folder with all in it; nothing happens when there is none. */
  remove(name: string): void;
  /**
   * Removes a file: its name at once, and the disk space it took beside everything else, for that takes a
   * second a GiB. Resolves when the space is free again.
   * @throws {FsError} and the file is still there
   */
  discard(name: string): Promise<void>;
  /** Gives a file another name in this folder, in place of what had it. */
  rename(from: string, to: string): void;
  /** Resolves when names made, renamed or removed before the call would survive a power cut. */
  sync(): Promise<void>;
  /**
   * Takes a POSIX record lock on byte 0 of a file, as Java brokers do, until disposed or the process ends.
   * Undefined when another process holds it.
   */
  lock(name: string): Disposable | undefined;
  /** Who holds the lock that `lock` did not give, as far as the system tells: "process 4711 (java)". */
  lockedBy(name: string): string | undefined;
  /** The disk it lies on, in bytes. */
  space(): { usedBytes: number; freeBytes: number };
}

/** What the core asks of a runtime's files. */
export interface Fs {
  dir(path: string): Dir;
}

/**
 * A failed file operation; `code` tells the cases the core treats differently. "denied": this process may not
 * do it there, or the system cannot (sync a folder of that kind); it is nothing that goes wrong on a disk.
 */
export class FsError extends Error {
  override name = "FsError";
  readonly code: "missing" | "full" | "denied" | "other";
  constructor(code: FsError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
