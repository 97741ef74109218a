import type { Log } from "../../base/log.ts";
import type { Segments } from "../segments.ts";
import type { Turn } from "../turn.ts";

const SLICE_BYTES = 256 * 1024;

/**
 * Writes the log's bytes from `from` to `to` anew, as they are. A sync that failed leaves pages that the
 * kernel calls clean although the disk does not have them: no later sync, by no later process, would make
 * them safe, but one of pages that were written again does. Whoever calls this syncs before he relies on it.
 */
export async function rewriteLog(
  segments: Segments,
  from: number,
  to: number,
  turn: Turn,
  report: Log,
): Promise<void> {
  if (from >= to) return;
  report.warn("a sync failed before this start: what it left doubtful is written anew", {
    from,
    to,
  });
  const bytes = new Uint8Array(SLICE_BYTES);
  for (let at = from; at < to;) {
    const segment = segments.find(at)!;
    const count = Math.min(SLICE_BYTES, segment.end - at, to - at);
    const part = bytes.subarray(
      0,
      segment.file.readAt(at - segment.base, bytes.subarray(0, count)),
    );
    const end = part.findLastIndex((byte) => byte !== 0) + 1; // filler takes no disk space, nor shall it now
    if (end > 0) segment.file.writeAt(at - segment.base, part.subarray(0, end));
    at += count;
    if (turn.isOver()) await turn.next();
  }
}
