import { AutoSave, JsonFile } from "../base/json_file.ts";
import type { Log } from "../base/log.ts";
import type { Dir } from "../ports/fs.ts";
import type { Clock } from "../ports/host.ts";
import { type DataVersion, sameVersion } from "../wire/tables.ts";

/** Changes within this time share one write. */
const SAVE_MS = 50;

/** Requests of any client may add an entry; beyond this they do not. */
const ENTRIES_MAX = 100_000;

/** A table as it travels and as it lies on the disk. */
export interface Versioned<T> {
  readonly dataVersion: DataVersion;
  readonly entries: ReadonlyMap<string, T>;
}

/** What a table of a broker works with. */
export interface TableOptions {
  /** The folder of the tables. */
  readonly dir: Dir;
  readonly clock: Clock;
  readonly log: Log;
  /** A slave's table: the version is the master's, and changes of its own do not move it. */
  readonly follows: boolean;
}

/** How a table is written and read. */
export interface TableText<T> {
  /** Name of its file. */
  readonly name: string;
  format(table: Versioned<T>, pretty: boolean): string;
  parse(text: string): Versioned<T>;
}

/**
 * A persisted table with a version that name servers and slaves compare: each change gives it the next
 * counter and the time. Changes are written soon, many in one; who must know that they are on the disk
 * awaits `flush`.
 */
export class VersionedTable<T> implements Versioned<T> {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #follows: boolean;
  readonly #file: JsonFile;
  readonly #save: AutoSave;
  readonly #text: TableText<T>;
  readonly #listeners = new Set<() => void>();
  #entries = new Map<string, T>();
  #version: DataVersion;
  /** What the master said last, since this process started. */
  #said: { version: DataVersion; names: ReadonlySet<string> } | undefined;

  constructor({ dir, clock, log, follows }: TableOptions, text: TableText<T>) {
    this.#clock = clock;
    this.#log = log;
    this.#follows = follows;
    this.#text = text;
    this.#version = { counter: 0, timestamp: follows ? 0 : clock.now() };
    this.#file = new JsonFile(dir, text.name, log);
    this.#save = new AutoSave({
      file: this.#file,
      clock,
      log,
      intervalMs: SAVE_MS,
      text: () => text.format(this, true),
    });
  }

  get dataVersion(): DataVersion {
    return this.#version;
  }

  get entries(): ReadonlyMap<string, T> {
    return this.#entries;
  }

  /** Fills the table: the given entries, and over them what the file has. @throws {CorruptLogError} */
  load(builtIn: Iterable<readonly [string, T]>): void {
    this.#entries = new Map(builtIn);
    const stored = this.#file.load((text) => this.#text.parse(text));
    if (stored === undefined) return;
    for (const [name, entry] of stored.entries) this.#entries.set(name, entry);
    this.#version = stored.dataVersion;
  }

  get(name: string): T | undefined {
    return this.#entries.get(name);
  }

  /** True when nothing is added any more without an operator asking. */
  get full(): boolean {
    return this.#entries.size >= ENTRIES_MAX;
  }

  /** Puts entries in, as one change. */
  put(...entries: readonly (readonly [string, T])[]): void {
    for (const [name, entry] of entries) this.#entries.set(name, entry);
    this.#changed();
  }

  /** Takes an entry out; false when there was none. */
  delete(name: string): boolean {
    if (!this.#entries.delete(name)) return false;
    this.#changed();
    return true;
  }

  /** The JSON of the whole table, as bodies carry it. */
  json(): string {
    return this.#text.format(this, false);
  }

  /**
   * A slave takes over its master's table, as a difference from what it said before. Only a newer version
   * takes entries away. One that is not newer only adds; when it began to count anew, as that of a master
   * which lost its tables, what it adds and changes counts, and so does what it takes away of its own.
   */
  replaceFrom(table: Versioned<T>): void {
    const { dataVersion, entries } = table;
    if (sameVersion(dataVersion, this.#said?.version ?? this.#version)) return;
    if (entries.size === 0) {
      this.#log.warn("the master's table is empty, ours stays", { table: this.#text.name });
      return;
    }
    if (isNewer(dataVersion, this.#version)) {
      this.#takeAway(this.#said?.names ?? this.#entries.keys(), entries);
      for (const [name, entry] of entries) this.#entries.set(name, entry);
      this.#version = dataVersion;
    } else if (!this.#takeAnew(table)) return;
    this.#said = { version: dataVersion, names: new Set(entries.keys()) };
    this.#tell();
  }

  /** Calls `fn` after each change; the result stops it. */
  onChanged(fn: () => void): () => void {
    this.#listeners.add(fn);
    return () => this.#listeners.delete(fn);
  }

  /** Resolves when all changes so far are on the disk. @throws {FsError} */
  flush(): Promise<void> {
    return this.#save.flush();
  }

  /** Writes what is left. */
  close(): Promise<void> {
    return this.#save.close();
  }

  /** Takes what a version that is not newer may give; false when that is nothing. */
  #takeAnew({ dataVersion, entries }: Versioned<T>): boolean {
    const said = this.#said;
    const isLater = dataVersion.timestamp > this.#version.timestamp;
    const goesOn = said !== undefined && isLater && isNewer(dataVersion, said.version);
    if (goesOn) this.#takeAway(said.names, entries);
    const taken = [...entries].filter(([name]) => isLater || !this.#entries.has(name));
    if (taken.length === 0) return goesOn;
    const kept = [...this.#entries.keys()].filter((name) => !entries.has(name)).length;
    if (!goesOn && kept > 0) { // a table that never changed only has the time of another start
      this.#log.warn("the master's table is older than ours, nothing is taken away for it", {
        table: this.#text.name,
        kept,
        version: dataVersion,
        ours: this.#version,
      });
    }
    for (const [name, entry] of taken) this.#entries.set(name, entry);
    return true;
  }

  #takeAway(names: Iterable<string>, left: ReadonlyMap<string, T>): void {
    for (const name of names) if (!left.has(name)) this.#entries.delete(name);
  }

  #changed(): void {
    if (!this.#follows) {
      this.#version = { counter: this.#version.counter + 1, timestamp: this.#clock.now() };
    }
    this.#tell();
  }

  #tell(): void {
    this.#save.changed();
    for (const fn of this.#listeners) fn();
  }
}

/** On one master counters only grow, through restarts and whatever its clock does. */
function isNewer(a: DataVersion, b: DataVersion): boolean {
  if (b.timestamp === 0 && b.counter === 0) return true; // a slave that never took any
  const [state, other] = [a.stateVersion ?? 0, b.stateVersion ?? 0];
  return state > other || (state === other && a.counter > b.counter);
}
