import * as fs from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Dir, type Entry, type Fs, FsError, type LogFile } from "../ports/fs.ts";

/**
 * Files through `node:fs`, which both runtimes map straight to pread and pwrite. `lockf` is the one call it
 * lacks: POSIX `lockf(fd, F_TLOCK, 1)`, which says 0 when the lock is ours.
 */
export function nodeFs(lockf: LockCall): Fs {
  return { dir: (path) => new NodeDir(path, lockf) };
}

/** `lockf(fd, command, length)` of the C library. */
export type LockCall = (fd: number, command: number, length: number) => number;

/** Loads the C library under whichever name the system has it; the names are glibc's, musl's and macOS's. */
export function loadLibc<T>(load: (library: string) => T): T {
  const names = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1", "libSystem.dylib"];
  for (const name of names) {
    try {
      return load(name);
    } catch {
      // not on this system
    }
  }
  throw new FsError("other", "cannot lock files here: no C library found");
}

/** Source: POSIX unistd.h. Test and lock, without waiting. */
const F_TLOCK = 2;

/**
 * Locks of this process, by device and inode. A POSIX lock does not collide within one process, and it is
 * lost as soon as any other descriptor of the file closes: so a second one must not even be opened.
 */
const held = new Set<string>();

class NodeDir implements Dir {
  readonly path: string;
  readonly #lockf: LockCall;

  constructor(path: string, lockf: LockCall) {
    this.path = path;
    this.#lockf = lockf;
  }

  get parent(): Dir | undefined {
    const path = dirname(resolve(this.path));
    return path === resolve(this.path) ? undefined : new NodeDir(path, this.#lockf);
  }

  child(name: string): Dir {
    return new NodeDir(join(this.path, name), this.#lockf);
  }

  make(): void {
    attempt("make", this.path, () => fs.mkdirSync(this.path, { recursive: true }));
  }

  entries(): Entry[] {
    const names = attempt("list", this.path, () => {
      try {
        return fs.readdirSync(this.path);
      } catch (error) {
        if (codeOf(error) === "ENOENT") return [];
        throw error;
      }
    });
    names.sort(); // by UTF-16 unit: fixed-width names then come in offset order
    return names.map((name) => this.stat(name)).filter((entry) => entry !== undefined);
  }

  stat(name: string): Entry | undefined {
    const path = join(this.path, name);
    const stat = attempt("look at", path, () => fs.statSync(path, { throwIfNoEntry: false }));
    if (!stat) return undefined;
    return { name, isDir: stat.isDirectory(), size: stat.size, modifiedMs: stat.mtimeMs };
  }

  open(name: string, mode: "read" | "write" | "create"): LogFile {
    const path = join(this.path, name);
    return new NodeFile(attempt("open", path, () => fs.openSync(path, OPEN_FLAGS[mode])), path);
  }

  remove(name: string): void {
    const path = join(this.path, name);
    attempt("remove", path, () => fs.rmSync(path, { recursive: true, force: true }));
  }

  discard(name: string): Promise<void> {
    const path = join(this.path, name);
    const fd = attempt("open", path, () => fs.openSync(path, OPEN_FLAGS.write));
    let isOnly = false;
    try {
      attempt("remove", path, () => fs.unlinkSync(path));
      isOnly = fs.fstatSync(fd).nlink === 0; // else a backup by hard links keeps it
    } finally {
      if (!isOnly) fs.closeSync(fd);
    }
    if (!isOnly) return Promise.resolve();
    return new Promise((resolve) => {
      fs.ftruncate(fd, 0, () => { // whatever it says: the last one to close the file gives the space back
        fs.closeSync(fd);
        resolve();
      });
    });
  }

  rename(from: string, to: string): void {
    const path = join(this.path, from);
    attempt("rename", path, () => fs.renameSync(path, join(this.path, to)));
  }

  async sync(): Promise<void> {
    const file = new NodeFile(
      attempt("open", this.path, () => fs.openSync(this.path, "r")),
      this.path,
    );
    try {
      await file.sync();
    } finally {
      file.close();
    }
  }

  lock(name: string): Disposable | undefined {
    const path = join(this.path, name);
    const known = attempt("look at", path, () => fs.statSync(path, { throwIfNoEntry: false }));
    if (known && held.has(identityOf(known))) return undefined;
    const fd = attempt("open", path, () => fs.openSync(path, OPEN_FLAGS.create));
    if (this.#lockf(fd, F_TLOCK, 1) !== 0) {
      fs.closeSync(fd);
      return undefined;
    }
    const identity = identityOf(fs.fstatSync(fd));
    held.add(identity);
    return {
      [Symbol.dispose]() {
        if (held.delete(identity)) fs.closeSync(fd);
      },
    };
  }

  lockedBy(name: string): string | undefined {
    try {
      const stat = fs.statSync(join(this.path, name));
      if (held.has(identityOf(stat))) return "this process";
      const pid = lockHolder(fs.readFileSync("/proc/locks", "utf8"), stat.ino);
      if (pid === undefined) return undefined;
      return `process ${pid} (${fs.readFileSync(`/proc/${pid}/comm`, "utf8").trim()})`;
    } catch {
      return undefined; // a system that does not tell, or the process is gone
    }
  }

  space(): { usedBytes: number; freeBytes: number } {
    let path = this.path;
    while (!fs.existsSync(path) && dirname(path) !== path) path = dirname(path);
    const disk = attempt("measure", path, () => fs.statfsSync(path));
    return {
      usedBytes: (disk.blocks - disk.bfree) * disk.bsize,
      freeBytes: disk.bavail * disk.bsize, // what a process without privileges may still take
    };
  }
}

const OPEN_FLAGS = {
  read: fs.constants.O_RDONLY,
  write: fs.constants.O_RDWR,
  create: fs.constants.O_RDWR | fs.constants.O_CREAT,
} as const;

class NodeFile implements LogFile {
  readonly #fd: number;
  readonly #path: string;
  #syncs = 0; // on their way; the descriptor stays open until they are back
  #closed = false;

  constructor(fd: number, path: string) {
    this.#fd = fd;
    this.#path = path;
  }

  readAt(offset: number, into: Uint8Array): number {
    this.#mustBeOpen("read");
    let done = 0;
    try {
      while (done < into.length) {
        const count = fs.readSync(this.#fd, into, done, into.length - done, offset + done);
        if (count === 0) break;
        done += count;
      }
    } catch (error) {
      throw failed("read", this.#path, error);
    }
    return done;
  }

  writeAt(offset: number, bytes: Uint8Array): void {
    this.#mustBeOpen("write");
    let done = 0;
    try {
      while (done < bytes.length) {
        done += fs.writeSync(this.#fd, bytes, done, bytes.length - done, offset + done);
      }
    } catch (error) {
      throw failed("write", this.#path, error);
    }
  }

  truncate(size: number): void {
    this.#mustBeOpen("truncate");
    attempt("truncate", this.#path, () => fs.ftruncateSync(this.#fd, size));
  }

  sync(): Promise<void> {
    this.#mustBeOpen("sync");
    this.#syncs++;
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#fd, (error) => {
        this.#syncs--;
        if (this.#closed && this.#syncs === 0) fs.closeSync(this.#fd);
        if (error) reject(failed("sync", this.#path, error));
        else resolve();
      });
    });
  }

  size(): number {
    this.#mustBeOpen("measure");
    return attempt("measure", this.#path, () => fs.fstatSync(this.#fd).size);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#syncs === 0) fs.closeSync(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** A closed descriptor's number may by now be another file's. */
  #mustBeOpen(action: string): void {
    if (this.#closed) throw new FsError("other", `cannot ${action} ${this.#path}: it was closed`);
  }
}

/** Linux lists locks as `1: POSIX  ADVISORY  WRITE 4711 fe:00:1234 0 0`: process, device and inode, bytes. */
function lockHolder(locks: string, inode: number): number | undefined {
  const line = new RegExp(`POSIX +ADVISORY +WRITE +(\\d+) +[0-9a-f]+:[0-9a-f]+:${inode} 0 `);
  const pid = Number(line.exec(locks)?.[1]);
  return pid > 0 ? pid : undefined; // 0: in another container
}

function identityOf(stat: fs.Stats): string {
  return `${stat.dev}:${stat.ino}`;
}

function attempt<T>(action: string, path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw failed(action, path, error);
  }
}

function failed(action: string, path: string, error: unknown): FsError {
  const reason = error instanceof Error ? error.message : String(error);
  const code = FS_CODES[codeOf(error) ?? ""] ?? "other";
  return new FsError(code, `cannot ${action} ${path}: ${reason}`, { cause: error });
}

const FS_CODES: Readonly<Record<string, FsError["code"]>> = {
  ENOENT: "missing",
  ENOSPC: "full",
  EDQUOT: "full",
  EACCES: "denied",
  EPERM: "denied",
  EROFS: "denied",
  EINVAL: "denied",
  ENOTSUP: "denied",
};

function codeOf(error: unknown): string | undefined {
  return (error as { code?: string } | null)?.code;
}
