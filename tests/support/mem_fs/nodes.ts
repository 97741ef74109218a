/** One change of a file that no sync has made safe yet. */
export type Change =
  | { readonly at: number; readonly bytes: Uint8Array }
  | { readonly size: number };

/** One change of a folder's names: `node` undefined takes the name away, a rename takes `from` away with it. */
export interface Naming {
  readonly name: string;
  readonly node: Node | undefined;
  readonly from?: string;
}

export type Node = FileNode | DirNode;

/** A file: what a reader sees, what a power cut leaves for sure, and what lies between. */
export class FileNode {
  live: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  durable: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  changes: Change[] = [];
  modifiedMs: number;
  /** Writes that a failed sync covered: the kernel calls them clean, so no later sync makes them safe. */
  readonly #dropped = new Set<Change>();

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
      if (!this.#dropped.delete(change)) this.durable = changed(this.durable, change);
    }
  }

  /** A sync failed: the writes so far may be on the disk or not, and stay so. */
  drop(): void {
    for (const change of this.changes) if ("bytes" in change) this.#dropped.add(change);
  }

  /** Only what `survivors` makes of the changes is there. */
  powerCut(survivors: Survivors): void {
    for (const change of survivors(this.changes, this.durable.length)) {
      this.durable = changed(this.durable, change);
    }
    this.changes = [];
    this.#dropped.clear();
    this.live = this.durable.slice();
  }
}

/** Which of a file's changes reached the disk, in order, and how much of each. */
export type Survivors = (changes: readonly Change[], size: number) => readonly Change[];

/** A folder: its names as a reader sees them, and as a power cut leaves them. */
export class DirNode {
  live: Map<string, Node> = new Map();
  durable: Map<string, Node> = new Map();
  changes: Naming[] = [];

  name(naming: Naming): void {
    this.changes.push(naming);
    named(this.live, naming);
  }

  keep(last: Naming | undefined): void {
    const count = last === undefined ? 0 : this.changes.indexOf(last) + 1;
    for (const naming of this.changes.splice(0, count)) named(this.durable, naming);
  }

  /** A journal keeps the order of names: some first part of the changes, which `first` tells, is there. */
  powerCut(first: (count: number) => number, survivors: Survivors): void {
    this.keep(this.changes[first(this.changes.length) - 1]);
    this.changes = [];
    this.live = new Map(this.durable);
    for (const node of this.live.values()) {
      if (node instanceof FileNode) node.powerCut(survivors);
      else node.powerCut(first, survivors);
    }
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

function named(names: Map<string, Node>, { name, node, from }: Naming): void {
  if (from !== undefined) names.delete(from);
  if (node) names.set(name, node);
  else names.delete(name);
}
