import { type Dir, type Entry, FsError, type LogFile } from "../../../src/ports/fs.ts";
import type { MemFs } from "../mem_fs.ts";
import { DirNode, FileNode } from "./nodes.ts";

/** Disk space is taken in pieces of this size. */
const BLOCK_BYTES = 64;

/** A folder of a `MemFs` as a store sees it. */
export class MemDir implements Dir {
  readonly #memory: MemFs;
  readonly #parts: readonly string[];
  readonly #generation: number;

  constructor(fs: MemFs, parts: readonly string[], generation = fs.generation) {
    this.#memory = fs;
    this.#parts = parts;
    this.#generation = generation;
  }

  /** What a dead process still tries must not reach the disk. */
  get #fs(): MemFs {
    if (this.#generation === this.#memory.generation) return this.#memory;
    throw new FsError("other", "the process died");
  }

  get path(): string {
    return "/" + this.#parts.join("/");
  }

  get parent(): Dir | undefined {
    if (this.#parts.length === 0) return undefined;
    return new MemDir(this.#memory, this.#parts.slice(0, -1), this.#generation);
  }

  child(name: string): Dir {
    const parts = name.split("/").filter((part) => part !== "");
    return new MemDir(this.#memory, [...this.#parts, ...parts], this.#generation);
  }

  make(): void {
    this.#fs.find(this.#parts, true);
  }

  entries(): Entry[] {
    const node = this.#fs.find(this.#parts, false);
    if (!(node instanceof DirNode)) return [];
    return [...node.live.keys()].sort().map((name) => this.stat(name)!);
  }

  stat(name: string): Entry | undefined {
    const node = this.#fs.find([...this.#parts, name], false);
    if (node instanceof DirNode) return { name, isDir: true, size: 0, modifiedMs: 0 };
    return node && { name, isDir: false, size: node.live.length, modifiedMs: node.modifiedMs };
  }

  open(name: string, mode: "read" | "write" | "create"): LogFile {
    const path = `${this.path}/${name}`;
    this.#fs.attempt("open", path);
    const dir = this.#fs.find(this.#parts, false);
    if (!(dir instanceof DirNode)) throw new FsError("missing", `cannot open ${path}: no folder`);
    let node = dir.live.get(name);
    if (!node && mode === "create") dir.name({ name, node: node = new FileNode(this.#fs.now()) });
    if (!(node instanceof FileNode)) throw new FsError("missing", `cannot open ${path}: no file`);
    return new MemFile(this.#fs, node, path);
  }

  remove(name: string): void {
    const dir = this.#fs.find(this.#parts, false);
    if (!(dir instanceof DirNode) || !dir.live.has(name)) return;
    this.#fs.attempt("remove", `${this.path}/${name}`);
    dir.name({ name, node: undefined });
  }

  discard(name: string): Promise<void> {
    if (this.stat(name) === undefined) throw new FsError("missing", `no ${this.path}/${name}`);
    this.remove(name);
    return Promise.resolve();
  }

  rename(from: string, to: string): void {
    this.#fs.attempt("rename", `${this.path}/${from}`);
    const dir = this.#fs.find(this.#parts, false);
    const node = dir instanceof DirNode ? dir.live.get(from) : undefined;
    if (!node) throw new FsError("missing", `cannot rename ${this.path}/${from}: no file`);
    (dir as DirNode).name({ name: to, node, from });
  }

  async sync(): Promise<void> {
    const dir = this.#fs.find(this.#parts, false);
    if (!(dir instanceof DirNode)) throw new FsError("missing", `cannot sync ${this.path}`);
    this.#fs.attempt("sync", this.path);
    const last = dir.changes.at(-1);
    await this.#fs.slowness?.(this.path);
    if (this.#fs) dir.keep(last);
  }

  lock(name: string): Disposable | undefined {
    const path = `${this.path}/${name}`;
    if (this.#fs.locks.has(path)) return undefined;
    this.open(name, "create").close();
    this.#fs.locks.add(path);
    return {
      [Symbol.dispose]: () => {
        if (this.#generation === this.#memory.generation) this.#memory.locks.delete(path);
      },
    };
  }

  lockedBy(): undefined {}

  space(): { usedBytes: number; freeBytes: number } {
    return this.#fs.space?.(this.path) ?? { usedBytes: 0, freeBytes: this.#fs.freeBytes };
  }
}

class MemFile implements LogFile {
  readonly #fs: MemFs;
  readonly #node: FileNode;
  readonly #path: string;
  readonly #generation: number;
  #closed = false;

  constructor(fs: MemFs, node: FileNode, path: string) {
    this.#fs = fs;
    this.#node = node;
    this.#path = path;
    this.#generation = fs.generation;
    fs.open++;
  }

  readAt(offset: number, into: Uint8Array): number {
    this.#mustLive();
    const part = this.#node.live.subarray(offset, offset + into.length);
    into.set(part);
    return part.length;
  }

  writeAt(offset: number, bytes: Uint8Array): void {
    this.#mustLive();
    const failure = this.#fs.attempt("write", this.#path);
    const taken = this.#taken(offset, bytes.length);
    const room = taken + this.#fs.freeBytes;
    const kept = Math.min(failure?.keep ?? bytes.length, room, bytes.length);
    this.#fs.freeBytes -= Math.max(0, kept - taken);
    this.#node.modifiedMs = this.#fs.now();
    if (kept > 0) this.#node.apply({ at: offset, bytes: bytes.slice(0, kept) });
    if (failure) throw failure.error;
    if (kept < bytes.length) throw new FsError("full", `cannot write ${this.#path}: disk is full`);
  }

  /** Bytes from there on that take no more of the disk, as something was written in their piece before. */
  #taken(offset: number, length: number): number {
    if (this.#fs.freeBytes === Infinity) return 0;
    const from = offset - offset % BLOCK_BYTES;
    const there = this.#node.live.subarray(from, Math.max(offset + length, from + BLOCK_BYTES));
    const last = there.findLastIndex((byte) => byte !== 0);
    const end = last < 0 ? from : from + last + BLOCK_BYTES - last % BLOCK_BYTES;
    return Math.max(0, end - offset);
  }

  truncate(size: number): void {
    this.#mustLive();
    this.#fs.attempt("truncate", this.#path);
    this.#node.apply({ size });
  }

  async sync(): Promise<void> {
    this.#mustLive();
    try {
      this.#fs.attempt("sync", this.#path);
    } catch (error) {
      if (this.#generation === this.#fs.generation) this.#node.drop();
      throw error;
    }
    const last = this.#node.changes.at(-1);
    await this.#fs.slowness?.(this.#path);
    if (this.#generation !== this.#fs.generation) throw new FsError("other", "the machine died");
    this.#node.keep(last);
  }

  size(): number {
    return this.#node.live.length;
  }

  close(): void {
    if (!this.#closed && this.#generation === this.#fs.generation) this.#fs.open--;
    this.#closed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #mustLive(): void {
    if (this.#closed) throw new FsError("other", `${this.#path} was closed`);
    if (this.#generation !== this.#fs.generation) throw new FsError("other", "the machine died");
  }
}
