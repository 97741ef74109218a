import { JsonFile } from "../base/json_file.ts";
import type { Log } from "../base/log.ts";
import type { Dir } from "../ports/fs.ts";
import {
  type DeletedTopics,
  formatDeletedTopics,
  parseDeletedTopics,
} from "../wire/deleted_topics.ts";
import type { CommitLog } from "./commit_log.ts";
import type { Dispatch } from "./dispatch.ts";
import type { Flush } from "./flush.ts";
import type { Queues } from "./queues.ts";

/** Its file, in the folder of the tables. */
export const DELETED_TOPICS = "deletedTopics.json";

/** What deletions need of the open store. */
export interface DeletionParts {
  readonly log: Pick<CommitLog, "minOffset" | "tail">;
  readonly dispatch: Pick<Dispatch, "position">;
  readonly flush: Pick<Flush, "patiently">;
  readonly queues: Pick<Queues, "of">;
}

/**
 * The messages of deleted topics that the log still holds: of each topic the log offset, its floor, before
 * which its messages are gone for every reader, and the one owner of deletedTopics.json. Its queues count on:
 * an entry number is never given twice, so whatever makes the queues again from the log gives the same ones,
 * and each begins at its first entry at or behind the floor. The entries before it stay as long as the log has
 * their messages: where it is cut, they tell the next number.
 *
 * The log up to a floor is safe before the floor is, so a power cut cannot put new messages below it. Where the
 * log is cut the floors come down before anything is appended, for the same reason.
 */
export class Deletions {
  readonly #file: JsonFile;
  #floors: DeletedTopics = new Map();
  #parts: DeletionParts | undefined; // once the store is open
  #onFloor: (topic: string, floor: number) => void = () => {};
  #changing: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(file: JsonFile) {
    this.#file = file;
  }

  /** Reads the file in the folder of the tables; before the queues are loaded. @throws {CorruptLogError} */
  static load(dir: Dir, report: Log): Deletions {
    const deletions = new Deletions(new JsonFile(dir, DELETED_TOPICS, report));
    deletions.#floors = deletions.#file.load(parseDeletedTopics) ?? deletions.#floors;
    return deletions;
  }

  /** The floors that no power cut takes back. */
  get floors(): DeletedTopics {
    return this.#floors;
  }

  /** Log offset before which a topic's messages are deleted; 0 when none are. */
  readonly floorOf = (topic: string): number => this.#floors.get(topic) ?? 0;

  /** Calls `fn` with each floor that moved. */
  onFloor(fn: (topic: string, floor: number) => void): void {
    this.#onFloor = fn;
  }

  /** The store is open: topics can be deleted from now on. */
  begin(parts: DeletionParts): void {
    this.#parts = parts;
  }

  /** Deletes what the log holds of these topics; resolves when no power cut brings it back. @throws {FsError} */
  erase(topics: Iterable<string>): Promise<void> {
    const { log: { tail }, dispatch, queues } = this.#open;
    const mayHaveMore = dispatch.position < tail;
    const floors = new Map<string, number>();
    for (const topic of topics) {
      if (mayHaveMore || queues.of(topic).some(hasMessages)) floors.set(topic, tail);
    }
    return this.raise(floors);
  }

  /** Brings floors up to these, and none down; resolves when that is safe. @throws {FsError} */
  raise(wanted: DeletedTopics): Promise<void> {
    return this.#inTurn(async () => {
      const { log, flush } = this.#open;
      const floors = new Map(this.#floors);
      let end = 0;
      for (const [topic, wish] of wanted) {
        const floor = Math.min(wish, log.tail); // it may have been cut since
        if (floor <= Math.max(log.minOffset, this.floorOf(topic))) continue;
        floors.set(topic, floor);
        end = Math.max(end, floor);
      }
      if (end === 0) return;
      await flush.patiently(end);
      await this.#save(floors);
    });
  }

  /** As `raise`, for what a master says: as far as this log and its queues have come. */
  follow(told: DeletedTopics): Promise<void> {
    const { position } = this.#open.dispatch;
    return this.raise(new Map([...told].filter(([, floor]) => floor <= position)));
  }

  /** The log ends at `end` now; before anything is appended there. @throws {FsError} */
  cutTo(end: number): Promise<void> {
    return this.#inTurn(async () => {
      if ([...this.#floors.values()].every((floor) => floor <= end)) return;
      const floors = new Map<string, number>();
      for (const [topic, floor] of this.#floors) {
        if (end > 0) floors.set(topic, Math.min(floor, end));
      }
      for (let copies = 0; copies < 2; copies++) await this.#save(floors); // the .bak would hide what comes, too
    });
  }

  /** Forgets the topics all of whose deleted messages went with the log's files. See RetentionParts. */
  removeBefore(logMin: number): Promise<void> {
    return this.#inTurn(async () => {
      const floors = new Map([...this.#floors].filter(([, floor]) => floor > logMin));
      if (floors.size < this.#floors.size) await this.#save(floors);
    });
  }

  /** Resolves when nothing is being written, and nothing will be. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#changing;
  }

  get #open(): DeletionParts {
    if (!this.#parts) throw new Error("the store is being opened");
    return this.#parts;
  }

  async #save(floors: DeletedTopics): Promise<void> {
    await this.#file.save(formatDeletedTopics(floors));
    const before = this.#floors;
    this.#floors = floors;
    let failure: { error: unknown } | undefined;
    for (const topic of new Set([...before.keys(), ...floors.keys()])) {
      const floor = this.floorOf(topic);
      try {
        if (floor !== before.get(topic)) this.#onFloor(topic, floor);
      } catch (error) {
        failure = { error }; // the disk did not let a queue be looked at; the others are to know
      }
    }
    if (failure) throw failure.error;
  }

  /** One after the other; what failed does not hold up the next. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    if (this.#closed) return Promise.reject(new Error("the store is being closed"));
    const changed = this.#changing.then(change);
    this.#changing = changed.catch(() => {});
    return changed;
  }
}

function hasMessages({ minOffset, maxOffset }: { minOffset: number; maxOffset: number }): boolean {
  return minOffset < maxOffset;
}
