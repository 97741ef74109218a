import type { StoredMessage } from "../wire/message.ts";
import { Property, property } from "../wire/properties.ts";
import { HALF_TOPIC, topicNameProblem } from "./topic_rules.ts";

/** Where a message that waits in a topic of the broker's own is to go. */
export interface RealPlace {
  readonly topic: string;
  readonly queueId: number;
}

/** Where a message that waits is to go; undefined when it does not say so, or may not go there. */
export function realPlaceOf({ properties }: StoredMessage): RealPlace | undefined {
  const topic = property(properties, Property.REAL_TOPIC);
  const queue = property(properties, Property.REAL_QID) ?? "";
  if (topic === undefined || topicNameProblem(topic) !== undefined || !/^\d{1,9}$/.test(queue)) {
    return undefined;
  }
  return topic === HALF_TOPIC ? undefined : { topic, queueId: Number(queue) };
}
