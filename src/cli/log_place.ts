import { type Dir, type Fs, FsError } from "../ports/fs.ts";
import type { StorePlace } from "../store/inspect/stored.ts";

/** Between the folders of a log that is spread over several. Source: MessageStoreConfig.MULTI_PATH_SPLITTER. */
const BETWEEN_DIRS = ",";

/**
 * The store, or the log alone, that lies in a folder; `logPath` is its storePathCommitLog when that is
 * elsewhere. @throws {FsError} when neither is there
 */
export function placeOf(fs: Fs, path: string, logPath: string | undefined): StorePlace {
  const dir = fs.dir(path);
  if (logPath !== undefined) {
    const logDirs = logPath.split(BETWEEN_DIRS).map((part) => part.trim())
      .filter((part) => part !== "").map((part) => fs.dir(part));
    return { root: dir, logDirs };
  }
  if (dir.stat("commitlog")?.isDir) return { root: dir, logDirs: [dir.child("commitlog")] };
  if (holdsLog(dir)) return { root: undefined, logDirs: [dir] };
  throw new FsError(
    "missing",
    `no store in ${path}: neither a folder commitlog nor files of a log are there; ` +
      "--storePathCommitLog says where else the log lies",
  );
}

function holdsLog(dir: Dir): boolean {
  return dir.entries().some(({ isDir, name }) => !isDir && /^\d{20}$/.test(name));
}
