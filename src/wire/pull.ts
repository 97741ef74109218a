import { RequestCode } from "./codes.ts";
import type { Command, ExtFields, Reply, Request } from "./command.ts";
import { Fields, int32Field, int64Field, textField } from "./fields.ts";

/** Bits of a pull's sysFlag. Source: PullSysFlag. */
export const PULL_FLAG = {
  /** Store `commitOffset` for the group. */
  commitOffset: 1,
  /** Wait for a message, up to `holdMs`. */
  mayPark: 2,
  /** The request brings its own expression; otherwise the group's heartbeat has it. */
  subscription: 4,
  classFilter: 8,
  litePull: 16,
} as const;

/** Requests 11 and 361. Source: PullMessageRequestHeader. */
export interface PullRequest {
  readonly consumerGroup: string;
  readonly topic: string;
  readonly queueId: number;
  /** First wanted entry of the queue. */
  readonly queueOffset: number;
  readonly maxMessages: number;
  /** Bits of PULL_FLAG. */
  readonly sysFlag: number;
  readonly commitOffset: number;
  /** How long it may be parked. */
  readonly holdMs: number;
  readonly subscription: string | undefined;
  readonly subVersion: number;
  /** "SQL92", or "TAG", which is also meant by undefined. */
  readonly expressionType: string | undefined;
}

/** Where a consumer goes on, beside the messages; every answer to a pull has it. */
export interface PullProgress {
  readonly nextBeginOffset: number;
  /** First entry of the queue and the next to be written. */
  readonly minOffset: number;
  readonly maxOffset: number;
}

/** An answer as the consumer sees it; `body` holds records back to back, message.ts reads them. */
export interface PullAnswer extends PullProgress {
  readonly code: number;
  readonly remark: string | undefined;
  /** Id of the broker to ask next: 0 is the master. */
  readonly suggestWhichBrokerId: number;
  readonly body: Uint8Array;
}

/** @throws {FieldError} */
export function parsePull(ext: ExtFields): PullRequest {
  return {
    consumerGroup: textField("consumerGroup", ext.consumerGroup),
    topic: textField("topic", ext.topic),
    queueId: int32Field("queueId", ext.queueId),
    queueOffset: int64Field("queueOffset", ext.queueOffset),
    maxMessages: int32Field("maxMsgNums", ext.maxMsgNums),
    sysFlag: int32Field("sysFlag", ext.sysFlag),
    commitOffset: int64Field("commitOffset", ext.commitOffset),
    holdMs: int64Field("suspendTimeoutMillis", ext.suspendTimeoutMillis),
    subscription: ext.subscription || undefined,
    subVersion: int64Field("subVersion", ext.subVersion),
    expressionType: ext.expressionType || undefined,
  };
}

/** Request 11. */
export function formatPull(pull: PullRequest): Request {
  const ext: ExtFields = {
    consumerGroup: pull.consumerGroup,
    topic: pull.topic,
    queueId: String(pull.queueId),
    queueOffset: String(pull.queueOffset),
    maxMsgNums: String(pull.maxMessages),
    sysFlag: String(pull.sysFlag),
    commitOffset: String(pull.commitOffset),
    suspendTimeoutMillis: String(pull.holdMs),
    subVersion: String(pull.subVersion),
  };
  if (pull.subscription !== undefined) ext.subscription = pull.subscription;
  if (pull.expressionType !== undefined) ext.expressionType = pull.expressionType;
  return { code: RequestCode.PULL_MESSAGE, ext };
}

/**
 * An answer without its body, for `beginReply` or as it is. Java reads all four numbers of codes 0, 19, 20
 * and 21, and fails when one is missing. Source: PullMessageResponseHeader.
 */
export function formatPullAnswer(
  code: number,
  remark: string,
  { nextBeginOffset, minOffset, maxOffset }: PullProgress,
  suggestWhichBrokerId: number,
): Reply {
  return {
    code,
    remark,
    ext: {
      suggestWhichBrokerId: String(suggestWhichBrokerId),
      nextBeginOffset: String(nextBeginOffset),
      maxOffset: String(maxOffset),
      minOffset: String(minOffset),
    },
  };
}

/** An answer of code 0, 19, 20 or 21. @throws {FieldError} */
export function parsePullAnswer({ code, remark, ext, body }: Command): PullAnswer {
  const fields = new Fields(ext);
  return {
    code,
    remark,
    suggestWhichBrokerId: fields.int64("suggestWhichBrokerId"),
    nextBeginOffset: fields.int64("nextBeginOffset"),
    minOffset: fields.int64("minOffset"),
    maxOffset: fields.int64("maxOffset"),
    body,
  };
}
