import type { RecordView } from "../../wire/record_view.ts";
import type { LogReader } from "../log_reader.ts";
import type { Turn } from "../turn.ts";

/** Where a record begins or the log ends, and when the record before it was stored; 0: not known. */
export interface Boundary {
  readonly at: number;
  readonly time: number;
}

/** Where whole records end; `reason` when something else than nothing is there. */
export interface End extends Boundary {
  readonly reason: string | undefined;
}

/** What is done on a walk. */
export interface Walker {
  /** A record was found; it lies in `bytes` until this returns. */
  record(bytes: Uint8Array, record: RecordView): void;
  /** All before `here` was walked over; a turn is over. */
  pause(here: Boundary): Promise<void> | void;
}

/** Records between two looks at the clock. */
const BETWEEN_LOOKS = 64;

/** Goes over the log from record to record, in turns, until there is none. */
export async function walk(
  reader: LogReader,
  start: Boundary,
  turn: Turn,
  walker: Walker,
): Promise<End> {
  let { at, time } = start;
  for (let left = BETWEEN_LOOKS;;) {
    const found = reader.look(at);
    if (found === "zero") return { at, time, reason: undefined };
    if (found === "bad") return { at, time, reason: reader.scanner.reason };
    if (found === "record") {
      const { record } = reader.scanner;
      time = record.storeTimestamp;
      walker.record(reader.bytes, record);
    }
    at += reader.scanner.size;
    if (--left > 0) continue;
    left = BETWEEN_LOOKS;
    if (!turn.isOver()) continue;
    await walker.pause({ at, time });
    await turn.next();
  }
}
