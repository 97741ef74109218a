import { utf8 } from "../../base/bytes.ts";
import { SCHEDULE_TOPIC } from "../../store/delay.ts";
import { ResponseCode } from "../../wire/codes.ts";
import { refuse } from "../../wire/command.ts";
import { Property, property, withProperty } from "../../wire/properties.ts";
import type { Detour, Detoured } from "../detour.ts";
import { HALF_TOPIC } from "../topic_rules.ts";
import type { Levels } from "./levels.ts";

const TOPIC_BYTES = utf8(SCHEDULE_TOPIC);

/** Sends a message with a delay level to where it waits. The first half of a transaction is never delayed. */
export function delayedDetour(levels: Levels): Detour {
  return (message, { delay }) => {
    if (delay === 0 || message.topic === HALF_TOPIC) return undefined;
    const text = property(textOf(message), Property.DELAY);
    if (text === undefined) return undefined; // an earlier detour took it out
    if (!/^-?\d{1,9}$/.test(text)) {
      const reason = `Cannot delay a message: DELAY is "${text}", it must be a whole number`;
      return refuse(ResponseCode.SYSTEM_ERROR, reason);
    }
    delayBy(message, Number(text), levels);
    return undefined;
  };
}

/**
 * Makes a message wait for its level before it comes to its topic and queue; one above the highest level
 * waits as that one does. Level 0 and below is no delay. Source: CommitLog.asyncPutMessage.
 */
export function delayBy(message: Detoured, level: number, levels: Levels): void {
  const known = Math.min(level, levels.highest);
  if (known <= 0) return;
  let properties = withProperty(textOf(message), Property.DELAY, String(known));
  properties = withProperty(properties, Property.REAL_TOPIC, message.topic);
  message.properties = withProperty(properties, Property.REAL_QID, String(message.queueId));
  message.topic = SCHEDULE_TOPIC;
  message.topicBytes = TOPIC_BYTES;
  message.queueId = known - 1;
}

/** Whoever comes here has them as text; only a plain send from its frame does not. */
function textOf({ properties }: Detoured): string {
  return typeof properties === "string" ? properties : new TextDecoder().decode(properties);
}
