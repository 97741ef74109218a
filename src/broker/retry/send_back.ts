import { randomBelow } from "../../base/random_below.ts";
import type { Handler } from "../../rpc/peer.ts";
import { messageAt } from "../../store/records.ts";
import { RequestCode, ResponseCode } from "../../wire/codes.ts";
import { refuse, type Reply } from "../../wire/command.ts";
import type { GroupConfig } from "../../wire/group.ts";
import { hostBytes } from "../../wire/host_address.ts";
import type { StoredMessage } from "../../wire/message.ts";
import { formatMessageId, messageIdPrefix } from "../../wire/message_id.ts";
import { Property, property, withProperty } from "../../wire/properties.ts";
import { parseSendBack, type SendBackRequest } from "../../wire/send_back.ts";
import { copyOf } from "../copy.ts";
import { delayBy } from "../delay/delayed.ts";
import { Levels } from "../delay/levels.ts";
import type { Detoured } from "../detour.ts";
import type { Parts } from "../parts.ts";
import { BUSY, WAITING_MAX } from "../puts.ts";
import { TOO_FEW_REPLICAS, tooFewReplicas } from "../replicas.ts";
import { STORED_REMARKS } from "../sent.ts";
import { PERM_WRITE, retryTopicOf, type Topic } from "../topic_rules.ts";
import { isDead, levelAfter } from "./attempts.ts";

/** Consumers before this one send a number of tries that they do not mean. */
const SAYS_TRIES_VERSION = 121;

/**
 * Handler of 36: a consumer gives a message back. A copy is stored for the group's retry topic, after a delay
 * that grows with each failure, or for its dead letters. The answer waits as a send's does.
 * Source: SendMessageProcessor.asyncConsumerSendMsgBack.
 */
export function sendBackHandler(parts: Parts): [number, Handler] {
  const levels = new Levels(parts.config.messageDelayLevel);
  return [RequestCode.CONSUMER_SEND_MSG_BACK, ({ ext, version }) => {
    const request = parseSendBack(ext);
    const { maxReconsumeTimes, ...rest } = request;
    const asked = version < SAYS_TRIES_VERSION ? rest : { ...rest, maxReconsumeTimes };
    return sendBack(parts, asked, levels);
  }];
}

function sendBack(
  parts: Parts,
  request: SendBackRequest,
  levels: Levels,
): Reply | Promise<Reply> {
  const group = parts.groups.find(request.group);
  if (group === undefined) {
    return refuse(
      ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
      `Cannot take a message back: there is no group "${request.group}", and it may not be created`,
    );
  }
  const refusal = notTaken(parts);
  if (refusal) return refusal;
  if (group.retryQueueNums <= 0) return { code: ResponseCode.SUCCESS }; // the group wants none again
  const retry = retryTopic(parts, request, group);
  if ("code" in retry) return retry;
  const failed = messageAt(parts.store.log, request.logOffset);
  if (failed === undefined) {
    const reason = `no message begins at log offset ${request.logOffset}`;
    return refuse(ResponseCode.SYSTEM_ERROR, `Cannot take a message back: ${reason}`);
  }
  const copy = copyBack(parts, request, group, retry, failed, levels);
  if ("code" in copy) return copy;
  const topic = property(failed.properties, Property.RETRY_TOPIC) ?? failed.topic;
  return stored(parts, copy, () => parts.stats.counts.gaveBack(request.group, topic));
}

/** Why this broker takes no message now. */
function notTaken(parts: Parts): Reply | undefined {
  const { config, isSlave, puts } = parts;
  if (isSlave) {
    const reason = "this broker is a slave, send it to its master";
    return refuse(ResponseCode.SYSTEM_ERROR, `Cannot take a message back: ${reason}`);
  }
  if ((config.brokerPermission & PERM_WRITE) === 0) {
    const reason = "this broker may not be written to";
    return refuse(ResponseCode.NO_PERMISSION, `Cannot take a message back: ${reason}`);
  }
  if (tooFewReplicas(parts)) return TOO_FEW_REPLICAS;
  return puts.waiting >= WAITING_MAX ? BUSY : undefined;
}

/** The group's retry topic, made when it is missing; or why there is none to write to. */
function retryTopic(
  { topics }: Parts,
  { group, unitMode }: SendBackRequest,
  { retryQueueNums }: GroupConfig,
): Topic | Reply {
  const topic = topics.createRetry(group, retryQueueNums, unitMode);
  if (topic === undefined) {
    const reason = `a topic "${retryTopicOf(group)}" cannot be made`;
    return refuse(ResponseCode.SYSTEM_ERROR, `Cannot take a message back: ${reason}`);
  }
  if ((topic.perm & PERM_WRITE) !== 0) return topic;
  const reason = `"${topic.topicName}" may not be written to`;
  return refuse(ResponseCode.NO_PERMISSION, `Cannot take a message back: ${reason}`);
}

/** What is to be stored, with where; or why there is no topic for it. */
function copyBack(
  parts: Parts,
  { group, delayLevel, maxReconsumeTimes }: SendBackRequest,
  config: GroupConfig,
  retry: Topic,
  message: StoredMessage,
  levels: Levels,
): Detoured | Reply {
  const { reconsumeTimes } = message;
  const changes = { properties: propertiesOf(message), reconsumeTimes: reconsumeTimes + 1 };
  if (delayLevel < 0 || isDead(reconsumeTimes, maxReconsumeTimes, config)) {
    const dead = parts.topics.createDeadLetter(group);
    if (dead !== undefined) return copyOf(message, dead, 0, undelayed(changes));
    const reason = "a topic for the group's dead letters cannot be made";
    return refuse(ResponseCode.SYSTEM_ERROR, `Cannot take a message back: ${reason}`);
  }
  // Consumers read the queues that the topic has, whatever the group was told since.
  const queues = Math.min(config.retryQueueNums, retry.writeQueueNums, retry.readQueueNums);
  const copy = copyOf(message, retry, randomBelow(parts.runtime, queues), changes);
  delayBy(copy, delayLevel === 0 ? levelAfter(reconsumeTimes) : delayLevel, levels);
  return copy;
}

/** What the first failure puts on a message stays through all that follow. */
function propertiesOf({ properties, topic, storeHost, logOffset }: StoredMessage): string {
  if (property(properties, Property.RETRY_TOPIC) === undefined) {
    properties = withProperty(properties, Property.RETRY_TOPIC, topic);
  }
  if (property(properties, Property.ORIGIN_MESSAGE_ID) !== undefined) return properties;
  const id = formatMessageId(messageIdPrefix(hostBytes(storeHost)), logOffset);
  return withProperty(properties, Property.ORIGIN_MESSAGE_ID, id);
}

function undelayed<T extends { properties: string }>(changes: T): T {
  return { ...changes, properties: withProperty(changes.properties, Property.DELAY, "0") };
}

/** A guarantee that was not reached in time is no failure: the consumer would send the message once more. */
async function stored({ puts }: Parts, copy: Detoured, count: () => void): Promise<Reply> {
  const { code, remark, stored } = await puts.put(copy, true);
  if (stored === undefined) return refuse(ResponseCode.SYSTEM_ERROR, remark ?? `code ${code}`);
  count();
  return { code: ResponseCode.SUCCESS, remark: STORED_REMARKS[code] };
}
