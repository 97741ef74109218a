import type { Subscription } from "../../wire/heartbeat.ts";
import { type PullFilter, subscriptionFilter } from "./tags.ts";

/** A subscription, and what its tags are filtered by. */
export interface Subscribed extends Subscription {
  readonly byTags: PullFilter;
}

/** Takes over a heartbeat's subscriptions; true when the set of topics changed. */
export function updateSubscriptions(
  known: Map<string, Subscribed>,
  told: readonly Subscription[],
): boolean {
  let changed = false;
  for (const subscription of told) {
    const before = known.get(subscription.topic);
    if (before === undefined) changed = true;
    if (before === undefined || subscription.subVersion > before.subVersion) {
      known.set(subscription.topic, { ...subscription, byTags: subscriptionFilter(subscription) });
    }
  }
  const topics = new Set(told.map(({ topic }) => topic));
  for (const topic of known.keys()) {
    if (!topics.has(topic) && known.delete(topic)) changed = true;
  }
  return changed;
}
