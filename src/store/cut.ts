import type { Dir } from "../ports/fs.ts";
import type { Clock, Codecs } from "../ports/host.ts";
import type { CommitLog } from "./commit_log.ts";
import type { Deletions } from "./deletions.ts";
import type { Dispatch } from "./dispatch.ts";
import type { Flush } from "./flush.ts";
import { INDEX, type KeyIndex } from "./index/key_index.ts";
import type { QueueOffsets } from "./queue_offsets.ts";
import type { Queues } from "./queues.ts";
import { recordHolding } from "./record_search.ts";
import { cutFailed } from "./refusal_texts.ts";
import { storeTimeAt } from "./records.ts";
import type { Segments } from "./segments.ts";
import { Turn } from "./turn.ts";
import type { Upkeep } from "./upkeep.ts";

/** Says that a store is being emptied: while it is there, the next start goes on with that. */
const EMPTYING = "emptying";

/** What a cut changes. */
export interface CutParts {
  readonly dir: Dir;
  readonly queueDir: Dir;
  readonly log: CommitLog;
  readonly flush: Flush;
  readonly queues: Queues;
  readonly index: KeyIndex;
  readonly dispatch: Dispatch;
  readonly upkeep: Upkeep;
  readonly offsets: QueueOffsets;
  readonly deletions: Deletions;
  readonly clock: Clock;
  readonly codecs: Codecs;
}

const UNSAFE = "the disk does not take the entries of the queues";

/**
 * Takes back all from `logOffset` on, where a record begins, from log, queues and dispatch alike: gone for
 * readers in one turn, and for good once this resolves.
 */
export async function cutStore(parts: CutParts, logOffset: number): Promise<void> {
  const { log, queues, index, flush, dispatch, upkeep, offsets, clock, codecs } = parts;
  const { minOffset } = log; // old files may have gone since the caller looked
  if (logOffset < minOffset) {
    throw new Error(`a log that begins at ${minOffset} cannot be cut at ${logOffset}`);
  }
  await dispatch.reached(logOffset).catch(() => {}); // else a queue's numbers would be given twice
  await flush.reached(logOffset); // a file cut short must end in a record, also after a power cut
  const last = recordHolding(log, codecs, logOffset - 1);
  const time = last ? storeTimeAt(log, last.at) : 0;
  await upkeep.whileHeld(time, async () => {
    if (!await queues.sync(new Turn(clock))) throw new Error(UNSAFE);
    await changed(parts, () => {
      const keysGone = index.cutFrom(logOffset); // first: a Java broker takes no key before its end
      const gone = log.cutTo(logOffset).then(() => parts.deletions.cutTo(logOffset));
      dispatch.cutTo(logOffset, time);
      offsets.clear();
      return [gone, after(() => queues.cutFrom(logOffset)), keysGone];
    });
  });
}

/** Empties a store as `cutStore` cuts one. Killed on the way, the next start goes on with it. */
export async function emptyStore(parts: CutParts): Promise<void> {
  const { dir, queueDir, log, queues, index, dispatch, upkeep, offsets } = parts;
  await upkeep.whileHeld(0, async () => {
    try {
      dir.open(EMPTYING, "create").close();
      await dir.sync();
      await changed(parts, () => {
        const gone = log.clear().then(() => parts.deletions.cutTo(0));
        dispatch.cutTo(0, 0);
        offsets.clear();
        return [gone, after(() => queues.clear()), after(() => index.clear())];
      });
      await forget(dir, queueDir);
    } catch (error) {
      log.refuse(cutFailed(error)); // the next start empties it, with whatever would be stored till then
      throw error;
    }
  });
}

/** Goes on with emptying a store that is being opened; before its files are looked at. */
export async function finishEmptying(dir: Dir, segments: Segments, queueDir: Dir): Promise<void> {
  if (!dir.stat(EMPTYING)) return;
  segments.removeAll();
  await segments.dir.sync();
  for (const derived of [queueDir, dir.child(INDEX)]) {
    for (const { name } of derived.entries()) derived.remove(name);
  }
  await forget(dir, queueDir);
}

/** Forgets queues whose log is gone. Whatever else may lie there is another broker's. */
export function removeQueues(dir: Dir): void {
  for (const { name, isDir } of dir.entries()) if (isDir) dir.remove(name);
}

async function forget(dir: Dir, queueDir: Dir): Promise<void> {
  await queueDir.sync();
  if (dir.stat(INDEX)) await dir.child(INDEX).sync();
  dir.remove(EMPTYING);
  await dir.sync();
}

/** Changes all in one turn, while no sync is running, and waits for the disk. */
async function changed(
  { flush, log }: CutParts,
  change: () => readonly Promise<void>[],
): Promise<void> {
  while (flush.running) await flush.running;
  if (flush.failure) throw flush.failure;
  const failed = (await Promise.allSettled(change())).find(({ status }) => status === "rejected");
  if (failed?.status !== "rejected") return;
  log.refuse(cutFailed(failed.reason));
  throw failed.reason;
}

/** What `work` throws as a rejection. */
async function after(work: () => void): Promise<void> {
  await work();
}
