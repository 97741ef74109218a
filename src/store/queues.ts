import { textOf, utf8 } from "../base/bytes.ts";
import { type Log, reasonOf } from "../base/log.ts";
import type { Dir } from "../ports/fs.ts";
import { ConsumeQueue } from "./consume_queue.ts";
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

/** The consume queues there are. */
export class Queues {
  readonly #dir: Dir;
  readonly #fileBytes: number;
  readonly #handles: Handles;
  readonly #log: Log;
  readonly #byName = new Map<string, Topic>();
  readonly #byHash = new Map<number, Topic>();
  #last: Topic | undefined; // found last: most records follow one of their topic
  #dirty: ConsumeQueue[] = [];
  #failing = false; // the disk took no entries the last time
  readonly #becameDirty = (queue: ConsumeQueue): void => void this.#dirty.push(queue);

  constructor(dir: Dir, fileBytes: number, handles: Handles, log: Log) {
    this.#dir = dir;
    this.#fileBytes = fileBytes;
    this.#handles = handles;
    this.#log = log;
  }

  /** Takes over the folders `<topic>/<queueId>` that are there. */
  async load(crashed: boolean, turn: Turn): Promise<void> {
    for (const topic of this.#dir.entries()) {
      if (!topic.isDir) continue;
      for (const queue of this.#dir.child(topic.name).entries()) {
        if (!queue.isDir || !/^\d+$/.test(queue.name)) continue;
        this.#make(this.#topic(topic.name, utf8(topic.name)), Number(queue.name)).load(crashed);
        if (turn.isOver()) await turn.next();
      }
    }
  }

  /** Drops the entries of records at or behind `logOffset`; an error only after all queues were tried. */
  cutFrom(logOffset: number): void {
    let failure: { error: unknown } | undefined;
    for (const queue of this.all()) {
      if (queue.logEnd <= logOffset) continue;
      try {
        queue.cutFrom(logOffset);
      } catch (error) {
        failure = { error };
      }
    }
    if (failure) throw failure.error;
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
    this.#byName.clear();
    this.#byHash.clear();
    for (const queue of queues) queue.clear();
    for (const { name } of this.#dir.entries()) this.#dir.remove(name);
  }

  get(topic: string, queueId: number): ConsumeQueue | undefined {
    return this.#byName.get(topic)?.queues.get(queueId);
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

  /** Makes safe what the queues have now. False when the disk did not let it. */
  async sync(turn: Turn): Promise<boolean> {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const queue of dirty) queue.dirty = false; // what it gets from now on is for the next time
    let failure: unknown;
    for (const queue of dirty) {
      if (turn.isOver()) await turn.next();
      try {
        await this.#sync(queue);
      } catch (error) {
        failure = error;
        this.#again(queue);
      }
    }
    this.#tried(failure);
    return failure === undefined;
  }

  /** The folders above a first file have to be safe as well. */
  async #sync(queue: ConsumeQueue): Promise<void> {
    queue.write();
    if (queue.isNew) {
      await this.#dir.child(queue.topic).sync();
      await this.#dir.sync();
    }
    await queue.sync();
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
    const queue = new ConsumeQueue(topic.name, queueId, segments, this.#becameDirty);
    topic.queues.set(queueId, queue);
    return queue;
  }

  #find(bytes: Uint8Array, at: number, length: number): Topic | undefined {
    let topic = this.#byHash.get(hashOf(bytes, at, length));
    while (topic !== undefined && !isName(topic.bytes, bytes, at, length)) topic = topic.next;
    if (topic) return topic;
    const own = bytes.slice(at, at + length);
    const name = textOf(own);
    return isFolderName(name, length) ? this.#topic(name, own) : undefined;
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
