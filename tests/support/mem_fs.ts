import { type Dir, type Fs, FsError } from "../../src/ports/fs.ts";
import { MemDir } from "./mem_fs/handles.ts";
import { DirNode, FileNode, type Node, type Survivors } from "./mem_fs/nodes.ts";
import { anySurvivors } from "./mem_fs/power.ts";
import type { Random } from "./seeds.ts";

/** What a test can let fail. */
export type Operation = "write" | "sync" | "rename" | "open" | "truncate" | "remove";

/** How a call fails; a write with `keep` puts that many bytes before it does. */
export interface Failure {
  readonly error: FsError;
  readonly keep?: number;
}

/** A file system in memory that can be broken in the ways a real one breaks. */
export class MemFs implements Fs {
  root: DirNode = new DirNode();
  /** Handles opened before a crash are dead. */
  generation = 0;
  /** How often the machine restarted. */
  boots = 0;
  /** Bytes that may still be written before the disk is full. */
  freeBytes = Infinity;
  /** What the disk that holds a path is said to have, when it is another than that. */
  space: ((path: string) => { usedBytes: number; freeBytes: number }) | undefined;
  /** Calls of each kind so far. */
  readonly counts: Record<Operation, number> = {
    write: 0,
    sync: 0,
    rename: 0,
    open: 0,
    truncate: 0,
    remove: 0,
  };
  /** When it gives a text, that call fails with it. For a write, `keep` bytes get through all the same. */
  fault: ((operation: Operation, path: string, nth: number) => Failure | undefined) | undefined;
  /** What a sync waits for before it makes anything safe. */
  slowness: ((path: string) => Promise<void> | undefined) | undefined;
  now: () => number = () => Date.now();
  readonly locks: Set<string> = new Set();
  open = 0;

  dir(path: string): Dir {
    return new MemDir(this, partsOf(path));
  }

  /** The power goes: what was not synced may be lost, in part, and writes may be torn. */
  powerCut(random: Random): void {
    this.crash((count) => random.below(count + 1), anySurvivors(random));
  }

  /** The power goes, all names are safe, and of each file's changes is there what `survivors` says. */
  crash(first: (count: number) => number, survivors: Survivors): void {
    this.kill();
    this.boots++;
    this.root.powerCut(first, survivors);
  }

  /** The process dies, the machine does not: everything written is there, locks are free. */
  kill(): void {
    this.generation++;
    this.open = 0;
    this.locks.clear();
    this.fault = undefined;
    this.slowness = undefined;
  }

  /** A file's content, to look at and to damage. */
  bytes(path: string): Uint8Array {
    return this.file(path).live;
  }

  /** Puts a file there, as if it had always been there. */
  put(path: string, bytes: Uint8Array): void {
    const parts = partsOf(path);
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

  /** Another disk that holds what a reader sees on this one. */
  copy(): MemFs {
    const copy = new MemFs();
    for (const path of this.paths()) copy.put(path, this.bytes(path));
    return copy;
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
    const parts = partsOf(below);
    const start = this.find(parts, false);
    if (start) walk(start, parts.join("/"));
    return found.sort();
  }

  file(path: string): FileNode {
    const node = this.find(partsOf(path), false);
    if (!(node instanceof FileNode)) throw new FsError("missing", `${path} is not there`);
    return node;
  }

  find(parts: readonly string[], make: boolean): Node | undefined {
    let node: Node = this.root;
    for (const part of parts) {
      if (!(node instanceof DirNode)) return undefined;
      let next: Node | undefined = node.live.get(part);
      if (!next && make) node.name({ name: part, node: next = new DirNode() });
      if (!next) return undefined;
      node = next;
    }
    return node;
  }

  /** Counts a call, and fails it when it is its turn. */
  attempt(operation: Operation, path: string): Failure | undefined {
    const nth = ++this.counts[operation];
    const failure = this.fault?.(operation, path, nth);
    if (failure && (operation !== "write" || failure.keep === undefined)) throw failure.error;
    return failure;
  }
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}
