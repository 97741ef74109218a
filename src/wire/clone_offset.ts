import { RequestCode } from "./codes.ts";
import type { ExtFields, Request } from "./command.ts";
import { Fields } from "./fields.ts";

/** Request 314: a group shall go on where another one is. Source: CloneGroupOffsetRequestHeader. */
export interface CloneOffsets {
  readonly from: string;
  readonly to: string;
  /** That topic alone; all of the group without it. */
  readonly topic?: string;
  /** Also topics that the group, being online, does not consume any more. */
  readonly isOffline: boolean;
}

/** Fields of 314. @throws {FieldError} */
export function parseCloneOffsets(ext: ExtFields): CloneOffsets {
  const fields = new Fields(ext);
  const clone = {
    from: fields.text("srcGroup"),
    to: fields.text("destGroup"),
    isOffline: fields.flag("offline"),
  };
  const topic = fields.optional("topic");
  return topic === undefined ? clone : { ...clone, topic };
}

/** Request 314. */
export function formatCloneOffsets({ from, to, topic, isOffline }: CloneOffsets): Request {
  const ext: ExtFields = { srcGroup: from, destGroup: to, offline: String(isOffline) };
  if (topic !== undefined) ext.topic = topic;
  return { code: RequestCode.CLONE_GROUP_OFFSET, ext };
}
