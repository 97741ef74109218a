import { AutoSave, JsonFile } from "../base/json_file.ts";
import type { Log } from "../base/log.ts";
import type { Dir } from "../ports/fs.ts";
import type { Clock } from "../ports/host.ts";
import { formatDelayTable, parseDelayTable } from "../wire/tables.ts";

/** Source: MessageStoreConfig.flushDelayOffsetInterval. */
const SAVE_MS = 10_000;

/** What `DelayProgress` works with. */
export interface DelayProgressOptions {
  /** The folder of the tables. */
  readonly dir: Dir;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * How far the delivery of each delay level has come, and the one owner of delayOffset.json: level -> the next
 * entry of its queue. It never goes back: what was delivered would come again.
 */
export class DelayProgress {
  readonly #levels = new Map<number, number>();
  readonly #file: JsonFile;
  readonly #save: AutoSave;

  constructor({ dir, clock, log }: DelayProgressOptions) {
    this.#file = new JsonFile(dir, "delayOffset.json", log);
    this.#save = new AutoSave({
      file: this.#file,
      clock,
      log,
      intervalMs: SAVE_MS,
      text: () => formatDelayTable(this.#levels, true),
    });
  }

  /** Reads the file; before anything else is asked. @throws {CorruptLogError} */
  load(): void {
    for (const [level, next] of this.#file.load(parseDelayTable) ?? []) this.advance(level, next);
  }

  /** The next entry of a level's queue; undefined when nothing of it was delivered yet. */
  of(level: number): number | undefined {
    return this.#levels.get(level);
  }

  /** Notes the next entry of a level; one before the present one changes nothing. */
  advance(level: number, next: number): void {
    if (level < 1 || next <= (this.#levels.get(level) ?? -1)) return;
    this.#levels.set(level, next);
    this.#save.changed();
  }

  /** A slave takes over its master's progress, up to the end of each level's queue here. */
  mergeFrom(table: ReadonlyMap<number, number>, endOf: (level: number) => number): void {
    for (const [level, next] of table) this.advance(level, Math.min(next, endOf(level)));
  }

  /** Takes back what lies behind the end of a level's queue: those messages are not here. */
  clampTo(endOf: (level: number) => number): void {
    for (const [level, next] of this.#levels) {
      const end = endOf(level);
      if (next <= end) continue;
      this.#levels.set(level, end);
      this.#save.changed();
    }
  }

  /** The body of answer 45. */
  json(): string {
    return formatDelayTable(this.#levels);
  }

  /** Resolves when all changes so far are on the disk. @throws {FsError} */
  flush(): Promise<void> {
    return this.#save.flush();
  }

  /** Writes what is left. */
  close(): Promise<void> {
    return this.#save.close();
  }
}
