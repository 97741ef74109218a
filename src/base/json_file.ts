import type { Clock } from "../ports/host.ts";
import { type Dir, FsError } from "../ports/fs.ts";
import { textOf, utf8 } from "./bytes.ts";
import { CorruptLogError } from "./errors.ts";
import { type Log, reasonOf } from "./log.ts";
import { makeFolder } from "./make_folder.ts";

/**
 * A table that lives in one JSON file and is replaced whole: at every moment the disk holds a complete
 * table, the new one under NAME or the one before it under NAME.bak.
 */
export class JsonFile {
  readonly #dir: Dir;
  readonly #name: string;
  readonly #log: Log;
  /** A main file that could not be read must not push the good .bak out. */
  #keepBak = false;
  /** No power cut takes the folder. */
  #isSafe = false;

  constructor(dir: Dir, name: string, log: Log) {
    this.#dir = dir;
    this.#name = name;
    this.#log = log;
  }

  /** Where it lies, for messages. */
  get path(): string {
    return `${this.#dir.path}/${this.#name}`;
  }

  /**
   * What `parse` makes of the file, or of its .bak where the file is missing, empty or refused by `parse`;
   * undefined when there is neither.
   *
   * @throws {CorruptLogError} when there is text and none of it can be read.
   */
  load<T>(parse: (text: string) => T): T | undefined {
    const main = this.#read(this.#name, parse);
    if (main.value !== undefined) return main.value;
    const bak = this.#read(`${this.#name}.bak`, parse);
    this.#keepBak = main.problem !== undefined;
    if (bak.value !== undefined) {
      this.#log.warn("using the previous copy of a table", {
        file: `${this.path}.bak`,
        because: main.problem ?? "the table itself is missing",
      });
      return bak.value;
    }
    const problem = main.unreadable ? main.problem : bak.unreadable ? bak.problem : undefined;
    if (problem !== undefined) {
      throw new CorruptLogError(this.path, 0, `${problem}, and there is no readable .bak`);
    }
    if (main.problem !== undefined) {
      this.#log.warn("a table is empty and has no previous copy", { file: this.path });
    }
    return undefined;
  }

  /** Puts `text` in place of what the file holds. @throws {FsError} and `load` gives what it gave before. */
  async save(text: string): Promise<void> {
    const dir = this.#dir;
    const temporary = `${this.#name}.tmp`;
    if (this.#isSafe) dir.make();
    else await makeFolder(dir);
    this.#isSafe = true;
    dir.remove(temporary); // of a process that died
    const file = dir.open(temporary, "create");
    try {
      const bytes = utf8(text);
      file.writeAt(0, bytes);
      await file.sync();
    } finally {
      file.close();
    }
    if (!this.#keepBak && dir.stat(this.#name)) await this.#keep();
    dir.rename(temporary, this.#name);
    this.#keepBak = false;
    await dir.sync();
  }

  /**
   * Makes the file the .bak. What a rename replaces gives back its space in that moment, for which some disks
   * need a fifth of a second, with everybody waiting: it goes beforehand, beside other work.
   */
  async #keep(): Promise<void> {
    const bak = `${this.#name}.bak`;
    if (this.#dir.stat(bak)) await this.#dir.discard(bak);
    this.#dir.rename(this.#name, bak);
  }

  #read<T>(
    name: string,
    parse: (text: string) => T,
  ): { value?: T; problem?: string; unreadable?: true } {
    let text: string;
    try {
      text = this.#text(name);
    } catch (error) {
      if (error instanceof FsError && error.code === "missing") return {};
      return { problem: reasonOf(error), unreadable: true };
    }
    if (text.trim() === "") return { problem: "the file is empty" };
    try {
      return { value: parse(text) };
    } catch (error) {
      return { problem: reasonOf(error), unreadable: true };
    }
  }

  #text(name: string): string {
    const file = this.#dir.open(name, "read");
    try {
      const bytes = new Uint8Array(file.size());
      return textOf(bytes.subarray(0, file.readAt(0, bytes)));
    } finally {
      file.close();
    }
  }
}

/** What `AutoSave` needs to know. */
export interface AutoSaveOptions {
  readonly file: JsonFile;
  readonly clock: Clock;
  readonly log: Log;
  /** How long changes may collect before they are written. */
  readonly intervalMs: number;
  /** The text of the table as it is now. */
  readonly text: () => string;
  /** What must be so before that text may be on the disk. */
  readonly before?: () => Promise<void>;
}

/** The shortest pause after a failed write: a disk that is full stays so for a while. */
const RETRY_MS = 1_000;

/**
 * Writes a table some time after it changed: changes within the interval share one write, and one write is
 * under way at most. A write that fails is tried again after the interval, a second at least; that it failed
 * is said once, until one succeeds.
 */
export class AutoSave {
  readonly #options: AutoSaveOptions;
  #dirty = false;
  #saving: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #failing = false;
  #closed = false;

  constructor(options: AutoSaveOptions) {
    this.#options = options;
  }

  /** The table is not what the file holds any more. Cheap; called at each change. */
  changed(): void {
    this.#dirty = true;
    if (!this.#closed) this.#arm(this.#options.intervalMs);
  }

  /** Resolves when all changes so far are on the disk. @throws {FsError} when they cannot be written. */
  async flush(): Promise<void> {
    while (this.#saving !== undefined || this.#dirty) {
      this.#saving ??= this.#save().finally(() => this.#saving = undefined);
      await this.#saving;
    }
  }

  /** Writes what is left; a failure is logged. Nothing is written after it. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#disarm();
    await this.flush().catch(() => {}); // logged by #save
  }

  #arm(ms: number): void {
    this.#cancelTimer ??= this.#options.clock.after(ms, () => {
      this.#cancelTimer = undefined;
      this.flush().catch(() => {}); // logged and armed again by #save
    });
  }

  #disarm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  async #save(): Promise<void> {
    const { file, log, text, intervalMs, before } = this.#options;
    this.#dirty = false;
    this.#disarm();
    try {
      const now = text();
      await before?.();
      await file.save(now);
      if (this.#failing) log.info("a table could be written again", { file: file.path });
      this.#failing = false;
    } catch (error) {
      this.#dirty = true;
      if (!this.#closed) this.#arm(Math.max(RETRY_MS, intervalMs));
      if (!this.#failing || this.#closed) {
        log.error("cannot write a table", {
          file: file.path,
          reason: reasonOf(error),
          again: this.#closed ? "no, closing" : "yes",
        });
      }
      this.#failing = true;
      throw error;
    }
  }
}
