import type { StoredMessage } from "../../wire/message.ts";
import { checkTimes, immunityMs } from "./half.ts";

/** When a transaction is asked for. Names in brackets are RocketMQ's keys. */
export interface CheckRules {
  /** Its producer has this long to say something by itself [transactionTimeOut]. */
  readonly timeOutMs: number;
  /** Questions that may stay without an answer [transactionCheckMax]. */
  readonly timesMax: number;
  /** One older than this is given up, whatever was asked [fileReservedTime]. */
  readonly reservedMs: number;
}

/**
 * What to do with an open half message: ask; write it again, as its producer wants it left alone; give it up;
 * or leave it and what lies behind it, which is younger, for the next time.
 */
export type Verdict = "ask" | "renew" | "giveUp" | "stop";

/** `beganMs` is when this look at all of them began. Source: TransactionalMessageServiceImpl.check. */
export function verdictOn(
  half: StoredMessage,
  { beganMs, nowMs }: { beganMs: number; nowMs: number },
  { timeOutMs, timesMax, reservedMs }: CheckRules,
): Verdict {
  if (half.storeTimestamp >= beganMs) return "stop"; // a copy of this time: its question wants an answer first
  const ageMs = nowMs - half.bornTimestamp; // below 0 when a clock went back
  if (checkTimes(half) >= timesMax || ageMs > reservedMs) return "giveUp";
  const immune = immunityMs(half, timeOutMs);
  if (immune !== undefined) return ageMs < immune ? "renew" : "ask";
  return ageMs >= 0 && ageMs < timeOutMs ? "stop" : "ask";
}
