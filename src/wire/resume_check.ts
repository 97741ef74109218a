import { FieldError } from "../base/errors.ts";
import { RequestCode } from "./codes.ts";
import type { ExtFields, Request } from "./command.ts";
import { Fields } from "./fields.ts";
import { parseMessageId } from "./message_id.ts";

/**
 * The log offset of the message that 323 names: a transaction that was given up, whose producer shall be asked
 * again. Source: ResumeCheckHalfMessageRequestHeader.
 * @throws {FieldError}
 */
export function parseResumeCheck(ext: ExtFields): number {
  const messageId = new Fields(ext).text("msgId");
  const place = parseMessageId(messageId);
  if (place === undefined) throw new FieldError("msgId", messageId, "an offset message id");
  return place.logOffset;
}

/** Request 323. */
export function formatResumeCheck(messageId: string): Request {
  return { code: RequestCode.RESUME_CHECK_HALF_MESSAGE, ext: { msgId: messageId } };
}
