import { reasonOf } from "../base/log.ts";
import { CallError } from "../rpc/peer.ts";
import { ResponseCode } from "../wire/codes.ts";
import type { Request } from "../wire/command.ts";
import { compressBody } from "../wire/compress.ts";
import { parseMessageId } from "../wire/message_id.ts";
import { formatProperties, Property } from "../wire/properties.ts";
import { formatSend } from "../wire/send.ts";
import { formatSendBack } from "../wire/send_back.ts";
import { AnswerError } from "./errors.ts";
import type { Message } from "./incoming.ts";
import { COMPRESS_BYTES_MIN } from "./outgoing.ts";
import type { ClientParts } from "./parts.ts";
import { NEW_TOPIC_QUEUES } from "./routes.ts";

/** Whose message it is, and when it shall come again. */
export interface SendBackOrder {
  readonly group: string;
  /** 0: the longer, the more often it failed. Below 0: never, it is a dead letter. */
  readonly delayLevel: number;
  /** After so many failures it is a dead letter; the group's setting on the broker when undefined. */
  readonly maxRetries: number | undefined;
}

/** The group's retry topic. */
const RETRY_PREFIX = "%RETRY%";
/** Source: MixAll.CLIENT_INNER_PRODUCER_GROUP. */
const PRODUCER_GROUP = "CLIENT_INNER_PRODUCER";
const TEMPLATE_TOPIC = "TBW102";
/** A first failure waits for this level when we send the copy, as brokers have it. */
const FIRST_LEVEL = 3;
const ANSWER_MS = 5_000;
const STORED: ReadonlySet<number> = new Set([
  ResponseCode.SUCCESS,
  ResponseCode.FLUSH_DISK_TIMEOUT,
  ResponseCode.SLAVE_NOT_AVAILABLE,
  ResponseCode.FLUSH_SLAVE_TIMEOUT,
]);

/**
 * Gives a message back to its group: its broker keeps it for later, else any broker that has the group's
 * retry topic gets a copy. @throws {AnswerError} {CallError} when none takes it.
 */
export async function sendBack(
  parts: ClientParts,
  message: Message,
  order: SendBackOrder,
): Promise<void> {
  try {
    return await giveToItsBroker(parts, message, order);
  } catch (error) {
    if (message.problem !== undefined) throw error; // what we could send would be something else
    parts.log.debug("message not taken back, sending a copy", { reason: reasonOf(error) });
    if (await sendCopy(parts, message, order)) return;
    throw error;
  }
}

async function giveToItsBroker(
  { routes, redial }: ClientParts,
  message: Message,
  { group, delayLevel, maxRetries }: SendBackOrder,
): Promise<void> {
  const { topic, brokerName } = message;
  // It was read from one of these; its store host may be that of the broker that had it first.
  const address = [RETRY_PREFIX + group, topic]
    .map((each) => routes.known(each)?.brokers.get(brokerName)?.get(0)).find(Boolean);
  if (address === undefined) throw new CallError("unreachable", `${brokerName} has no master`);
  const place = parseMessageId(message.offsetMessageId);
  const request = formatSendBack({
    logOffset: place!.logOffset,
    group,
    delayLevel,
    originMsgId: message.messageId,
    originTopic: topic,
    unitMode: false,
    maxReconsumeTimes: maxRetries,
  });
  const { code, remark } = await redial.call(address, request, ANSWER_MS);
  if (code !== ResponseCode.SUCCESS) throw refused(brokerName, code, remark);
}

/** Tries each broker of the retry topic once; false when none took it. */
async function sendCopy(
  parts: ClientParts,
  message: Message,
  order: SendBackOrder,
): Promise<boolean> {
  const { routes, redial, log } = parts;
  try {
    const { brokers, writable } = await routes.toSend(RETRY_PREFIX + order.group);
    for (const name of new Set(writable.map(({ brokerName }) => brokerName))) {
      const queue = writable.find(({ brokerName }) => brokerName === name)!;
      try {
        const address = brokers.get(name)!.get(0)!; // only queues with a master are writable
        const request = copyOf(parts, message, order, queue.queueId);
        const { code, remark } = await redial.call(address, request, ANSWER_MS);
        if (STORED.has(code)) return true;
        throw refused(name, code, remark);
      } catch (error) {
        log.debug("copy not taken", { broker: name, reason: reasonOf(error) });
      }
    }
  } catch (error) {
    log.debug("no way for a copy", { reason: reasonOf(error) });
  }
  return false;
}

function copyOf(
  { runtime }: ClientParts,
  message: Message,
  { group, delayLevel, maxRetries }: SendBackOrder,
  queueId: number,
): Request {
  const level = delayLevel > 0 ? delayLevel : FIRST_LEVEL + message.reconsumeTimes;
  const properties = new Map(message.properties);
  properties.delete(Property.TRAN_MSG);
  properties.set(Property.RETRY_TOPIC, message.topic);
  if (!properties.has(Property.ORIGIN_MESSAGE_ID)) {
    properties.set(Property.ORIGIN_MESSAGE_ID, message.offsetMessageId);
  }
  properties.set(Property.DELAY, String(level));
  const plain = { body: message.body, sysFlag: 0 };
  const { body, sysFlag } = plain.body.length > COMPRESS_BYTES_MIN
    ? compressBody(runtime.codecs, plain)
    : plain;
  return formatSend({
    producerGroup: PRODUCER_GROUP,
    topic: RETRY_PREFIX + group,
    defaultTopic: TEMPLATE_TOPIC,
    defaultTopicQueueNums: NEW_TOPIC_QUEUES,
    queueId,
    sysFlag,
    bornTimestamp: message.bornTimestamp,
    flag: message.flag,
    properties: formatProperties(properties),
    reconsumeTimes: message.reconsumeTimes + 1,
    unitMode: false,
    maxReconsumeTimes: delayLevel < 0 ? 0 : maxRetries,
    batch: false,
  }, body);
}

function refused(brokerName: string, code: number, remark: string | undefined): AnswerError {
  const why = remark === undefined ? "" : ` (${remark})`;
  return new AnswerError(code, `message not taken back: ${brokerName} answers ${code}${why}`);
}
