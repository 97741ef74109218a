import { textOf, utf8 } from "../../base/bytes.ts";
import { keepNames } from "../../base/make_folder.ts";
import { type Dir, FsError, type LogFile } from "../../ports/fs.ts";
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
/** Before the first line of `abort` while something is under way that a kill would leave half done. */
const UNSETTLED = "-";

/** A store's folder, taken by this process. */
export interface Hold {
  /** The process before us closed the store, or there was none. */
  readonly wasClosed: boolean;
  /**
   * It is known that the machine did not restart since, and that process was ours and not about to mend or
   * cut: what it wrote is all there, and fits together.
   */
  readonly sameBoot: boolean;
  /** A sync of the log failed since the store was last closed or the machine restarted: see rewrite.ts. */
  readonly distrusted: boolean;
  /** Tells the next process that a sync failed. In memory is enough: a restart of the machine ends the matter. */
  distrust(): void;
  /** The store is opened, or what `unsettle` was called for is done. */
  settle(): void;
  /** Until `settle` is called, a kill leaves what the next start must not rely on. */
  unsettle(): void;
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
    let isDoubted = distrusted;
    let unsettled = sameBoot ? 0 : 1; // things under way; what fails half way stays one
    return {
      wasClosed,
      sameBoot,
      distrusted,
      distrust() {
        isDoubted = true;
        noteDistrust(dir, bootId);
      },
      settle() {
        if (unsettled > 0 && --unsettled === 0 && !isDoubted) noteSettled(dir, bootId);
      },
      unsettle() {
        if (unsettled++ === 0 && !isDoubted) noteUnsettled(dir);
      },
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
    const distrusted = notes.includes(DISTRUSTED);
    const isOurs = !wasTakenByOther(dir);
    if (isOurs || distrusted) return { sameBoot: isOurs && bootId !== "", distrusted };
  }
  file.truncate(0);
  try {
    file.writeAt(0, utf8(`${UNSETTLED}${bootId}\n`)); // also takes the room that other notes will need
  } catch (error) {
    if (!(error instanceof FsError)) throw error; // a full disk is no reason not to serve what is there
  }
  return { sameBoot: false, distrusted: false };
}

/** Java's broker leaves an `abort` that is there as it is, and writes its lock file at each start. */
function wasTakenByOther(dir: Dir): boolean {
  return dir.stat(LOCK)!.modifiedMs > dir.stat(ABORT)!.modifiedMs;
}

function noteSettled(dir: Dir, bootId = ""): void {
  note((file) => {
    file.truncate(0);
    file.writeAt(0, utf8(`${bootId}\n`));
  }, dir);
}

function noteUnsettled(dir: Dir): void {
  note((file) => file.writeAt(0, utf8(UNSETTLED)), dir); // no name of a run begins so
}

function noteDistrust(dir: Dir, bootId = ""): void {
  note((file) => file.writeAt(0, utf8(`${bootId}\n${DISTRUSTED}\n`)), dir);
}

/** A disk that fails to sync may fail to take this, too: then nothing can be done, and what failed was said. */
function note(write: (file: LogFile) => void, dir: Dir): void {
  try {
    using file = dir.open(ABORT, "create");
    write(file);
  } catch (error) {
    if (!(error instanceof FsError)) throw error;
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
