import { RequestCode } from "./codes.ts";
import type { ExtFields, Request } from "./command.ts";
import { Fields } from "./fields.ts";

/**
 * A consumer could not handle a message and wants it again: request 36. Source:
 * ConsumerSendMsgBackRequestHeader.
 */
export interface SendBackRequest {
  /** Where its record lies in the log of the broker that is asked. */
  readonly logOffset: number;
  readonly group: string;
  /** 0: by how often it failed already. Below 0: never again, it goes to the dead letters. */
  readonly delayLevel: number;
  /** The consumer's names for the message, for traces. */
  readonly originMsgId?: string;
  readonly originTopic?: string;
  readonly unitMode: boolean;
  /** Failures after which it is dead; the group's setting when undefined. */
  readonly maxReconsumeTimes?: number;
}

/** @throws {FieldError} */
export function parseSendBack(ext: ExtFields): SendBackRequest {
  const fields = new Fields(ext);
  return {
    logOffset: fields.int64("offset"),
    group: fields.text("group"),
    delayLevel: fields.int32("delayLevel"),
    originMsgId: fields.optional("originMsgId"),
    originTopic: fields.optional("originTopic"),
    unitMode: fields.flag("unitMode"),
    maxReconsumeTimes: fields.optional("maxReconsumeTimes") === undefined
      ? undefined
      : fields.int32("maxReconsumeTimes"),
  };
}

/** Request 36. */
export function formatSendBack(request: SendBackRequest): Request {
  const ext: ExtFields = {
    offset: String(request.logOffset),
    group: request.group,
    delayLevel: String(request.delayLevel),
    unitMode: String(request.unitMode),
  };
  const { originMsgId, originTopic, maxReconsumeTimes } = request;
  if (originMsgId !== undefined) ext.originMsgId = originMsgId;
  if (originTopic !== undefined) ext.originTopic = originTopic;
  if (maxReconsumeTimes !== undefined) ext.maxReconsumeTimes = String(maxReconsumeTimes);
  return { code: RequestCode.CONSUMER_SEND_MSG_BACK, ext };
}
