import type { Bounds, SlaveStatus } from "./slave_status.ts";

/** What of a log nobody asked for may be cut by itself. */
const AUTO_BYTES_MAX = 256 * 1024 * 1024;
/** Left free on the disk by a copy. */
const FREE_BYTES_MIN = 64 * 1024 * 1024;

/** A resync that would not be safe or not be right; the reason says what to do instead. */
export class ResyncRefusal extends Error {
  /** Tells it from other errors. */
  override name = "ResyncRefusal";
}

/** Why one who was asked does nothing. */
export const FOLLOWS = "this slave follows its master, its log does not differ";

/** Why a slave in that state has nothing to be cut; undefined when it may have. */
export function whyNot({ state, reason, followed }: SlaveStatus): string | undefined {
  if (state === "DIVERGED" || state === "AHEAD") return undefined;
  if (followed) return FOLLOWS;
  return `this slave is ${state}, only one that is DIVERGED is resynced` +
    (reason === "" ? "" : `; ${reason}`);
}

/** What there is to say when the logs do not part. */
export const WHY = {
  same: (end: number, { max }: Bounds): string =>
    end > max
      ? `the master's log is the beginning of ours: it ends at ${max} and lacks what we hold up to ${end}. ` +
        "If it lost its last messages, start this broker as the master instead; once it has others in " +
        "their place, this slave is DIVERGED and can be resynced"
      : "all records that the master still has are the same here",
  foreign: (_end: number, { min, max }: Bounds): string =>
    `the master's log, from ${min} to ${max}, has no record in common with ours: is it the right master? ` +
    "To follow it, start this slave with an empty store; move the old one away if its messages are wanted",
};

/** @throws {ResyncRefusal} when more is at stake than may be cut without being asked; a record before it is common */
export function mustBeSmall(cutAt: number, end: number, { max }: Bounds): void {
  const advice = "run `pocketmq ha resync` on this slave if that is right";
  if (max < end) {
    throw new ResyncRefusal(`the master's log ends at ${max}, before ours at ${end}; ${advice}`);
  }
  if (end - cutAt > AUTO_BYTES_MAX) {
    throw new ResyncRefusal(
      `${
        end - cutAt
      } bytes differ, at most ${AUTO_BYTES_MAX} are cut without being asked; ${advice}`,
    );
  }
}

/** @throws {ResyncRefusal} when the disk cannot hold the copy */
export function mustHaveRoom(total: number, freeBytes: number): void {
  if (freeBytes >= total + FREE_BYTES_MIN) return;
  throw new ResyncRefusal(
    `the copy of the ${total} bytes that differ needs more than the ${freeBytes} that the disk has left`,
  );
}
