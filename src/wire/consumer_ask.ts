import { utf8 } from "../base/bytes.ts";
import { RequestCode } from "./codes.ts";
import type { ExtFields, Request } from "./command.ts";
import { Fields } from "./fields.ts";
import { JsonBody } from "./json_body.ts";

/** Request 307: what a member of a group does at the moment. A broker hands it on to the member. */
export interface RunningInfoQuery {
  readonly group: string;
  readonly clientId: string;
  /** With the stacks of its threads. */
  readonly withStacks: boolean;
}

/** Request 307; answered with a JSON object that the member makes. */
export function formatRunningInfoQuery(query: RunningInfoQuery): Request {
  const { group, clientId, withStacks } = query;
  const ext = { consumerGroup: group, clientId, jstackEnable: String(withStacks) };
  return { code: RequestCode.GET_CONSUMER_RUNNING_INFO, ext };
}

/** Request 309: a member of a group shall consume one message now. */
export interface DirectConsume {
  readonly group: string;
  readonly clientId: string;
  /** Its offset id; see message_id.ts. */
  readonly messageId: string;
  /** Of the message, which the member puts into its queue's name. */
  readonly brokerName?: string;
}

/** Fields of 309. @throws {FieldError} Source: ConsumeMessageDirectlyResultRequestHeader. */
export function parseDirectConsume(ext: ExtFields): DirectConsume {
  const fields = new Fields(ext);
  const asked = { ...parseMember(ext), messageId: fields.text("msgId") };
  const brokerName = fields.optional("brokerName");
  return brokerName === undefined ? asked : { ...asked, brokerName };
}

/** Request 309. */
export function formatDirectConsume(asked: DirectConsume): Request {
  const { group, clientId, messageId, brokerName } = asked;
  const ext: ExtFields = { consumerGroup: group, clientId, msgId: messageId };
  if (brokerName !== undefined) ext.brokerName = brokerName;
  return { code: RequestCode.CONSUME_MESSAGE_DIRECTLY, ext };
}

/** Which member 307 or 309 is for. @throws {FieldError} */
export function parseMember(ext: ExtFields): { group: string; clientId: string } {
  const fields = new Fields(ext);
  return { group: fields.text("consumerGroup"), clientId: fields.text("clientId") };
}

/** What came of it: the answer to 309. Source: ConsumeMessageDirectlyResult. */
export interface DirectResult {
  readonly isOrdered: boolean;
  readonly autoCommits: boolean;
  /** CR_SUCCESS, CR_LATER, CR_ROLLBACK, CR_COMMIT, CR_THROW_EXCEPTION or CR_RETURN_NULL. */
  readonly result: string;
  readonly remark?: string;
  readonly spentMs: number;
}

/** @throws {FieldError} */
export function parseDirectResult(body: Uint8Array): DirectResult {
  const answer = JsonBody.parse(body);
  const remark = answer.textOr("remark", undefined);
  const result = {
    isOrdered: answer.flag("order", false),
    autoCommits: answer.flag("autoCommit", true),
    result: answer.textOr("consumeResult", ""),
    spentMs: answer.long("spentTimeMills", 0),
  };
  return remark === undefined ? result : { ...result, remark };
}

/** The body of a member's answer to 309. */
export function formatDirectResult(result: DirectResult): Uint8Array {
  const { autoCommits, isOrdered, remark, spentMs } = result;
  return utf8(JSON.stringify({
    autoCommit: autoCommits,
    consumeResult: result.result,
    order: isOrdered,
    remark,
    spentTimeMills: spentMs,
  }));
}
