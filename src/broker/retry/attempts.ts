import type { GroupConfig } from "../../wire/group.ts";

/** A delivery that failed is tried again after this level's time, one that failed twice after the next one's. */
const FIRST_LEVEL = 3;

/** Delay level of the next delivery of a message that failed `reconsumeTimes` times before. */
export function levelAfter(reconsumeTimes: number): number {
  return FIRST_LEVEL + reconsumeTimes;
}

/** True when a message failed as often as its consumer, or else its group, bears. */
export function isDead(
  reconsumeTimes: number,
  asked: number | undefined,
  { retryMaxTimes }: Pick<GroupConfig, "retryMaxTimes">,
): boolean {
  return reconsumeTimes >= (asked ?? retryMaxTimes);
}
