import { utf8 } from "../base/bytes.ts";

/** Where delayed messages wait; one queue a level. */
export const SCHEDULE_TOPIC = "SCHEDULE_TOPIC_XXXX";

const TOPIC_BYTES = utf8(SCHEDULE_TOPIC);
const DELAY_BYTES = utf8("DELAY\x01");
/** A level the table does not have. Source: ScheduleMessageService.computeDeliverTimestamp. */
const UNKNOWN_LEVEL_MS = 1_000;

/** True for the topic of delayed messages. */
export function isScheduleTopic(bytes: Uint8Array, at: number, length: number): boolean {
  return length === TOPIC_BYTES.length && startsWith(TOPIC_BYTES, bytes, at);
}

/** When a delayed message is due, by the DELAY property; undefined without one. `at` and `length` say where its properties lie. */
export function dueTime(
  bytes: Uint8Array,
  at: number,
  length: number,
  storeTimestamp: number,
  levelsMs: readonly number[],
): number | undefined {
  const end = at + length;
  let level = 0;
  for (let start = at; start < end;) {
    let stop = start;
    while (stop < end && bytes[stop] !== 2) stop++;
    if (stop - start > DELAY_BYTES.length && startsWith(DELAY_BYTES, bytes, start)) {
      level = wholeNumber(bytes, start + DELAY_BYTES.length, stop);
    }
    start = stop + 1;
  }
  if (!(level > 0)) return undefined;
  const known = Math.min(level, levelsMs.length);
  return storeTimestamp + (levelsMs[known - 1] ?? UNKNOWN_LEVEL_MS);
}

function startsWith(text: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}

function wholeNumber(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = bytes[i] - 0x30;
    if (digit < 0 || digit > 9) return 0;
    value = value * 10 + digit;
  }
  return value;
}
