import { utf8 } from "../base/bytes.ts";
import type { Dir } from "../ports/fs.ts";
import type { Clock } from "../ports/host.ts";
import type { RecordLog } from "../store/record_search.ts";
import { segmentName } from "../store/segment.ts";
import { Turn } from "../store/turn.ts";

/** Read and written at a time. */
const SLICE_BYTES = 256 * 1024;

/** The part of a log that is copied before it is cut away. */
export interface Tail {
  readonly from: number;
  readonly to: number;
  /** The master whose log goes on otherwise. */
  readonly master: string;
}

/**
 * Copies the end of a log into `folder`: its bytes, in a file named by the log offset of the first as log
 * files are, and `range.json`. Both are safe when this resolves, the folder's own name is not.
 */
export async function copyTail(
  log: RecordLog,
  tail: Tail,
  folder: Dir,
  clock: Clock,
  copied: (bytes: number) => void,
): Promise<void> {
  const { from, to, master } = tail;
  folder.make();
  using file = folder.open(segmentName(from), "create");
  file.truncate(0);
  const turn = new Turn(clock);
  const bytes = new Uint8Array(SLICE_BYTES);
  for (let at = from; at < to;) {
    const length = log.readAt(at, bytes.subarray(0, Math.min(SLICE_BYTES, to - at)));
    if (length === 0) throw new Error(`our log gives no bytes at ${at}`);
    file.writeAt(at - from, bytes.subarray(0, length));
    at += length;
    copied(at - from);
    if (turn.isOver()) await turn.next();
  }
  await file.sync();
  const when = new Date(clock.now()).toISOString();
  using range = folder.open("range.json", "create");
  range.truncate(0);
  const { fileBytes } = log;
  range.writeAt(0, utf8(JSON.stringify({ from, to, fileBytes, master, when }) + "\n"));
  await range.sync();
  await folder.sync();
}
