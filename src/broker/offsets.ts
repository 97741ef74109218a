import { FieldError } from "../base/errors.ts";
import { AutoSave, JsonFile } from "../base/json_file.ts";
import type { Log } from "../base/log.ts";
import type { Dir } from "../ports/fs.ts";
import type { Clock } from "../ports/host.ts";
import {
  formatOffsetTable,
  type OffsetTable,
  parseOffsetTable,
  splitPlace,
} from "../wire/offset.ts";

/** All over the broker: queue entries. Names and numbers of a million take some 100 MB. */
const ENTRIES_MAX = 1_000_000;

/** What `Offsets` works with. */
export interface OffsetsOptions {
  /** The folder of the tables. */
  readonly dir: Dir;
  readonly clock: Clock;
  readonly log: Log;
  /** Time between a commit and its way to the disk. Source: BrokerConfig. */
  readonly flushConsumerOffsetInterval: number;
}

/**
 * How far each consumer group has come in each queue, and the one owner of consumerOffset.json.
 *
 * Commits are many and small: a commit is three look-ups, and no text is built for it. The last one wins,
 * also when it goes back: consumers that were told to start over do that.
 */
export class Offsets {
  readonly #groups = new Map<string, Map<string, Map<number, number>>>();
  readonly #log: Log;
  readonly #file: JsonFile;
  readonly #save: AutoSave;
  #count = 0;

  constructor({ dir, clock, log, flushConsumerOffsetInterval }: OffsetsOptions) {
    this.#log = log;
    this.#file = new JsonFile(dir, "consumerOffset.json", log);
    this.#save = new AutoSave({
      file: this.#file,
      clock,
      log,
      intervalMs: flushConsumerOffsetInterval,
      text: () => formatOffsetTable(this.table(), true),
    });
  }

  /** Reads the file; before anything else is asked. @throws {CorruptLogError} */
  load(): void {
    const table = this.#file.load(parseOffsetTable);
    if (table !== undefined) this.#fill(table);
  }

  /** Where the group goes on in that queue; undefined when it never said. */
  of(group: string, topic: string, queueId: number): number | undefined {
    return this.#groups.get(group)?.get(topic)?.get(queueId);
  }

  /**
   * Notes where the group goes on in that queue. False when the table is full.
   * @throws {FieldError} when a name, the queue or the offset cannot be.
   */
  commit(group: string, topic: string, queueId: number, queueOffset: number): boolean {
    if (queueOffset < 0) {
      throw new FieldError("commitOffset", String(queueOffset), "a queue offset, 0 or more");
    }
    const queues = this.#groups.get(group)?.get(topic);
    if (queues === undefined || !queues.has(queueId)) {
      checkPlace(group, topic, queueId);
      if (this.#count >= ENTRIES_MAX) return false;
      this.#put(group, topic, queueId, queueOffset);
      this.#save.changed();
    } else if (queues.get(queueId) !== queueOffset) {
      queues.set(queueId, queueOffset);
      this.#save.changed();
    }
    return true;
  }

  /** Groups that have an offset in the topic. */
  groupsOf(topic: string): string[] {
    return [...this.#groups].filter(([, topics]) => topics.has(topic)).map(([group]) => group);
  }

  /** Topics that the group has an offset in. */
  topicsOf(group: string): string[] {
    return [...this.#groups.get(group)?.keys() ?? []];
  }

  /** Forgets all offsets of a group. */
  removeGroup(group: string): void {
    const topics = this.#groups.get(group);
    if (topics === undefined) return;
    for (const queues of topics.values()) this.#count -= queues.size;
    this.#groups.delete(group);
    this.#save.changed();
  }

  /** The body of answer 43. */
  json(): string {
    return formatOffsetTable(this.table(), false);
  }

  /** All of it as it travels; not to be kept. */
  table(): OffsetTable {
    const table = new Map<string, ReadonlyMap<number, number>>();
    for (const [group, topics] of this.#groups) {
      for (const [topic, queues] of topics) table.set(`${topic}@${group}`, queues);
    }
    return table;
  }

  /** Where the group goes on in the queues of a topic; not to be kept. */
  queuesOf(group: string, topic: string): ReadonlyMap<number, number> | undefined {
    return this.#groups.get(group)?.get(topic);
  }

  /** Forgets where a group is in one queue. */
  remove(group: string, topic: string, queueId: number): void {
    const topics = this.#groups.get(group);
    const queues = topics?.get(topic);
    if (!queues?.delete(queueId)) return;
    this.#count--;
    if (queues.size === 0) topics!.delete(topic);
    if (topics!.size === 0) this.#groups.delete(group);
    this.#save.changed();
  }

  /** Takes back what lies behind the end of its queue: the messages it points at are not here. */
  clampTo(endOf: (topic: string, queueId: number) => number): void {
    for (const [group, topics] of this.#groups) {
      for (const [topic, queues] of topics) {
        for (const [queueId, queueOffset] of queues) {
          const end = endOf(topic, queueId);
          if (queueOffset > end) this.commit(group, topic, queueId, end);
        }
      }
    }
  }

  /** Resolves when all commits so far are on the disk. @throws {FsError} */
  flush(): Promise<void> {
    return this.#save.flush();
  }

  /** Writes what is left. */
  close(): Promise<void> {
    return this.#save.close();
  }

  #fill(table: OffsetTable): void {
    for (const [place, queues] of table) {
      const at = splitPlace(place);
      if (at === undefined) {
        this.#log.warn("skipping an offset without a topic or a group", { place });
        continue;
      }
      const [topic, group] = at;
      for (const [queueId, queueOffset] of queues) {
        if (queueOffset >= 0) this.#put(group, topic, queueId, queueOffset);
      }
    }
  }

  #put(group: string, topic: string, queueId: number, queueOffset: number): void {
    let topics = this.#groups.get(group);
    if (topics === undefined) this.#groups.set(group, topics = new Map());
    let queues = topics.get(topic);
    if (queues === undefined) topics.set(topic, queues = new Map());
    if (!queues.has(queueId)) this.#count++;
    queues.set(queueId, queueOffset);
  }
}

function checkPlace(group: string, topic: string, queueId: number): void {
  if (group.length > 255) {
    throw new FieldError("consumerGroup", group, "a group of at most 255 characters");
  }
  if (topic.length > 255 || topic.includes("@")) {
    throw new FieldError("topic", topic, "a topic's name");
  }
  if (queueId < 0) throw new FieldError("queueId", String(queueId), "a queue's number, 0 or more");
}
