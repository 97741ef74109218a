import type { Dir } from "../../ports/fs.ts";
import type { Codecs } from "../../ports/host.ts";
import { type Checkpoint, NO_CHECKPOINT, readCheckpoint, safeTime } from "../checkpoint.ts";
import { Handles } from "../handles.ts";
import { LogReader } from "../log_reader.ts";
import { storedIndex, type StoredIndexFile } from "./stored_index.ts";
import { StoredFiles } from "./stored_files.ts";
import { type StoredQueue, storedQueues } from "./stored_queue.ts";

/** Where the parts of a store lie. */
export interface StorePlace {
  /** The store's folder; undefined when only a log is at hand. */
  readonly root: Dir | undefined;
  /** The folders of the log; RocketMQ can spread one over several. */
  readonly logDirs: readonly Dir[];
}

const OPEN_LOG_FILES_MAX = 16;
const OPEN_QUEUE_FILES_MAX = 256;
const OPEN_INDEX_FILES_MAX = 16;
const LOOK_BYTES = 4 * 1024;

/** A store that is looked at, and by nothing here changed; its broker may be running. */
export class StoredStore implements Disposable {
  readonly place: StorePlace;
  readonly log: StoredFiles;
  readonly queues: readonly StoredQueue[];
  readonly index: readonly StoredIndexFile[];
  readonly checkpoint: Checkpoint;
  /** `abort` is there: a broker has it open, or did not close it. */
  readonly isOpen: boolean;
  readonly #handles = [OPEN_LOG_FILES_MAX, OPEN_QUEUE_FILES_MAX, OPEN_INDEX_FILES_MAX]
    .map((max) => new Handles(max));

  constructor(place: StorePlace) {
    this.place = place;
    const { root, logDirs } = place;
    this.isOpen = root?.stat("abort") !== undefined;
    this.checkpoint = root ? readCheckpoint(root) : NO_CHECKPOINT;
    this.log = new StoredFiles(logDirs, this.#handles[0]);
    this.queues = root ? storedQueues(root.child("consumequeue"), this.#handles[1]) : [];
    this.index = root ? storedIndex(root.child("index"), this.#handles[2]) : [];
  }

  [Symbol.dispose](): void {
    for (const open of this.#handles) open.closeAll();
  }
}

/** `FILE at byte N` of a place in the log. */
export function placeText({ log }: Pick<StoredStore, "log">, logOffset: number): string {
  const file = log.find(logOffset);
  return file ? `${file.path} at byte ${logOffset - file.base}` : `log offset ${logOffset}`;
}

/**
 * From where on the next start makes queue entries anew, by what the checkpoint vouches for after a crash,
 * else behind the newest record that a queue knows.
 */
export function rebuiltFrom(store: StoredStore, codecs: Codecs): number {
  return store.isOpen ? lastSafeFile(store, codecs) : newestKnown(store.queues);
}

/** Log offset behind the newest record that a queue has an entry of; 0 without one. */
export function newestKnown(queues: readonly StoredQueue[]): number {
  let newest = 0;
  for (const queue of queues) {
    const end = queue.end();
    if (end === queue.first || !queue.look(end - 1) || queue.isFill) continue;
    newest = Math.max(newest, queue.logOffset + queue.size);
  }
  return newest;
}

function lastSafeFile({ log, checkpoint }: StoredStore, codecs: Codecs): number {
  const safe = safeTime(checkpoint);
  const reader = new LogReader(log, codecs, LOOK_BYTES);
  for (let i = log.length - 1; i > 0; i--) {
    const { base } = log.at(i)!;
    const { record } = reader.scanner;
    const counts = reader.look(base) === "record" && record.storeTimestamp > 0;
    if (counts && record.storeTimestamp <= safe) return base;
  }
  return log.first?.base ?? 0;
}
