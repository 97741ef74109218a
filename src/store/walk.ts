import { viewOf } from "../base/bytes.ts";
import type { RecordView } from "../wire/record_view.ts";
import type { CommitLog } from "./commit_log.ts";
import { RECORD_BYTES_MAX, Scanner } from "./scan.ts";
import type { Turns } from "./turn.ts";

/** Read at a time. */
const SLICE_BYTES = 256 * 1024;

/**
 * Looks at each record from `from`, where one begins, up to `to`, in turns. Gives where it ended: before `to`
 * where something lies that is no record. The view and the bytes are of use until `visit` returns.
 */
export async function walkLog(
  log: Pick<CommitLog, "fileBytes" | "readAt">,
  from: number,
  to: number,
  turn: Turns,
  visit: (record: RecordView, bytes: Uint8Array, view: DataView) => void,
): Promise<number> {
  const scanner = new Scanner();
  let bytes = new Uint8Array(SLICE_BYTES);
  let view = viewOf(bytes);
  let position = from;
  while (position < to) {
    const before = position;
    const length = log.readAt(position, bytes.subarray(0, to - position));
    for (let at = 0; at < length; at += scanner.size) {
      const fileRoom = log.fileBytes - position % log.fileBytes;
      const found = scanner.look(view, at, length, position, fileRoom);
      if (found !== "record" && found !== "blank") break;
      if (found === "record") visit(scanner.record, bytes, view);
      position += scanner.size;
    }
    if (position === before) {
      // what lies there may be longer than what was read
      if (scanner.size <= bytes.length || scanner.size > RECORD_BYTES_MAX) return position;
      bytes = new Uint8Array(scanner.size);
      view = viewOf(bytes);
    }
    if (turn.isOver()) await turn.next();
  }
  return position;
}
