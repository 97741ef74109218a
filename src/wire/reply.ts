import { RequestCode } from "./codes.ts";
import type { ExtFields, Request } from "./command.ts";
import { Fields } from "./fields.ts";
import { formatSend, type SendRequest } from "./send.ts";

/**
 * Request 326: a broker hands the answer to a request to whoever asked; the body is the message's. Source:
 * ReplyMessageRequestHeader.
 */
export interface PushedReply extends Omit<SendRequest, "batch" | "maxReconsumeTimes"> {
  /** Who answered, host:port. */
  readonly bornHost: string;
  /** The broker, host:port. */
  readonly storeHost: string;
  /** ms since 1970. */
  readonly storeTimestamp: number;
}

/** Request 326 with the body of the answer. */
export function formatPushedReply(reply: PushedReply, body: Uint8Array): Request {
  const ext: ExtFields = {};
  for (const [name, value] of Object.entries(reply)) ext[name] = String(value);
  return { code: RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT, ext, body };
}

/** Fields of 326. @throws {FieldError} */
export function parsePushedReply(ext: ExtFields): PushedReply {
  const fields = new Fields(ext);
  return {
    producerGroup: fields.text("producerGroup"),
    topic: fields.text("topic"),
    defaultTopic: fields.text("defaultTopic"),
    defaultTopicQueueNums: fields.int32("defaultTopicQueueNums"),
    queueId: fields.int32("queueId"),
    sysFlag: fields.int32("sysFlag"),
    bornTimestamp: fields.int64("bornTimestamp"),
    flag: fields.int32("flag"),
    properties: fields.optional("properties") ?? "",
    reconsumeTimes: fields.optionalInt32("reconsumeTimes", 0),
    unitMode: fields.flag("unitMode"),
    bornHost: fields.text("bornHost"),
    storeHost: fields.text("storeHost"),
    storeTimestamp: fields.int64("storeTimestamp"),
  };
}

/** Request 325: the answer to a request, for the broker to hand on. */
export function formatReply(send: SendRequest, body: Uint8Array): Request {
  return { ...formatSend(send, body), code: RequestCode.SEND_REPLY_MESSAGE_V2 };
}
