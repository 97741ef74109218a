import { type Log, reasonOf } from "../base/log.ts";
import { makeFolder } from "../base/make_folder.ts";
import type { Dir } from "../ports/fs.ts";
import type { Runtime } from "../ports/host.ts";
import { type Appended, Appender, type NewMessage } from "./append.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { CommitLog } from "./commit_log.ts";
import { type CutParts, cutStore, emptyStore, finishEmptying, removeQueues } from "./cut.ts";
import { Deletions } from "./deletions.ts";
import { Dispatch } from "./dispatch.ts";
import { Feed } from "./feed.ts";
import { Flush } from "./flush.ts";
import { type Hold, holdFolder } from "./opening/folder.ts";
import { mustNotBeDledger, warnOfForeign } from "./opening/foreign.ts";
import { Handles } from "./handles.ts";
import type { OnOpenProgress } from "./opening/headway.ts";
import { loadLog } from "./opening/load_log.ts";
import { DELAY_LEVELS_MS, indexShape, STORE_DEFAULTS, type StoreOptions } from "./options.ts";
import { IndexFill } from "./index/index_fill.ts";
import { sayHole } from "./index/index_hole.ts";
import { INDEX, KeyIndex } from "./index/key_index.ts";
import { QueueOffsets } from "./queue_offsets.ts";
import { Queues } from "./queues.ts";
import { finishSwap } from "./opening/rebuilt.ts";
import { recover } from "./opening/recover.ts";
import { CLOSING } from "./refusal_texts.ts";
import { Retention } from "./retention/retention.ts";
import { RETENTION_DEFAULTS } from "./retention/retention_options.ts";
import { rewriteLog } from "./opening/rewrite.ts";
import { Segments } from "./segments.ts";
import { eachOf } from "./opening/several_dirs.ts";
import { Turn } from "./turn.ts";
import { Upkeep } from "./upkeep.ts";

export type { Appended, NewMessage } from "./append.ts";
export type { StoreOptions } from "./options.ts";

/** What says how large the files of a log are. */
const LOG_FILE_KEY = "mappedFileSizeCommitLog";
/** Files of the log that are kept open. */
const OPEN_LOG_FILES_MAX = 64;
/** And of the key index, where only queries open others than the last. */
const OPEN_INDEX_FILES_MAX = 8;

/** What openStore puts together. */
interface Parts extends CutParts {
  readonly fill: IndexFill | undefined;
  readonly handles: readonly Handles[];
  readonly appender: Appender;
  readonly retention: Retention;
  readonly hold: Hold;
  readonly report: Log;
}

/** A broker's messages on disk. */
export class Store implements AsyncDisposable {
  readonly log: CommitLog;
  readonly flush: Flush;
  readonly queues: Queues;
  readonly index: KeyIndex;
  readonly dispatch: Dispatch;
  readonly retention: Retention;
  readonly deletions: Deletions;
  /** Whoever had the store before did not close it: a crash, a kill, a power cut. */
  readonly recovered: boolean;
  /** Bytes of the log behind it may have been lost when the machine restarted; Infinity: it did not. */
  readonly suspectFrom: number;
  readonly #parts: Parts;
  readonly #appender: Appender;
  #born: number;
  #cutting: Promise<void> = Promise.resolve();
  #mustRecover = false; // a cut failed half way
  #closing: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.log = parts.log;
    this.flush = parts.flush;
    this.queues = parts.queues;
    this.index = parts.index;
    this.dispatch = parts.dispatch;
    this.retention = parts.retention;
    this.deletions = parts.deletions;
    this.recovered = !parts.hold.wasClosed;
    this.suspectFrom = this.recovered && !parts.hold.sameBoot ? parts.log.durable : Infinity;
    this.#born = parts.log.tail;
    this.#parts = parts;
    this.#appender = parts.appender;
  }

  /** Where the log ended when this process opened it; what lies behind, this process wrote. */
  get born(): number {
    return this.#born;
  }

  /** Entry number that the next message of a queue gets. */
  nextQueueOffset(topic: string, queueId: number): number {
    return this.#parts.offsets.next(topic, queueId);
  }

  /**
   * Stages a message: it is encoded where it will be written from, no more. `commit` stores it.
   * @throws {PutRefusal} and nothing was staged
   */
  append(message: NewMessage): Appended {
    return this.#appender.append(message);
  }

  /**
   * Stages messages of one queue that belong together: all or none, side by side in one file.
   * @throws {PutRefusal} and nothing was staged
   */
  appendBatch(messages: readonly NewMessage[]): Appended[] {
    return this.#appender.appendBatch(messages);
  }

  /**
   * Writes all that was staged since the last commit, in one piece, and shows it to readers.
   * @throws {PutRefusal} "unavailable" with the disk's reason, and nothing of it is stored
   */
  commit(): void {
    try {
      this.log.commit();
    } catch (error) {
      this.takeBack();
      this.flush.wake(); // a power cut must not bring it back either
      throw error;
    }
  }

  /** Forgets what was staged since the last commit. */
  takeBack(): void {
    this.#appender.takeBack();
  }

  /**
   * Appends bytes of a master's log at exactly the tail; see CommitLog.
   * @throws {PutRefusal} "unavailable", and the log is as before
   */
  appendRaw(logOffset: number, bytes: Uint8Array): void {
    this.log.appendRaw(logOffset, bytes);
  }

  /**
   * Dispatches from bytes of the log that were just appended and are still at hand, as far as it can; gives
   * up to where the queues know the log now. See Dispatch.take.
   */
  derive(logOffset: number, bytes: Uint8Array): number {
    this.dispatch.take(logOffset, bytes);
    return this.dispatch.position;
  }

  /**
   * Takes back all from `logOffset` on, where a record begins: from log, queues and queue numbers, at once
   * for readers; whoever follows the log hears of it (CommitLog.onCut). Resolves when no power cut brings
   * any of it back. A crash on the way leaves the log as it was or as it shall be.
   */
  cut(logOffset: number): Promise<void> {
    return this.#change(logOffset, () => cutStore(this.#parts, logOffset));
  }

  /** Takes back everything; the log may begin anew at any file's start. */
  reset(): Promise<void> {
    return this.#change(0, () => emptyStore(this.#parts));
  }

  /** Dispatches the rest, makes everything safe and lets go of the folder. Safe to repeat. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** One after the other, and none once it closes. */
  #change(end: number, change: () => Promise<void>): Promise<void> {
    const changing = this.#cutting.then(async () => {
      if (this.#closing) throw new Error("the store is being closed");
      this.#born = Math.min(this.#born, end);
      this.#parts.hold.unsettle();
      this.#mustRecover = true;
      await this.retention.whileHeld(change);
      this.#mustRecover = false;
      this.#parts.hold.settle();
    });
    this.#cutting = changing.catch(() => {});
    return changing;
  }

  async #close(): Promise<void> {
    const { upkeep, fill, report, handles, hold } = this.#parts;
    let inOrder = false;
    this.log.refuse(CLOSING);
    await this.#cutting;
    await this.retention.close();
    await this.deletions.close();
    await upkeep.close();
    fill?.close();
    try {
      this.takeBack();
      const isMended = this.log.mend();
      await this.#drain();
      await this.flush.close();
      inOrder = await upkeep.finish() && isMended && !this.#mustRecover;
    } catch (error) {
      report.error("the next start will recover", { reason: reasonOf(error) });
    }
    this.dispatch.close();
    for (const open of handles) open.closeAll();
    await hold.release(inOrder);
  }

  /** What a slave has of a record that is still to come stays undispatched. */
  async #drain(): Promise<void> {
    for (let before = -1; before !== this.dispatch.position;) {
      before = this.dispatch.position;
      await new Promise<void>((resolve) => this.#parts.clock.soon(resolve));
    }
  }
}

/**
 * Opens a store: takes its folder, recovers what a crash left, and brings the queues up to the log, so that
 * the next messages get the right entry numbers.
 *
 * @throws {StoreRefusal} when the folder is another process's or its files do not fit the options,
 * {CorruptLogError} when the log is damaged where a crash cannot have torn it
 */
export async function openStore(
  runtime: Pick<Runtime, "fs" | "clock" | "codecs" | "bootId">,
  dir: Dir,
  options: StoreOptions,
  log: Log,
  onProgress?: OnOpenProgress,
): Promise<Store> {
  const hold = await holdFolder(dir, runtime.bootId);
  const logHandles = new Handles(OPEN_LOG_FILES_MAX, () => hold.distrust());
  const openQueueFiles = options.openQueueFilesMax ?? STORE_DEFAULTS.openQueueFilesMax!;
  const queueHandles = new Handles(openQueueFiles, () => hold.unsettle());
  let changed = false;
  const beforeChange = () => void (changed = true);
  const indexHandles = new Handles(OPEN_INDEX_FILES_MAX, () => hold.unsettle());
  const handles = { logHandles, queueHandles, indexHandles };
  const opening = { dir, options, hold, ...handles, onProgress, beforeChange };
  try {
    const store = await open(runtime, opening, log);
    hold.settle();
    return store;
  } catch (error) {
    for (const open of Object.values(handles)) open.closeAll();
    await hold.release(hold.wasClosed && !changed); // else the next start has to mend it
    throw error;
  }
}

/** What is at hand before anything of the store was read. */
interface Opening {
  readonly dir: Dir;
  readonly options: StoreOptions;
  readonly hold: Hold;
  readonly logHandles: Handles;
  readonly queueHandles: Handles;
  readonly indexHandles: Handles;
  readonly onProgress: OnOpenProgress | undefined;
  /** Called before anything changes that a recovery would have to mend. */
  readonly beforeChange: () => void;
}

async function open(
  { clock, codecs }: Pick<Runtime, "clock" | "codecs">,
  opening: Opening,
  report: Log,
): Promise<Store> {
  const { dir, options, hold, logHandles, queueHandles, indexHandles } = opening;
  const { onProgress, beforeChange } = opening;
  const crashed = !hold.wasClosed;
  const isWhole = crashed && hold.sameBoot && !hold.distrusted; // what that process wrote is there
  const { distrusted } = hold;
  const logDamage = options.logDamage ?? "refuse";
  const logDir = options.logDir ?? dir.child("commitlog");
  const queueDir = dir.child("consumequeue");
  await finishSwap(dir);
  for (const one of eachOf(logDir)) await makeFolder(one); // it may lie elsewhere
  queueDir.make();
  await dir.sync(); // their files are safe only if they are
  warnOfForeign(dir, report);
  const recovering = { clock, codecs, log: report, onProgress, beforeChange };
  const segments = new Segments(logDir, options.logFileBytes, logHandles, LOG_FILE_KEY);
  await finishEmptying(dir, segments, queueDir);
  await loadLog({ dir, segments, crashed, logDamage }, recovering);
  const deletions = Deletions.load(dir.child("config"), report);
  const queues = new Queues(queueDir, options.queueFileBytes, queueHandles, report, deletions);
  if (segments.length > 0) await queues.load(crashed, isWhole, new Turn(clock));
  else {
    mustNotBeDledger(dir);
    removeQueues(queueDir); // the log they point at is gone
  }
  const isIndexed = options.indexEnabled ?? true;
  const indexDir = dir.child(INDEX);
  const index = new KeyIndex(indexDir, indexShape(options), indexHandles, clock, report, isIndexed);
  const levels = options.delayLevelsMs ?? DELAY_LEVELS_MS;
  const feed = new Feed(queues, levels, report, isIndexed ? index : undefined);
  const stored = { dir, segments, queues, index, feed, crashed, isWhole, distrusted, logDamage };
  const found = await recover({ ...stored, checkpoint: readCheckpoint(dir) }, recovering);
  await deletions.cutTo(found.tail); // what is stored from there on was not deleted
  if (distrusted) {
    await rewriteLog(segments, found.durable, found.tail, new Turn(clock), report);
  }
  const commitLog = new CommitLog(segments, found.tail, found.durable, report);
  const dispatch = new Dispatch(commitLog, feed, clock, found.fed, report);
  await dispatch.reached(found.tail);
  const filling = { index, log: commitLog, dispatch, clock };
  const fill = isIndexed ? new IndexFill(filling, report) : undefined;
  await fill?.catchUp();
  if (isIndexed) sayHole(index, segments, codecs, report);
  const flush = new Flush(commitLog, clock, options, report);
  const upkeep = new Upkeep(
    { dir, clock, dispatch, queues, index, flush },
    found.checkpoint,
    report,
  );
  const offsets = new QueueOffsets((topic, id) => queues.get(topic, id)?.maxOffset ?? 0);
  const runtime = { clock, codecs };
  const { maxMessageBytes } = options;
  const appender = new Appender(commitLog, offsets, runtime, maxMessageBytes, found.storeTimestamp);
  const derived = [queues, index, deletions];
  const kept = { log: commitLog, derived, upkeep, dirs: [logDir, dir], clock };
  const retention = new Retention(kept, options.retention ?? RETENTION_DEFAULTS, report);
  deletions.begin({ log: commitLog, dispatch, flush, queues });
  return new Store({
    dir,
    queueDir,
    log: commitLog,
    handles: [logHandles, queueHandles, indexHandles],
    flush,
    queues,
    index,
    fill,
    dispatch,
    upkeep,
    appender,
    retention,
    offsets,
    deletions,
    hold,
    clock,
    codecs,
    report,
  });
}
