import { textOf, utf8 } from "../../base/bytes.ts";
import { keepNames } from "../../base/make_folder.ts";
import { type Dir, FsError } from "../../ports/fs.ts";
import { StoreRefusal } from "../errors.ts";

const LOCK = "lock";
const LOCK_BYTES = utf8("lock");
const ABORT = "abort";
/**
 * Where the JSON tables lie. A process can die, or a disk fail, between a table's new name and its sync: what
 * this process is about to read and act on, no power cut may take back.
 */
const TABLES = "config";
/** Second line of `abort` once a sync of the log failed. */
const DISTRUSTED = "sync failed";

/** A store's folder, taken by this process. */
export interface Hold {
  /** The process before us closed the store, or there was none. */
  readonly wasClosed: boolean;
  /** It is known that the machine did not restart since: what that process wrote is all there. */
  readonly sameBoot: boolean;
  /** A sync of the log failed since the store was last closed or the machine restarted: see rewrite.ts. */
  readonly distrusted: boolean;
  /** Tells the next process that a sync failed. In memory is enough: a restart of the machine ends the matter. */
  distrust(): void;
  /** Lets go. `inOrder`: everything is safe, the next start needs no recovery. */
  release(inOrder: boolean): Promise<void>;
}

/**
 * Takes a store's folder with the two files every RocketMQ broker knows: `lock`, which the other process has
 * a record lock on, and `abort`, which is there while a store is open and after a crash.
 *
 * @throws {StoreRefusal} when another process has it
 */
export async function holdFolder(dir: Dir, bootId?: string): Promise<Hold> {
  dir.make();
  if (!dir.stat(LOCK)) {
    await keepNames(dir); // before anything that tells the next start that this was done
    nameLock(dir); // before it is locked: closing it would free the lock
  }
  const lock = dir.lock(LOCK);
  if (!lock) {
    const holder = dir.lockedBy(LOCK) ?? "another process";
    throw new StoreRefusal(`Cannot open ${dir.path}: ${holder} holds its lock file`);
  }
  try {
    const wasClosed = dir.stat(ABORT) === undefined;
    const { sameBoot, distrusted } = noteBoot(dir, bootId);
    await dir.sync();
    if (dir.stat(TABLES)) await dir.child(TABLES).sync();
    return {
      wasClosed,
      sameBoot,
      distrusted,
      distrust: () => noteDistrust(dir, bootId),
      async release(inOrder) {
        try {
          if (inOrder) await forgetAbort(dir);
        } finally {
          lock[Symbol.dispose]();
        }
      },
    };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/**
 * Makes the file `abort`, which holds the name of this run of the machine, and tells what it held. Java's is
 * empty, and a power cut may leave it so: nothing is known then.
 */
function noteBoot(dir: Dir, bootId = ""): { sameBoot: boolean; distrusted: boolean } {
  using file = dir.open(ABORT, "create");
  const held = new Uint8Array(Math.min(file.size(), 128));
  file.readAt(0, held);
  const [heldId, ...notes] = textOf(held).split("\n");
  if (heldId === bootId && held.length > 0) {
    return { sameBoot: bootId !== "", distrusted: notes.includes(DISTRUSTED) };
  }
  file.truncate(0);
  try {
    file.writeAt(0, utf8(`${bootId}\n`)); // also takes the room that `noteDistrust` will need
  } catch (error) {
    if (!(error instanceof FsError)) throw error; // a full disk is no reason not to serve what is there
  }
  return { sameBoot: false, distrusted: false };
}

/** A disk that fails to sync may fail to take this, too: then nothing can be done. */
function noteDistrust(dir: Dir, bootId = ""): void {
  try {
    using file = dir.open(ABORT, "create");
    file.writeAt(0, utf8(`${bootId}\n${DISTRUSTED}\n`));
  } catch {
    // said by whoever wanted the sync
  }
}

function nameLock(dir: Dir): void {
  using file = dir.open(LOCK, "create");
  file.writeAt(0, LOCK_BYTES);
}

async function forgetAbort(dir: Dir): Promise<void> {
  dir.remove(ABORT);
  await dir.sync();
}
