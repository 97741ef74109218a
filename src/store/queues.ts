import { textOf, utf8 } from "../base/bytes.ts";
import { type Log, reasonOf } from "../base/log.ts";
import type { Dir } from "../ports/fs.ts";
import { ConsumeQueue } from "./consume_queue.ts";
import type { Deletions } from "./deletions.ts";
import { isLight } from "./opening/foreign.ts";
import type { Handles } from "./handles.ts";
import { Segments } from "./segments.ts";
import type { Turn } from "./turn.ts";

/** What says how large the files of queues are. */
const FILE_KEY = "mappedFileSizeConsumeQueue";

/** A topic's queues, found by the bytes of its name as they lie in a record. */
interface Topic {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly queues: Map<number, ConsumeQueue>;
  /** Another topic whose name has the same hash. */
  readonly next: Topic | undefined;
}

/** A disk makes several files safe in the time of one; more would keep the log's own syncs waiting. */
const SYNCS_AT_ONCE = 4;

/** The consume queues there are. */
export class Queues {
  readonly #dir: Dir;
  readonly #fileBytes: number;
  readonly #handles: Handles;
  readonly #log: Log;
  readonly #floorOf: (topic: string) => number;
  readonly #byName = new Map<string, Topic>();
  readonly #byHash = new Map<number, Topic>();
  readonly #light = new Set<string>(); // topics that are left alone
  #last: Topic | undefined; // found last: most records follow one of their topic
  #dirty: ConsumeQueue[] = [];
  #failing = false; // the disk took no entries the last time
  readonly #becameDirty = (queue: ConsumeQueue): void => void this.#dirty.push(queue);

  constructor(
    dir: Dir,
    fileBytes: number,
    handles: Handles,
    log: Log,
    deletions?: Pick<Deletions, "floorOf" | "onFloor">,
  ) {
    this.#dir = dir;
    this.#fileBytes = fileBytes;
    this.#handles = handles;
    this.#log = log;
    this.#floorOf = deletions?.floorOf ?? (() => 0);
    deletions?.onFloor((topic, floor) => eachOf(this.of(topic), (queue) => queue.setFloor(floor)));
  }

  /**
   * Takes over the folders `<topic>/<queueId>` that are there, but not those of light queues. See ConsumeQueue.
   */
  async load(crashed: boolean, isZeroBehind: boolean, turn: Turn): Promise<void> {
    for (const topic of this.#dir.entries()) {
      if (!topic.isDir) continue;
      if (isLight(topic.name)) {
        this.#light.add(topic.name);
        continue;
      }
      for (const queue of this.#dir.child(topic.name).entries()) {
        if (!queue.isDir || !/^\d+$/.test(queue.name)) continue;
        this.#make(this.#topic(topic.name, utf8(topic.name)), Number(queue.name))
          .load(crashed, isZeroBehind);
        if (turn.isOver()) await turn.next();
      }
    }
    if (this.#light.size === 0) return;
    const means = "they are not served here and get no entries";
    this.#log.warn("left alone, a Java broker's light queues", { topics: this.#light.size, means });
  }

  /** Drops the entries of records at or behind `logOffset`; an error only after all queues were tried. */
  cutFrom(logOffset: number): void {
    eachOf(this.all(), (queue) => {
      if (queue.logEnd > logOffset) queue.cutFrom(logOffset);
    });
  }

  /** Removes what no message of a log that begins at `logMin` is in; an error only after all queues were tried. */
  async removeBefore(logMin: number, turn: Turn): Promise<void> {
    let failure: { error: unknown } | undefined;
    for (const queue of this.all()) {
      if (turn.isOver()) await turn.next();
      try {
        await queue.removeBefore(logMin);
      } catch (error) {
        failure = { error };
      }
    }
    if (failure) throw failure.error;
  }

  /** Forgets all queues and removes their files. */
  clear(): void {
    this.#dirty = [];
    this.#last = undefined;
    const queues = [...this.all()];
    this.#light.clear();
    this.#byName.clear();
    this.#byHash.clear();
    for (const queue of queues) queue.clear();
    for (const { name } of this.#dir.entries()) this.#dir.remove(name);
  }

  get(topic: string, queueId: number): ConsumeQueue | undefined {
    return this.#byName.get(topic)?.queues.get(queueId);
  }

  /** The queues of one topic. */
  of(topic: string): ConsumeQueue[] {
    return [...this.#byName.get(topic)?.queues.values() ?? []];
  }

  /** How many topics have queues here; it grows when the log brings one that is new. */
  get topicCount(): number {
    return this.#byName.size;
  }

  /** The topics that have queues here. */
  topicNames(): Iterable<string> {
    return this.#byName.keys();
  }

  *all(): Iterable<ConsumeQueue> {
    for (const { queues } of this.#byName.values()) yield* queues.values();
  }

  /**
   * The queue of a record whose topic lies at `at`, made when it is new; undefined when the topic cannot be
   * the name of a folder, which no broker would have accepted.
   */
  ofRecord(
    bytes: Uint8Array,
    at: number,
    length: number,
    queueId: number,
  ): ConsumeQueue | undefined {
    let topic = this.#last;
    if (topic === undefined || !isName(topic.bytes, bytes, at, length)) {
      topic = this.#find(bytes, at, length);
      if (topic === undefined || queueId < 0) return undefined;
      this.#last = topic;
    }
    return topic.queues.get(queueId) ?? this.#make(topic, queueId);
  }

  /** Writes entries that are in memory only. What the disk does not take stays there for the next time. */
  async write(turn: Turn): Promise<void> {
    let failure: unknown;
    for (const queue of [...this.#dirty]) {
      if (turn.isOver()) await turn.next();
      try {
        queue.write();
      } catch (error) {
        failure = error;
      }
    }
    this.#tried(failure);
  }

  /** Makes safe what the queues have now. False when the disk did not let it, and for good once a sync failed. */
  async sync(turn: Turn): Promise<boolean> {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const queue of dirty) queue.dirty = false; // what it gets from now on is for the next time
    let failure: unknown;
    const failed = (queue: ConsumeQueue, error: unknown): void => {
      failure = error;
      this.#again(queue);
    };
    const written: ConsumeQueue[] = [];
    for (const queue of dirty) {
      if (turn.isOver()) await turn.next();
      try {
        queue.write();
        written.push(queue);
      } catch (error) {
        failed(queue, error);
      }
    }
    const folders = new Map<string, Promise<void>>();
    await atOnce(SYNCS_AT_ONCE, written, async (queue) => {
      if (turn.isOver()) await turn.next();
      try {
        if (queue.isNew) await this.#syncAbove(queue, folders);
        await queue.sync();
      } catch (error) {
        failed(queue, error);
      }
    });
    this.#tried(failure);
    return failure === undefined && !this.#handles.distrusted;
  }

  /** The folders above a first file have to be safe as well; each is made so once for all that were written. */
  async #syncAbove({ topic }: ConsumeQueue, folders: Map<string, Promise<void>>): Promise<void> {
    const once = (name: string, dir: Dir): Promise<void> => {
      const syncing = folders.get(name) ?? dir.sync();
      folders.set(name, syncing);
      return syncing;
    };
    await once(topic, this.#dir.child(topic));
    await once("", this.#dir); // no topic is named so
  }

  #again(queue: ConsumeQueue): void {
    if (queue.dirty) return; // it got entries meanwhile and is listed again
    queue.dirty = true;
    this.#dirty.push(queue);
  }

  /** One line when the disk begins to refuse entries, one when it takes them again. */
  #tried(failure: unknown): void {
    if (failure !== undefined && !this.#failing) {
      this.#log.error("cannot write queue entries, they wait", { reason: reasonOf(failure) });
    } else if (failure === undefined && this.#failing) {
      this.#log.info("queue entries are written again");
    }
    this.#failing = failure !== undefined;
  }

  #make(topic: Topic, queueId: number): ConsumeQueue {
    const dir = this.#dir.child(`${topic.name}/${queueId}`);
    const segments = new Segments(dir, this.#fileBytes, this.#handles, FILE_KEY);
    const floor = this.#floorOf(topic.name);
    const queue = new ConsumeQueue(topic.name, queueId, segments, this.#becameDirty, floor);
    topic.queues.set(queueId, queue);
    return queue;
  }

  #find(bytes: Uint8Array, at: number, length: number): Topic | undefined {
    let topic = this.#byHash.get(hashOf(bytes, at, length));
    while (topic !== undefined && !isName(topic.bytes, bytes, at, length)) topic = topic.next;
    if (topic) return topic;
    const own = bytes.slice(at, at + length);
    const name = textOf(own);
    return isFolderName(name, length) && !this.#light.has(name)
      ? this.#topic(name, own)
      : undefined;
  }

  #topic(name: string, bytes: Uint8Array): Topic {
    const known = this.#byName.get(name);
    if (known) return known;
    const hash = hashOf(bytes, 0, bytes.length);
    const topic = { name, bytes, queues: new Map(), next: this.#byHash.get(hash) };
    this.#byName.set(name, topic);
    this.#byHash.set(hash, topic);
    return topic;
  }
}

/** Does `work` for each; an error only after all were tried. */
function eachOf(queues: Iterable<ConsumeQueue>, work: (queue: ConsumeQueue) => void): void {
  let failure: { error: unknown } | undefined;
  for (const queue of queues) {
    try {
      work(queue);
    } catch (error) {
      failure = { error };
    }
  }
  if (failure) throw failure.error;
}

/** Does `work` for each item, so many at a time. It does not reject. */
async function atOnce<T>(
  count: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]);
  };
  await Promise.all(Array.from({ length: count }, lane));
}

function isFolderName(name: string, length: number): boolean {
  return length <= 255 && name !== "" && name !== "." && name !== ".." &&
    !/[/\\\0\ufffd]/.test(name);
}

function isName(name: Uint8Array, bytes: Uint8Array, at: number, length: number): boolean {
  if (name.length !== length) return false;
  for (let i = 0; i < length; i++) if (name[i] !== bytes[at + i]) return false;
  return true;
}

/** FNV-1a. */
function hashOf(bytes: Uint8Array, at: number, length: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = at; i < at + length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash;
}
