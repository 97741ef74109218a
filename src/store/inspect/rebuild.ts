import type { Log } from "../../base/log.ts";
import { type Dir, FsError } from "../../ports/fs.ts";
import type { Runtime } from "../../ports/host.ts";
import { NO_CHECKPOINT, writeCheckpoint } from "../checkpoint.ts";
import { DamageBelow } from "../opening/damage.ts";
import { StoreRefusal } from "../errors.ts";
import { Feed } from "../feed.ts";
import { Handles } from "../handles.ts";
import type { IndexShape } from "../index/index_layout.ts";
import { KeyIndex } from "../index/key_index.ts";
import { DELAY_LEVELS_MS, STORE_DEFAULTS } from "../options.ts";
import { Queues } from "../queues.ts";
import { dropRebuilt, finishSwap, rebuiltDir, swapRebuilt } from "../opening/rebuilt.ts";
import { segmentName } from "../segment.ts";
import { Turn } from "../turn.ts";
import { LogWalk } from "./log_walk.ts";
import { newestKnown, StoredStore, type StorePlace } from "./stored.ts";
import type { StoredFile } from "./stored_files.ts";
import { storedLightQueues, type StoredQueue } from "./stored_queue.ts";

/** What a rebuild is told; what is left out is as the files are that are there, else RocketMQ's default. */
export interface RebuildOptions {
  /** [mappedFileSizeConsumeQueue] */
  readonly queueFileBytes?: number;
  /** [maxHashSlotNum] */
  readonly indexSlots?: number;
  /** [maxIndexNum] */
  readonly indexItems?: number;
  /** [messageDelayLevel] */
  readonly delayLevelsMs?: readonly number[];
  /** Called now and then with the bytes of the log that are done. */
  readonly progress?: (done: number) => void;
}

/** What was rebuilt. */
export interface Rebuilt {
  readonly records: number;
  readonly queues: number;
  readonly entries: number;
  readonly indexFiles: number;
  readonly keys: number;
  /** Queues all of whose messages are gone: their last file was kept, for it has their next number. */
  readonly keptQueues: number;
  /** A Java broker's light queues: kept as they were. */
  readonly lightQueues: number;
  /** Behind the last record. */
  readonly logEnd: number;
}

const OPEN_FILES_MAX = 256;
const COPY_BYTES = 64 * 1024;
/** Bytes of the log between two calls of `progress`. */
const PROGRESS_BYTES = 64 * 1024;

/**
 * Makes consume queues and key index again from the log, beside those that are there, and puts them in their
 * place when they are whole and safe. Killed at any moment, the store has the old ones or the new ones.
 *
 * @throws {StoreRefusal} when a broker has the store, {DamageBelow} when the log cannot be read to its end
 */
export async function rebuildStore(
  runtime: Pick<Runtime, "clock" | "codecs">,
  place: StorePlace,
  options: RebuildOptions,
  report: Log,
): Promise<Rebuilt> {
  const root = place.root;
  if (!root) {
    const { path } = place.logDirs[0];
    throw new StoreRefusal(
      `Cannot rebuild ${path}: it is a log alone, give the folder of its store`,
    );
  }
  using lock = root.lock("lock");
  if (!lock) throw new StoreRefusal(`Cannot rebuild ${root.path}: a broker holds its lock file`);
  await finishSwap(root);
  dropRebuilt(root);
  using store = new StoredStore(place);
  const { rebuilt, newestMs } = await make(runtime, root, store, options, report).catch((error) => {
    dropRebuilt(root);
    throw error;
  });
  await take(root, store, newestMs);
  return rebuilt;
}

/** Makes all of it beside what is there. */
async function make(
  runtime: Pick<Runtime, "clock" | "codecs">,
  root: Dir,
  store: StoredStore,
  options: RebuildOptions,
  report: Log,
): Promise<{ rebuilt: Rebuilt; newestMs: number }> {
  using making = new Making(runtime, root, store, options, report);
  const walked = making.feed(options.progress);
  return { rebuilt: await making.finish(walked), newestMs: walked.newestMs };
}

/** How far the log was read. */
interface Walked {
  readonly records: number;
  readonly logEnd: number;
  readonly newestMs: number;
}

/** Queues and index that are being made. */
class Making implements Disposable {
  readonly #runtime: Pick<Runtime, "clock" | "codecs">;
  readonly #root: Dir;
  readonly #store: StoredStore;
  readonly #handles = new Handles(OPEN_FILES_MAX);
  readonly #queueDir: Dir;
  readonly #queues: Queues;
  readonly #index: KeyIndex;
  readonly #feed: Feed;

  constructor(
    runtime: Pick<Runtime, "clock" | "codecs">,
    root: Dir,
    store: StoredStore,
    options: RebuildOptions,
    report: Log,
  ) {
    this.#runtime = runtime;
    this.#root = root;
    this.#store = store;
    this.#queueDir = rebuiltDir(root, "consumequeue");
    const indexDir = rebuiltDir(root, "index");
    for (const dir of [this.#queueDir, indexDir]) dir.make();
    const queueFileBytes = options.queueFileBytes ?? fileBytesOf(store.queues);
    this.#queues = new Queues(this.#queueDir, queueFileBytes, this.#handles, report);
    const shape = shapeOf(store, options);
    this.#index = new KeyIndex(indexDir, shape, this.#handles, runtime.clock, report);
    this.#index.join(store.log.first?.base ?? 0); // there is nothing before
    const levels = options.delayLevelsMs ?? DELAY_LEVELS_MS;
    this.#feed = new Feed(this.#queues, levels, report, this.#index);
  }

  [Symbol.dispose](): void {
    this.#handles.closeAll();
  }

  /** Reads the log to its end. @throws {DamageBelow} where it cannot be read although records follow */
  feed(progress: ((done: number) => void) | undefined): Walked {
    const { log, queues, isOpen } = this.#store;
    const min = log.first?.base ?? 0;
    const known = newestKnown(queues);
    let [records, newestMs, told] = [0, 0, min];
    const step = new LogWalk(log, this.#runtime.codecs);
    for (let found = step.next(); found !== "end"; found = step.next()) {
      const { at, reason } = step;
      if (found === "bad") {
        if (!isOpen && known > 0 && at >= known) break; // stale bytes that a Java broker left
        const file = log.find(at) ?? log.after(at) ?? log.first!;
        throw new DamageBelow(file, at, newestMs, reason ?? "nothing is there", this.#root.path);
      }
      if (found !== "record") continue;
      this.#feed.put(step.bytes, step.record);
      records++;
      newestMs = Math.max(newestMs, step.record.storeTimestamp);
      if (at >= told + PROGRESS_BYTES) progress?.((told = at) - min);
    }
    return { records, newestMs, logEnd: step.at };
  }

  /** Makes all of it safe. @throws {Error} when the disk does not take it */
  async finish({ records, logEnd }: Walked): Promise<Rebuilt> {
    const turn = new Turn(this.#runtime.clock);
    const isSafe = await this.#queues.sync(turn) && await this.#index.sync(turn);
    if (!isSafe || this.#index.isBehind) {
      const { path } = this.#root;
      throw new FsError("other", `cannot rebuild ${path}: the disk does not take what was made`);
    }
    const keptQueues = await this.#keepNumbers();
    const lightQueues = await this.#keepLight();
    const queues = [...this.#queues.all()];
    const items = this.#index.files.map(({ header }) => header.count - 1);
    return {
      records,
      queues: queues.length,
      entries: queues.reduce((sum, { maxOffset, minOffset }) => sum + maxOffset - minOffset, 0),
      indexFiles: items.length,
      keys: items.reduce((sum, count) => sum + count, 0),
      keptQueues,
      lightQueues,
      logEnd,
    };
  }

  /** A queue without messages has its next number in its last file only; consumers count on that. */
  async #keepNumbers(): Promise<number> {
    const logMin = this.#store.log.first?.base ?? Infinity;
    const kept = this.#store.queues.filter((queue) =>
      !this.#queues.get(queue.topic, queue.queueId)?.maxOffset && isOutlived(queue, logMin)
    );
    for (const queue of kept) await this.#keep(queue, [queue.files.last!]);
    return kept.length;
  }

  /** Their entries are no part of what the log's records say to us. */
  async #keepLight(): Promise<number> {
    const light = storedLightQueues(this.#root.child("consumequeue"), this.#handles);
    for (const queue of light) await this.#keep(queue, queue.files);
    return light.length;
  }

  async #keep({ topic, name, files }: StoredQueue, some: Iterable<StoredFile>): Promise<void> {
    const dir = this.#queueDir.child(name);
    dir.make();
    for (const file of some) await copyFile(file, dir, files.fileBytes);
    await dir.sync();
    await this.#queueDir.child(topic).sync();
    await this.#queueDir.sync();
  }
}

/** The last entry's message was deleted with its log file; or those behind it were cut, and it is gone as well. */
function isOutlived(queue: StoredQueue, logMin: number): boolean {
  const end = queue.end();
  if (end === queue.first) return end > 0; // then only the name of its file tells the next number
  return queue.look(end - 1) && (queue.isFill || queue.logOffset < logMin);
}

async function copyFile(from: StoredFile, dir: Dir, fileBytes: number): Promise<void> {
  using copy = dir.open(segmentName(from.base), "create");
  copy.truncate(fileBytes);
  const bytes = new Uint8Array(COPY_BYTES);
  for (let at = 0; at < from.size;) {
    const length = from.file.readAt(at, bytes);
    if (length === 0) break;
    const part = bytes.subarray(0, length);
    if (part.some((byte) => byte !== 0)) copy.writeAt(at, part);
    at += length;
  }
  await copy.sync();
}

function fileBytesOf(queues: readonly StoredQueue[]): number {
  const most = Math.max(0, ...queues.map(({ files }) => files.fileBytes));
  return most > 0 ? most : STORE_DEFAULTS.queueFileBytes;
}

function shapeOf({ index }: StoredStore, { indexSlots, indexItems }: RebuildOptions): IndexShape {
  const known = index.find(({ shape }) => shape)?.shape;
  return {
    slots: indexSlots ?? known?.slots ?? STORE_DEFAULTS.indexSlots!,
    items: indexItems ?? known?.items ?? STORE_DEFAULTS.indexItems!,
  };
}

/**
 * Puts what was made in its place. Until that is done the store is one that was not closed and whose
 * checkpoint vouches for nothing: whoever starts on it then, also a Java broker, reads the whole log.
 */
async function take(
  root: Dir,
  { isOpen, checkpoint }: StoredStore,
  newestMs: number,
): Promise<void> {
  root.open("abort", "create").close();
  await writeCheckpoint(root, NO_CHECKPOINT);
  await swapRebuilt(root);
  const indexMs = Math.max(checkpoint.indexMs, newestMs); // all of it is safe
  if (isOpen) return writeCheckpoint(root, { ...checkpoint, indexMs }); // of the log, its broker did not say
  const all = Math.max(checkpoint.physicMs, newestMs);
  await writeCheckpoint(root, { physicMs: all, logicsMs: all, indexMs: all });
  root.remove("abort");
  await root.sync();
}
