import type { OffsetTarget } from "../../admin/offsets.ts";
import type { FlagValues } from "../args.ts";
import { UsageError } from "../exit.ts";
import { timeOf } from "../time.ts";
import { sizeOf, within } from "./size.ts";

/** Flags that say what is read. */
export const CONSUME_FLAGS = {
  connections: { kind: "count" },
  batch: { kind: "count" },
  seconds: { kind: "count" },
  count: { kind: "count" },
  from: { kind: "text" },
  again: { kind: "switch" },
  live: { kind: "switch" },
  fill: { kind: "count" },
  size: { kind: "text" },
} as const;

const SECONDS = 10;
const FILL = 100_000;

/** What is read, how and how long. */
export interface ConsumePlan {
  readonly connections: number;
  /** Messages asked for at a time. */
  readonly batch: number;
  readonly seconds: number;
  /** Messages to end after. */
  readonly count: number;
  readonly from: Exclude<OffsetTarget, { entry: number }>;
  /** From the end on, whatever comes. */
  readonly live: boolean;
  /** A queue that was read to its end is read again. */
  readonly again: boolean;
  /** What a topic of our own gets first. */
  readonly fill: { readonly messages: number; readonly bodyBytes: number };
}

/** What the flags mean; `now` is ms since 1970. @throws {UsageError} */
export function consumePlanOf(
  flags: FlagValues<typeof CONSUME_FLAGS>,
  topic: string | undefined,
  now: number,
): ConsumePlan {
  const { live, from, again, count } = flags;
  if (live && topic === undefined) throw new UsageError("--live needs a topic that others send to");
  if (live && (from !== undefined || again)) {
    throw new UsageError(`--live begins at the end, it takes no --${again ? "again" : "from"}`);
  }
  if (topic !== undefined && (flags.fill !== undefined || flags.size !== undefined)) {
    const flag = flags.fill === undefined ? "size" : "fill";
    throw new UsageError(`--${flag} is for a topic of our own, "${topic}" is read as it is`);
  }
  if (count === 0) throw new UsageError("--count is 0, it must be 1 or more");
  return {
    connections: within("connections", flags.connections ?? 4, 1, 1024),
    batch: within("batch", flags.batch ?? 32, 1, 10_000),
    seconds: within("seconds", flags.seconds ?? SECONDS, 1, 86_400),
    count: count ?? Infinity,
    from: live
      ? "last"
      : from === undefined || from === "first"
      ? "first"
      : from === "last"
      ? "last"
      : { time: timeOf(from, now) },
    live,
    again,
    fill: {
      messages: within("fill", flags.fill ?? FILL, 1, 1_000_000_000),
      bodyBytes: within("size", sizeOf("size", flags.size ?? "1K"), 0, 4 * 1024 * 1024),
    },
  };
}
