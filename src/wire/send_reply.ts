import type { Outbox } from "../base/bytes.ts";
import type { ReplyTo } from "./codec.ts";
import { putJsonFrame, putReply } from "./codec.ts";
import type { Command, ExtFields, Reply } from "./command.ts";
import { FLAG_RESPONSE, OUR_VERSION } from "./command.ts";
import { Fields } from "./fields.ts";
import { OUR_LANGUAGE } from "./header.ts";

/**
 * What a stored message is answered with: code 0, and 10, 11 or 12 when it is stored but a guarantee was not
 * reached. Clients read every field then. Source: SendMessageResponseHeader.
 */
export interface SendAnswer {
  readonly code: number;
  readonly remark?: string;
  /** Offset message id; those of a batch joined with commas. */
  readonly msgId: string;
  readonly queueId: number;
  /** Place in the queue; that of the first message of a batch. */
  readonly queueOffset: number;
  /** The client's own message id, given back. */
  readonly transactionId?: string;
  readonly region: string;
  readonly traceOn: boolean;
}

/** Region of a broker that was told none. */
export const DEFAULT_REGION = "DefaultRegion";

const TAIL = `,"serializeTypeCurrentRPC":"JSON","version":${OUR_VERSION}}`;
const NEEDS_NO_ESCAPE = /^[\w,.:@ -]*$/;

export function formatSendReply(answer: SendAnswer): Reply {
  const ext: ExtFields = {
    queueId: String(answer.queueId),
    TRACE_ON: String(answer.traceOn),
    MSG_REGION: answer.region,
    msgId: answer.msgId,
    queueOffset: String(answer.queueOffset),
  };
  if (answer.transactionId !== undefined) ext.transactionId = answer.transactionId;
  return { code: answer.code, remark: answer.remark, ext };
}

/** @throws {FieldError} */
export function parseSendReply(reply: Command): SendAnswer {
  const fields = new Fields(reply.ext);
  return {
    code: reply.code,
    remark: reply.remark,
    msgId: fields.text("msgId"),
    queueId: fields.int32("queueId"),
    queueOffset: fields.int64("queueOffset"),
    transactionId: fields.optional("transactionId"),
    region: fields.optional("MSG_REGION") ?? DEFAULT_REGION,
    traceOn: reply.ext.TRACE_ON !== "false",
  };
}

/**
 * Puts the answer to a send into the outbox. A broker under load does little else, so the JSON form is one
 * template instead of objects and JSON.stringify.
 */
export function putSendReply(out: Outbox, to: ReplyTo, answer: SendAnswer): void {
  if (to.form !== "json") return putReply(out, to, formatSendReply(answer));
  const transactionId = answer.transactionId === undefined
    ? ""
    : `,"transactionId":${quoted(answer.transactionId)}`;
  const remark = answer.remark === undefined ? "" : `,"remark":${quoted(answer.remark)}`;
  putJsonFrame(
    out,
    `{"code":${answer.code},"extFields":{"queueId":"${answer.queueId}","TRACE_ON":"${answer.traceOn}",` +
      `"MSG_REGION":${quoted(answer.region)},"msgId":"${answer.msgId}",` +
      `"queueOffset":"${answer.queueOffset}"${transactionId}},"flag":${FLAG_RESPONSE},` +
      `"language":"${OUR_LANGUAGE}","opaque":${to.opaque}${remark}${TAIL}`,
    0,
  );
}

function quoted(text: string): string {
  return NEEDS_NO_ESCAPE.test(text) ? `"${text}"` : JSON.stringify(text);
}
