import { type Dir, type Entry, type Fs, FsError, type LogFile } from "../../src/ports/fs.ts";
import type { Random } from "./seeds.ts";

/** One change of a file that no sync has made safe yet. */
type Change = { readonly at: number; readonly bytes: Uint8Array } | { readonly size: number };

/** One change of a folder's names: `node` undefined takes the name away. */
interface Naming {
  readonly name: string;
  readonly node: Node | undefined;
}

type Node = FileNode | DirNode;
export type Operation = "write" | "sync" | "rename" | "open" | "truncate";

/** A file: what a reader sees, what a power cut leaves, and what lies between. */
class FileNode {
  live = new Uint8Array(0);
  durable = new Uint8Array(0);
  changes: Change[] = [];
  modifiedMs: number;

  constructor(modifiedMs: number) {
    this.modifiedMs = modifiedMs;
  }

  apply(change: Change): void {
    this.changes.push(change);
    this.live = changed(this.live, change);
  }

  /** Makes safe what was there when the sync began: everything up to this change. */
  keep(last: Change | undefined): void {
    const count = last === undefined ? 0 : this.changes.indexOf(last) + 1;
    for (const change of this.changes.splice(0, count)) {
      this.durable = changed(this.durable, change);
    }
  }

  /** Each change since the last sync may have reached the disk or not; writes may be torn at any byte. */
  powerCut(random: Random): void {
    const fate = random.below(3); // nothing, everything up to some change, or any of them
    const upTo = fate === 0 ? 0 : random.below(this.changes.length + 1);
    for (const [i, change] of this.changes.entries()) {
      if (fate === 0 || (fate === 1 && i > upTo)) break;
      if ("size" in change) this.durable = changed(this.durable, change); // a journal keeps these in order
      else if (fate === 1 || random.below(2) === 0) {
        const tears = i === upTo || random.below(8) === 0;
        this.durable = changed(this.durable, tears ? torn(change, random) : change);
      }
    }
    this.changes = [];
    this.live = this.durable.slice();
  }
}

class DirNode {
  live = new Map<string, Node>();
  durable = new Map<string, Node>();
  changes: Naming[] = [];

  name(name: string, node: Node | undefined): void {
    this.changes.push({ name, node });
    named(this.live, name, node);
  }

  keep(last: Naming | undefined): void {
    const count = last === undefined ? 0 : this.changes.indexOf(last) + 1;
    for (const { name, node } of this.changes.splice(0, count)) named(this.durable, name, node);
  }

  /** A journal keeps the order of names: some first part of the changes is there. */
  powerCut(random: Random): void {
    this.keep(this.changes[random.below(this.changes.length + 1) - 1]);
    this.changes = [];
    this.live = new Map(this.durable);
    for (const node of this.live.values()) node.powerCut(random);
  }
}

/** A file system in memory that can be broken in the ways a real one breaks. */
export class MemFs implements Fs {
  root = new DirNode();
  /** Handles opened before a crash are dead. */
  generation = 0;
  /** Bytes that may still be written before the disk is full. */
  freeBytes = Infinity;
  /** Calls of each kind so far. */
  readonly counts: Record<Operation, number> = {
    write: 0,
    sync: 0,
    rename: 0,
    open: 0,
    truncate: 0,
  };
  /** When it gives a text, that call fails with it. For a write, `keep` bytes get through all the same. */
  fault: ((operation: Operation, path: string, nth: number) => Failure | undefined) | undefined;
  now: () => number = () => 0;
  readonly locks = new Set<string>();
  open = 0;

  dir(path: string): Dir {
    return new MemDir(this, path.split("/").filter((part) => part !== ""));
  }

  /** The power goes: what was not synced may be lost, in part, and writes may be torn. */
  powerCut(random: Random): void {
    this.kill();
    this.root.powerCut(random);
  }

  /** The process dies, the machine does not: everything written is there, locks are free. */
  kill(): void {
    this.generation++;
    this.open = 0;
    this.locks.clear();
    this.fault = undefined;
  }

  /** A file's content, to look at and to damage. */
  bytes(path: string): Uint8Array {
    return this.file(path).live;
  }

  /** Puts a file there, as if it had always been there. */
  put(path: string, bytes: Uint8Array): void {
    const parts = path.split("/").filter((part) => part !== "");
    const name = parts.pop()!;
    let dir = this.root;
    for (const part of parts) {
      const child = dir.live.get(part) as DirNode | undefined ?? new DirNode();
      dir.live.set(part, child);
      dir.durable.set(part, child);
      dir = child;
    }
    const file = new FileNode(this.now());
    file.live = new Uint8Array(bytes); // a Buffer would give a view of itself for slice()
    file.durable = new Uint8Array(bytes);
    dir.live.set(name, file);
    dir.durable.set(name, file);
  }

  /** Paths of all files below a folder, sorted. */
  paths(below = ""): string[] {
    const found: string[] = [];
    const walk = (node: Node, path: string) => {
      if (node instanceof FileNode) found.push(path);
      else {for (const [name, child] of node.live) {
          walk(child, path === "" ? name : `${path}/${name}`);
        }}
    };
    const parts = below.split("/").filter((part) => part !== "");
    const start = this.find(parts, false);
    if (start) walk(start, parts.join("/"));
    return found.sort();
  }

  file(path: string): FileNode {
    const node = this.find(path.split("/").filter((part) => part !== ""), false);
    if (!(node instanceof FileNode)) throw new FsError("missing", `${path} is not there`);
    return node;
  }

  find(parts: readonly string[], make: boolean): Node | undefined {
    let node: Node = this.root;
    for (const part of parts) {
      if (!(node instanceof DirNode)) return undefined;
      let next = node.live.get(part);
      if (!next && make) node.name(part, next = new DirNode());
      if (!next) return undefined;
      node = next;
    }
    return node;
  }

  /** Counts a call, and fails it when it is its turn. */
  attempt(operation: Operation, path: string): Failure | undefined {
    const nth = ++this.counts[operation];
    const failure = this.fault?.(operation, path, nth);
    if (failure && failure.keep === undefined) throw failure.error;
    return failure;
  }
}

/** How a call fails; a write with `keep` puts that many bytes before it does. */
export interface Failure {
  readonly error: FsError;
  readonly keep?: number;
}

class MemDir implements Dir {
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
    if (!node && mode === "create") dir.name(name, node = new FileNode(this.#fs.now()));
    if (!(node instanceof FileNode)) throw new FsError("missing", `cannot open ${path}: no file`);
    return new MemFile(this.#fs, node, path);
  }

  remove(name: string): void {
    const dir = this.#fs.find(this.#parts, false);
    if (dir instanceof DirNode && dir.live.has(name)) dir.name(name, undefined);
  }

  rename(from: string, to: string): void {
    this.#fs.attempt("rename", `${this.path}/${from}`);
    const dir = this.#fs.find(this.#parts, false);
    const node = dir instanceof DirNode ? dir.live.get(from) : undefined;
    if (!node) throw new FsError("missing", `cannot rename ${this.path}/${from}: no file`);
    (dir as DirNode).name(to, node);
    (dir as DirNode).name(from, undefined);
  }

  async sync(): Promise<void> {
    const dir = this.#fs.find(this.#parts, false);
    if (!(dir instanceof DirNode)) throw new FsError("missing", `cannot sync ${this.path}`);
    await this.#fs.attempt("sync", this.path);
    const last = dir.changes.at(-1);
    await undefined;
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

  space(): { usedBytes: number; freeBytes: number } {
    return { usedBytes: 0, freeBytes: this.#fs.freeBytes };
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
    const room = this.#fs.freeBytes;
    const kept = Math.min(failure?.keep ?? bytes.length, room);
    this.#fs.freeBytes -= kept;
    this.#node.modifiedMs = this.#fs.now();
    if (kept > 0) this.#node.apply({ at: offset, bytes: bytes.slice(0, kept) });
    if (failure) throw failure.error;
    if (kept < bytes.length) throw new FsError("full", `cannot write ${this.#path}: disk is full`);
  }

  truncate(size: number): void {
    this.#mustLive();
    this.#fs.attempt("truncate", this.#path);
    this.#node.apply({ size });
  }

  async sync(): Promise<void> {
    this.#mustLive();
    this.#fs.attempt("sync", this.#path);
    const last = this.#node.changes.at(-1);
    await undefined;
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

function changed(bytes: Uint8Array<ArrayBuffer>, change: Change): Uint8Array<ArrayBuffer> {
  const size = "size" in change
    ? change.size
    : Math.max(bytes.length, change.at + change.bytes.length);
  if (size !== bytes.length) {
    const sized = new Uint8Array(size);
    sized.set(bytes.subarray(0, size));
    bytes = sized;
  }
  if ("bytes" in change) bytes.set(change.bytes, change.at);
  return bytes;
}

function torn(change: { at: number; bytes: Uint8Array }, random: Random): Change {
  return { at: change.at, bytes: change.bytes.subarray(0, random.below(change.bytes.length + 1)) };
}

function named(names: Map<string, Node>, name: string, node: Node | undefined): void {
  if (node) names.set(name, node);
  else names.delete(name);
}
