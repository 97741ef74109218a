import { AnswerError } from "../client/errors.ts";
import type { Message } from "../client/incoming.ts";
import { ResponseCode } from "../wire/codes.ts";
import { formatProperties, Property } from "../wire/properties.ts";
import { formatSend } from "../wire/send.ts";
import { parseSendReply } from "../wire/send_reply.ts";
import type { Lines } from "./lines.ts";
import { topicRoute } from "./topics.ts";

const SEND_MS = 10_000;
/** What brokers answer when a message is stored, in mqadmin's words. */
const STATUS: ReadonlyMap<number, string> = new Map([
  [ResponseCode.SUCCESS, "SEND_OK"],
  [ResponseCode.FLUSH_DISK_TIMEOUT, "FLUSH_DISK_TIMEOUT"],
  [ResponseCode.SLAVE_NOT_AVAILABLE, "SLAVE_NOT_AVAILABLE"],
  [ResponseCode.FLUSH_SLAVE_TIMEOUT, "FLUSH_SLAVE_TIMEOUT"],
]);
const PERM_WRITE = 2;
/** Of a message that was delivered once: sent again they would send it elsewhere, or later. */
const NOT_AGAIN: ReadonlySet<string> = new Set([
  Property.CLUSTER,
  Property.DELAY,
  Property.TRAN_MSG,
  Property.PGROUP,
  Property.REAL_TOPIC,
  Property.REAL_QID,
  Property.RETRY_TOPIC,
  "MIN_OFFSET",
  "MAX_OFFSET",
]);

/** A message that was sent a second time. */
export interface Resent {
  /** SEND_OK, or stored with less than was configured. */
  readonly status: string;
  /** As the first time. */
  readonly messageId: string;
  readonly offsetMessageId: string;
  readonly topic: string;
  readonly brokerName: string;
  readonly queueId: number;
  readonly queueOffset: number;
}

/**
 * Sends a stored message again, to the queue where it was or, when that cannot be written, to another one of its
 * topic. It keeps its id, tags, keys and properties, and is a plain message now.
 *
 * @throws {AnswerError} when no queue can be written or the broker refuses it. @throws {CallError} {FieldError}
 */
export async function resend(
  lines: Pick<Lines, "calls" | "servers">,
  message: Message,
  { producerGroup, now }: { readonly producerGroup: string; readonly now: number },
): Promise<Resent> {
  const { topic } = message;
  const { brokers, queues } = await topicRoute(lines, topic);
  const writable = queues.filter(({ perm }) => (perm & PERM_WRITE) !== 0);
  const at = writable.find(({ brokerName }) => brokerName === message.brokerName) ?? writable[0];
  const master = brokers.find(({ brokerName }) => brokerName === at?.brokerName)
    ?.brokerAddrs.get(0);
  if (at === undefined || master === undefined) {
    const why = `no master has a queue of "${topic}" that can be written`;
    throw new AnswerError(ResponseCode.NO_PERMISSION, `Cannot send it again: ${why}`);
  }
  const properties = [...message.properties].filter(([name]) => !NOT_AGAIN.has(name));
  const queueId = message.queueId < at.writeQueueNums ? message.queueId : 0;
  const request = formatSend({
    ...{ producerGroup, topic, defaultTopic: "TBW102", defaultTopicQueueNums: 4, queueId },
    ...{ sysFlag: 0, bornTimestamp: now, flag: message.flag, reconsumeTimes: 0 },
    ...{ unitMode: false, batch: false, properties: formatProperties(properties) },
  }, message.body);
  const answer = await lines.calls.call(master, request, SEND_MS);
  const status = STATUS.get(answer.code);
  if (status === undefined) {
    const why = answer.remark === undefined ? "" : ` (${answer.remark})`;
    throw new AnswerError(
      answer.code,
      `Cannot send ${message.messageId} again: ${master} answers ${answer.code}${why}`,
    );
  }
  const { msgId, queueOffset } = parseSendReply(answer);
  return {
    ...{ status, messageId: message.messageId, offsetMessageId: msgId, topic },
    ...{ brokerName: at.brokerName, queueId, queueOffset },
  };
}
