import { utf8 } from "../../base/bytes.ts";
import type { NewMessage } from "../../store/store.ts";
import type { StoredMessage } from "../../wire/message.ts";
import { Property, property } from "../../wire/properties.ts";
import { SysFlag } from "../../wire/record_layout.ts";
import { copyOf } from "../copy.ts";
import { delayBy } from "../delay/delayed.ts";
import type { Levels } from "../delay/levels.ts";
import type { Detoured } from "../detour.ts";
import { sendHints } from "../send_hints.ts";
import { topicNameProblem } from "../topic_rules.ts";

/** Where a half message is to go. */
export interface RealPlace {
  readonly topic: string;
  readonly queueId: number;
}

/** What consumers get. */
export interface CommittedCopy {
  readonly message: NewMessage;
  /** What its producer wanted of the answer. */
  readonly waits: boolean;
}

/** Where a half message is to go; undefined when it does not say so. */
export function realPlaceOf({ properties }: StoredMessage): RealPlace | undefined {
  const topic = property(properties, Property.REAL_TOPIC);
  const queueId = Number(property(properties, Property.REAL_QID));
  if (topic === undefined || topicNameProblem(topic) !== undefined) return undefined;
  return Number.isInteger(queueId) && queueId >= 0 ? { topic, queueId } : undefined;
}

/**
 * A half message as the message it stands for. The properties of its wait stay on it, as a 4.9.7 broker leaves
 * them; one with a delay level begins to wait for that now.
 */
export function committedCopy(half: StoredMessage, levels: Levels): CommittedCopy | undefined {
  const place = realPlaceOf(half);
  if (place === undefined) return undefined;
  const { waits, delay, stored } = sendHints(half.properties);
  const topic = { topicName: place.topic, bytes: utf8(place.topic) };
  const message: Detoured = copyOf(half, topic, place.queueId, {
    sysFlag: (half.sysFlag & ~SysFlag.TRANSACTION) | SysFlag.COMMIT,
    preparedTransactionOffset: half.logOffset,
    properties: stored,
  });
  if (delay > 0) delayBy(message, delay, levels);
  return { message, waits };
}
