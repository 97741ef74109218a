import { RequestCode, ResponseCode } from "./codes.ts";
import type { Command, ExtFields, Reply, Request } from "./command.ts";
import { Fields } from "./fields.ts";

/** Messages of a topic by key, stored between two times: request 12. Source: QueryMessageRequestHeader. */
export interface KeyQuery {
  /** Where to look. */
  readonly topic: string;
  /** What to look for. */
  readonly key: string;
  /** Messages in the answer, at most. */
  readonly maxCount: number;
  /** ms since 1970. */
  readonly beginTimestamp: number;
  /** And stored at that time or before it. */
  readonly endTimestamp: number;
  /** The key is the id that a client gave its message. */
  readonly isUniqueKey: boolean;
}

/** How far the index had come when it was asked; `body` holds records back to back. */
export interface KeyAnswer {
  readonly indexLastTimestamp: number;
  readonly indexLastLogOffset: number;
  readonly body: Uint8Array;
}

/** @throws {FieldError} */
export function parseKeyQuery(ext: ExtFields): KeyQuery {
  const fields = new Fields(ext);
  return {
    topic: fields.text("topic"),
    key: fields.text("key"),
    maxCount: fields.int32("maxNum"),
    beginTimestamp: fields.int64("beginTimestamp"),
    endTimestamp: fields.int64("endTimestamp"),
    isUniqueKey: fields.flag("_UNIQUE_KEY_QUERY"),
  };
}

/** Request 12. */
export function formatKeyQuery(query: KeyQuery): Request {
  const ext = {
    topic: query.topic,
    key: query.key,
    maxNum: String(query.maxCount),
    beginTimestamp: String(query.beginTimestamp),
    endTimestamp: String(query.endTimestamp),
    _UNIQUE_KEY_QUERY: String(query.isUniqueKey),
  };
  return { code: RequestCode.QUERY_MESSAGE, ext };
}

/** Answer to 12; `remark` says why nothing was found. */
export function formatKeyAnswer(answer: KeyAnswer, remark = ""): Reply {
  const ext = {
    indexLastUpdatePhyoffset: String(answer.indexLastLogOffset),
    indexLastUpdateTimestamp: String(answer.indexLastTimestamp),
  };
  if (answer.body.length === 0) return { code: ResponseCode.QUERY_NOT_FOUND, remark, ext };
  return { code: ResponseCode.SUCCESS, ext, body: answer.body };
}

/** An answer of code 0. @throws {FieldError} */
export function parseKeyAnswer({ ext, body }: Command): KeyAnswer {
  const fields = new Fields(ext);
  return {
    indexLastTimestamp: fields.int64("indexLastUpdateTimestamp"),
    indexLastLogOffset: fields.int64("indexLastUpdatePhyoffset"),
    body,
  };
}

/** The log offset of the record that 33 asks for. @throws {FieldError} */
export function parseView(ext: ExtFields): number {
  return new Fields(ext).int64("offset");
}

/** Request 33: the one record at a log offset. */
export function formatView(logOffset: number): Request {
  return { code: RequestCode.VIEW_MESSAGE_BY_ID, ext: { offset: String(logOffset) } };
}
