import { WireError } from "../base/errors.ts";
import type { SourceLog } from "./sender.ts";

/** Why a slave is sent away: its log differs, is ahead of ours, needs what was deleted, or it is no slave. */
export type RefusalKind = "FOREIGN" | "AHEAD" | "PURGED" | "BAD";

/** A first report that is not served. */
export class Refusal extends WireError {
  override name = "Refusal";
  readonly kind: RefusalKind;
  constructor(kind: RefusalKind, reason: string) {
    super(reason);
    this.kind = kind;
  }
}

/** Where a slave with an empty log starts: the first file, the last one (Java's rule), or that of an offset. */
export type SyncFrom = "min" | "last" | number;

/**
 * Where to begin for a slave that first reports `first`: there, or for 0 at a file start. An empty Java
 * slave takes what comes first as the beginning of its log, so that must never lie inside a file.
 * @throws {Refusal} when we do not hold what it needs, or it holds what we never had.
 */
export function startOf(
  first: number,
  { minOffset, tail, fileBytes }: Pick<SourceLog, "minOffset" | "tail" | "fileBytes">,
  syncFrom: SyncFrom,
): number {
  if (first === 0) {
    if (syncFrom === "min") return minOffset;
    const wanted = syncFrom === "last" ? tail : Math.min(syncFrom, tail);
    return Math.max(minOffset, wanted - wanted % fileBytes);
  }
  if (first < 0) throw new Refusal("BAD", `first report ${first} is below 0`);
  if (first > tail) throw new Refusal("AHEAD", `first report ${first} is above our end ${tail}`);
  if (first < minOffset) {
    throw new Refusal("PURGED", `first report ${first} is below our first file at ${minOffset}`);
  }
  return first;
}

/** What a slave's broker port says of our last record before its first report. */
export type Held = "ours" | "other" | "unknown";

/** What is known of a slave beside its first report. */
export interface Known {
  /** End of our log when this process opened it: what lies below may be a common history. */
  readonly born: number;
  /** Up to here this process sent that slave the log. */
  readonly sent: number;
  readonly held: Held;
}

/**
 * Whether a slave whose log we could continue may hold another history. Java's side takes whatever fits in
 * offset, and then both logs differ without a word.
 */
export function foreignOf(first: number, { born, sent, held }: Known): Refusal | undefined {
  if (first <= 1 || held === "ours") return undefined; // byte 0 of every log is 0: it shows no history
  if (held === "other") {
    return new Refusal("FOREIGN", `it holds other bytes than we do before its report of ${first}`);
  }
  if (first <= born || first <= sent) return undefined;
  return new Refusal(
    "FOREIGN",
    `first report ${first} is above ${born}, where our log began to grow, this process sent it nothing ` +
      "up to there, and its broker port does not show that it holds our bytes",
  );
}
