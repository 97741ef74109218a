import { RequestCode } from "./codes.ts";
import type { ExtFields, Request } from "./command.ts";
import { flagField, int32Field, int64Field, textField } from "./fields.ts";

/**
 * What a producer asks for beside the body: requests 10, 310 and 320, and 324 and 325 for answers to requests.
 * 310, 320 and 325 name the fields by the letters `a` to `n`. Source: SendMessageRequestHeader(V2).
 */
export interface SendRequest {
  readonly producerGroup: string;
  readonly topic: string;
  /** Its settings are copied when the topic must be created, normally those of TBW102. */
  readonly defaultTopic: string;
  /** Queues wanted then. */
  readonly defaultTopicQueueNums: number;
  /** Below 0 the broker picks one. */
  readonly queueId: number;
  /** Bits of SysFlag. */
  readonly sysFlag: number;
  /** ms since 1970, by the producer's clock. */
  readonly bornTimestamp: number;
  /** The user's number, kept as it is. */
  readonly flag: number;
  /** properties.ts reads it. */
  readonly properties: string;
  readonly reconsumeTimes: number;
  readonly unitMode: boolean;
  /** Undefined when the request does not say. */
  readonly maxReconsumeTimes?: number;
  /** The body holds many messages (batch.ts). This says so, not the request code. */
  readonly batch: boolean;
}

/** Fields of 10 and 324, by their long names. @throws {FieldError} */
export function parseSend(ext: ExtFields): SendRequest {
  return {
    producerGroup: textField("producerGroup", ext.producerGroup),
    topic: textField("topic", ext.topic),
    defaultTopic: textField("defaultTopic", ext.defaultTopic),
    defaultTopicQueueNums: int32Field("defaultTopicQueueNums", ext.defaultTopicQueueNums),
    queueId: int32Field("queueId", ext.queueId),
    sysFlag: int32Field("sysFlag", ext.sysFlag),
    bornTimestamp: int64Field("bornTimestamp", ext.bornTimestamp),
    flag: int32Field("flag", ext.flag),
    properties: ext.properties ?? "",
    reconsumeTimes: ext.reconsumeTimes ? int32Field("reconsumeTimes", ext.reconsumeTimes) : 0,
    unitMode: flagField(ext.unitMode),
    maxReconsumeTimes: ext.maxReconsumeTimes
      ? int32Field("maxReconsumeTimes", ext.maxReconsumeTimes)
      : undefined,
    batch: flagField(ext.batch),
  };
}

/** Fields of 310, 320 and 325, by their letters; complaints name the field, not its letter. @throws {FieldError} */
export function parseSendV2(ext: ExtFields): SendRequest {
  return {
    producerGroup: textField("producerGroup", ext.a),
    topic: textField("topic", ext.b),
    defaultTopic: textField("defaultTopic", ext.c),
    defaultTopicQueueNums: int32Field("defaultTopicQueueNums", ext.d),
    queueId: int32Field("queueId", ext.e),
    sysFlag: int32Field("sysFlag", ext.f),
    bornTimestamp: int64Field("bornTimestamp", ext.g),
    flag: int32Field("flag", ext.h),
    properties: ext.i ?? "",
    reconsumeTimes: ext.j ? int32Field("reconsumeTimes", ext.j) : 0,
    unitMode: flagField(ext.k),
    maxReconsumeTimes: ext.l ? int32Field("maxReconsumeTimes", ext.l) : undefined,
    batch: flagField(ext.m),
  };
}

/** Request 310, or 320 for a batch. */
export function formatSend(send: SendRequest, body: Uint8Array): Request {
  const ext: ExtFields = {
    a: send.producerGroup,
    b: send.topic,
    c: send.defaultTopic,
    d: String(send.defaultTopicQueueNums),
    e: String(send.queueId),
    f: String(send.sysFlag),
    g: String(send.bornTimestamp),
    h: String(send.flag),
    i: send.properties,
    j: String(send.reconsumeTimes),
    k: String(send.unitMode),
    m: String(send.batch),
  };
  if (send.maxReconsumeTimes !== undefined) ext.l = String(send.maxReconsumeTimes);
  const code = send.batch ? RequestCode.SEND_BATCH_MESSAGE : RequestCode.SEND_MESSAGE_V2;
  return { code, ext, body };
}
