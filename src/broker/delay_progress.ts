import { AutoSave, JsonFile } from "../base/json_file.ts";
import type { Log } from "../base/log.ts";
import type { Dir } from "../ports/fs.ts";
import type { Clock } from "../ports/host.ts";
import { formatDelayFile, formatDelayTable, parseDelayFile } from "../wire/tables.ts";

/** With so much more in the log, what is on the disk is written again, lest a start has to read it all. */
const BEHIND_BYTES = 64 * 1024 * 1024;

/** What `DelayProgress` works with. */
export interface DelayProgressOptions {
  /** The folder of the tables. */
  readonly dir: Dir;
  readonly clock: Clock;
  readonly log: Log;
  readonly flushDelayOffsetInterval: number;
  /** Log offset where a record begins that is not stored or not looked at yet. */
  readonly position: () => number;
  /** Resolves when all that is in the log now is safe. */
  readonly safe: () => Promise<void>;
}

/**
 * How far the delivery of each delay level has come, and the one owner of delayOffset.json: level -> the next
 * entry of its queue. It never goes back: what was delivered would come again.
 *
 * With it stands a log offset: whatever was delivered that the table does not know of lies behind it. It is
 * written when the copies that it counts are safe, so that a power cut never takes one that counts.
 */
export class DelayProgress {
  readonly #levels = new Map<number, number>();
  readonly #file: JsonFile;
  readonly #save: AutoSave;
  readonly #position: () => number;
  #from: number | undefined; // that offset, while it stands still
  #isComplete = false; // it follows the log
  #merged: number; // where the log was when the master's table was merged last
  #savedFrom = 0;

  constructor(options: DelayProgressOptions) {
    const { dir, clock, log, flushDelayOffsetInterval, position, safe } = options;
    this.#position = position;
    this.#merged = position();
    this.#file = new JsonFile(dir, "delayOffset.json", log);
    this.#save = new AutoSave({
      file: this.#file,
      clock,
      log,
      intervalMs: flushDelayOffsetInterval,
      text: () => this.#text(),
      before: safe,
    });
  }

  /** Reads the file; before anything else is asked. @throws {CorruptLogError} */
  load(): void {
    const { levels, logOffset } = this.#file.load(parseDelayFile) ?? { levels: [] };
    for (const [level, next] of levels) if (level >= 1) this.#levels.set(level, next);
    this.#from = logOffset;
  }

  /** What was delivered and is not counted lies behind this log offset; undefined when nobody noted it. */
  get from(): number | undefined {
    return this.#isComplete ? this.#position() : this.#from;
  }

  /** All that was delivered is counted, and will be from now on. */
  complete(): void {
    this.#isComplete = true;
    this.notePosition();
  }

  /** Called now and then while messages wait. */
  notePosition(): void {
    if (this.#position() - this.#savedFrom > BEHIND_BYTES) this.#save.changed();
  }

  /** Each level that there is, with its next entry. */
  get levels(): ReadonlyMap<number, number> {
    return this.#levels;
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
    this.#from = this.#merged; // the master gave its table when its log was no shorter than ours then
    this.#merged = this.#position();
  }

  /** Takes back what lies behind the end of a level's queue: those messages are not here. */
  clampTo(endOf: (level: number) => number): void {
    for (const [level, next] of this.#levels) {
      const end = endOf(level);
      if (next <= end) continue;
      this.#levels.set(level, end);
      this.#save.changed();
    }
    const position = this.#position();
    this.#merged = Math.min(this.#merged, position);
    if (this.#from !== undefined && this.#from > position) {
      this.#from = position;
      this.#save.changed();
    }
  }

  #text(): string {
    const { from } = this;
    this.#savedFrom = from ?? 0;
    return formatDelayFile({ levels: this.#levels, logOffset: from });
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
