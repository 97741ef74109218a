import { FsError } from "../ports/fs.ts";
import { reasonOf } from "../base/log.ts";

// What a sender hears whose message was not stored, one text for each cause: each says what is to be done.
// Those of a full disk are in disk_space.ts.

const RESTART = "look at the disk, then restart this broker";

export const CLOSING = "the store is being closed: send again when this broker is back";

export const CUTTING = "the log is being cut, a resync was asked for: send again in a moment";

/** The disk did not take a message; the next one may find it better. */
export function writeFailed(error: unknown): string {
  const full = error instanceof FsError && error.code === "full";
  const advice = full ? "make room on that disk" : "look at that disk";
  return `the log cannot be written: ${
    reasonOf(error)
  }: ${advice}, it is tried again with each message`;
}

/** What a failed write left could not be removed. */
export function notTakenBack(reason: string): string {
  return `the disk does not let a failed write be taken back: ${reason}: look at that disk, it is tried again ` +
    "with each message";
}

/** The kernel may have dropped what it did not write: nothing can be promised by this process any more. */
export function flushFailed(error: unknown): string {
  return `the disk failed to make the log safe: ${reasonOf(error)}: ${RESTART}`;
}

/** It is neither as it was nor as it shall be. */
export function cutFailed(error: unknown): string {
  return `the log could not be cut: ${reasonOf(error)}: ${RESTART}`;
}
