import { ResponseCode } from "../wire/codes.ts";
import { refuse, type Reply } from "../wire/command.ts";
import type { Subscription } from "../wire/heartbeat.ts";
import { codesFilter, type TagFilter } from "./filter.ts";

/** Why a subscription with an SQL92 expression is refused. */
export const NO_PROPERTY_FILTER = "filters by properties (SQL92) are not there yet, only tags are";

/** A subscription and what a pull filters by. */
export interface Subscribed extends Subscription {
  readonly wanted: { readonly tags: TagFilter | undefined };
}

/** What a pull says about who pulls what. */
export interface PullAs {
  readonly consumerGroup: string;
  readonly topic: string;
  /** The version of the subscription that its consumer has. */
  readonly subVersion: number;
}

/** What a group's heartbeats say about how it reads. */
interface Reader {
  readonly messageModel: string;
  readonly subscriptions: ReadonlyMap<string, Subscribed>;
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
      const wanted = { tags: codesFilter(subscription.codes) };
      known.set(subscription.topic, { ...subscription, wanted });
    }
  }
  const topics = new Set(told.map(({ topic }) => topic));
  for (const topic of known.keys()) {
    if (!topics.has(topic) && known.delete(topic)) changed = true;
  }
  return changed;
}

/**
 * What a pull filters by that brings no subscription of its own, or why it is refused. Source:
 * PullMessageProcessor.
 */
export function filterOf(
  group: Reader | undefined,
  { consumerGroup, topic, subVersion }: PullAs,
  broadcastAllowed: boolean,
): Subscribed["wanted"] | Reply {
  if (group === undefined) {
    const nobody = "no consumer of the group is online here";
    return refusePull(ResponseCode.SUBSCRIPTION_NOT_EXIST, consumerGroup, nobody);
  }
  if (!broadcastAllowed && group.messageModel === "BROADCASTING") {
    return refusePull(ResponseCode.NO_PERMISSION, consumerGroup, "it may not broadcast");
  }
  const subscription = group.subscriptions.get(topic);
  if (subscription === undefined) {
    const missing = `the group did not subscribe to "${topic}"`;
    return refusePull(ResponseCode.SUBSCRIPTION_NOT_EXIST, consumerGroup, missing);
  }
  if (subscription.subVersion < subVersion) {
    return refusePull(
      ResponseCode.SUBSCRIPTION_NOT_LATEST,
      consumerGroup,
      `its subscription here is ${subscription.subVersion}, the pull has ${subVersion}`,
    );
  }
  if (subscription.expressionType !== "TAG") {
    return refusePull(ResponseCode.SYSTEM_ERROR, consumerGroup, NO_PROPERTY_FILTER);
  }
  return subscription.wanted;
}

function refusePull(code: number, group: string, reason: string): Reply {
  return refuse(code, `cannot pull as "${group}": ${reason}`);
}
