import { FieldError } from "../base/errors.ts";
import { RequestCode } from "./codes.ts";
import type { ExtFields, Request } from "./command.ts";
import { Fields } from "./fields.ts";
import { SysFlag } from "./record_layout.ts";

/** What a producer says of its local work. */
export type Decision = "commit" | "rollback" | "unknown";

/**
 * Request 37: what became of the work a half message stands for. Producers send it one-way, by themselves or
 * when they were asked by 39. Source: EndTransactionRequestHeader.
 */
export interface EndTransaction {
  readonly producerGroup: string;
  /** Place of the half message in its queue. */
  readonly halfQueueOffset: number;
  /** And in the log. */
  readonly halfLogOffset: number;
  readonly decision: Decision;
  /** It answers a question of the broker. */
  readonly isChecked: boolean;
  /** The id its producer gave the message. */
  readonly messageId: string;
  readonly transactionId?: string;
}

/**
 * Request 39, one-way: a broker asks what became of a half message, which is the body: one record, of the topic
 * and queue it is meant for. Source: CheckTransactionStateRequestHeader.
 */
export interface TransactionCheck {
  readonly halfQueueOffset: number;
  readonly halfLogOffset: number;
  readonly messageId: string;
  readonly transactionId: string;
  /** Address of the broker and log offset. */
  readonly offsetMessageId: string;
}

const VALUES: Readonly<Record<Decision, number>> = {
  unknown: 0,
  commit: SysFlag.COMMIT,
  rollback: SysFlag.ROLLBACK,
};

/** Fields of 37. @throws {FieldError} */
export function parseEndTransaction(ext: ExtFields): EndTransaction {
  const fields = new Fields(ext);
  return {
    producerGroup: fields.text("producerGroup"),
    halfQueueOffset: fields.int64("tranStateTableOffset"),
    halfLogOffset: fields.int64("commitLogOffset"),
    decision: decisionOf(fields.int32("commitOrRollback")),
    isChecked: fields.flag("fromTransactionCheck"),
    messageId: fields.optional("msgId") ?? "", // nobody looks it up by this
    transactionId: fields.optional("transactionId"),
  };
}

/** Request 37. */
export function formatEndTransaction(end: EndTransaction): Request {
  const ext: ExtFields = {
    producerGroup: end.producerGroup,
    tranStateTableOffset: String(end.halfQueueOffset),
    commitLogOffset: String(end.halfLogOffset),
    commitOrRollback: String(VALUES[end.decision]),
    fromTransactionCheck: String(end.isChecked),
    msgId: end.messageId,
  };
  if (end.transactionId !== undefined) ext.transactionId = end.transactionId;
  return { code: RequestCode.END_TRANSACTION, ext };
}

/** Fields of 39. @throws {FieldError} */
export function parseTransactionCheck(ext: ExtFields): TransactionCheck {
  const fields = new Fields(ext);
  return {
    halfQueueOffset: fields.int64("tranStateTableOffset"),
    halfLogOffset: fields.int64("commitLogOffset"),
    messageId: fields.optional("msgId") ?? "",
    transactionId: fields.optional("transactionId") ?? "",
    offsetMessageId: fields.optional("offsetMsgId") ?? "",
  };
}

/** Request 39 with the record as its body. */
export function formatTransactionCheck(check: TransactionCheck, record: Uint8Array): Request {
  const ext: ExtFields = {
    tranStateTableOffset: String(check.halfQueueOffset),
    commitLogOffset: String(check.halfLogOffset),
    msgId: check.messageId,
    transactionId: check.transactionId,
    offsetMsgId: check.offsetMessageId,
  };
  return { code: RequestCode.CHECK_TRANSACTION_STATE, ext, body: record };
}

function decisionOf(value: number): Decision {
  const found = (Object.keys(VALUES) as Decision[]).find((name) => VALUES[name] === value);
  if (found !== undefined) return found;
  throw new FieldError("commitOrRollback", String(value), "0, 8 or 12: unknown, commit, roll back");
}
