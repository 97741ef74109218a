import { viewOf } from "../../base/bytes.ts";
import type { Dir } from "../../ports/fs.ts";
import { isLight } from "../opening/foreign.ts";
import type { Handles } from "../handles.ts";
import {
  ENTRY_BYTES,
  entryIsThere,
  entryLogOffset,
  entrySize,
  entryTagsCode,
  FILL_SIZE,
  firstThat,
} from "../queue_entry.ts";
import { type StoredFile, StoredFiles } from "./stored_files.ts";

/** Entries read at a time; there may be thousands of queues. */
const WINDOW_ENTRIES = 64;

/** The entries of one consume queue as they lie on the disk, for looking only. */
export class StoredQueue {
  readonly topic: string;
  readonly queueId: number;
  readonly files: StoredFiles;
  /** Number of the first entry in the files. */
  readonly first: number;
  /** Of the entry that `look` found. */
  logOffset = 0;
  size = 0;
  tagsCode = 0;
  #bytes: Uint8Array | undefined;
  #view!: DataView;
  #from = 0; // number of the first entry in the window
  #count = 0;

  constructor(topic: string, queueId: number, dir: Dir, handles: Handles) {
    this.topic = topic;
    this.queueId = queueId;
    this.files = new StoredFiles([dir], handles);
    this.first = (this.files.first?.base ?? 0) / ENTRY_BYTES;
  }

  get name(): string {
    return `${this.topic}/${this.queueId}`;
  }

  /** Number behind the last entry that is there now. */
  end(): number {
    for (let i = this.files.length - 1; i >= 0; i--) {
      const file = this.files.at(i)!;
      const start = file.base / ENTRY_BYTES;
      if (i > 0 && !isThere(file, start)) continue;
      return firstThat(start, start + file.size / ENTRY_BYTES | 0, (n) => !isThere(file, n));
    }
    return this.first;
  }

  /** Brings an entry into the fields above; false where nothing was put. */
  look(n: number): boolean {
    if (this.#inWindow(n) && this.#take(n)) return true;
    this.#fill(n); // a broker may have written it since
    return this.#inWindow(n) && this.#take(n);
  }

  /** The entry that `look` found stands for one that this broker never had. */
  get isFill(): boolean {
    return this.size === FILL_SIZE;
  }

  #inWindow(n: number): boolean {
    return n >= this.#from && n < this.#from + this.#count;
  }

  #take(n: number): boolean {
    const at = (n - this.#from) * ENTRY_BYTES;
    if (!entryIsThere(this.#view, at)) return false;
    this.logOffset = entryLogOffset(this.#view, at);
    this.size = entrySize(this.#view, at);
    this.tagsCode = entryTagsCode(this.#view, at);
    return true;
  }

  #fill(n: number): void {
    this.#count = 0;
    const file = this.files.find(n * ENTRY_BYTES);
    if (!file) return;
    if (this.#bytes === undefined) {
      this.#bytes = new Uint8Array(WINDOW_ENTRIES * ENTRY_BYTES);
      this.#view = viewOf(this.#bytes);
    }
    const length = file.file.readAt(n * ENTRY_BYTES - file.base, this.#bytes);
    this.#from = n;
    this.#count = Math.floor(length / ENTRY_BYTES);
  }
}

const one = new Uint8Array(ENTRY_BYTES);
const oneView = viewOf(one);

function isThere(file: StoredFile, n: number): boolean {
  return file.file.readAt(n * ENTRY_BYTES - file.base, one) === ENTRY_BYTES &&
    entryIsThere(oneView, 0);
}

/** All queues below a store's `consumequeue` that our broker serves. */
export function storedQueues(dir: Dir, handles: Handles): StoredQueue[] {
  return queuesIn(dir, handles, (topic) => !isLight(topic));
}

/** A Java broker's light queues, which no broker can make from the log without its options. */
export function storedLightQueues(dir: Dir, handles: Handles): StoredQueue[] {
  return queuesIn(dir, handles, isLight);
}

function queuesIn(dir: Dir, handles: Handles, counts: (topic: string) => boolean): StoredQueue[] {
  const topics = dir.entries().filter(({ name, isDir }) => isDir && counts(name));
  return topics.flatMap(({ name: topic }) =>
    dir.child(topic).entries()
      .filter(({ isDir, name }) => isDir && /^\d+$/.test(name))
      .map(({ name }) =>
        new StoredQueue(topic, Number(name), dir.child(`${topic}/${name}`), handles)
      )
  );
}
