import { ResponseCode } from "../../wire/codes.ts";
import { refuse } from "../../wire/command.ts";
import { Property, withoutProperty } from "../../wire/properties.ts";
import type { Detour } from "../detour.ts";
import type { Groups } from "../groups.ts";
import { groupOfRetry, isRetryTopic } from "../topic_rules.ts";
import type { Topics } from "../topics.ts";
import { isDead } from "./attempts.ts";

/**
 * A consumer whose send-back failed sends a copy to its retry topic itself; that copy goes to the dead letters
 * when it failed too often. Source: AbstractSendMessageProcessor.handleRetryAndDLQ.
 */
export function exhaustedDetour(groups: Groups, topics: Topics): Detour {
  return (message, { delay }, { maxReconsumeTimes }) => {
    if (!isRetryTopic(message.topic)) return undefined;
    const name = groupOfRetry(message.topic);
    const group = groups.find(name);
    if (group === undefined) {
      return refuse(
        ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
        `Cannot send to "${message.topic}": there is no group "${name}", and it may not be created`,
      );
    }
    if (!isDead(message.reconsumeTimes, maxReconsumeTimes, group)) return undefined;
    const dead = topics.createDeadLetter(name);
    if (dead === undefined) {
      return refuse(ResponseCode.SYSTEM_ERROR, `Cannot make a topic for "${name}"'s dead letters`);
    }
    message.topic = dead.topicName;
    message.topicBytes = dead.bytes;
    message.queueId = 0;
    if (delay !== 0) {
      message.properties = withoutProperty(message.properties as string, Property.DELAY);
    }
    return undefined;
  };
}
