import { utf8 } from "../base/bytes.ts";
import { RequestCode } from "./codes.ts";
import type { Request } from "./command.ts";
import { JsonBody, textItem } from "./json_body.ts";

/** Request 300: which groups read a topic. */
export function formatTopicGroupsQuery(topic: string): Request {
  return { code: RequestCode.QUERY_TOPIC_CONSUME_BY_WHO, ext: { topic } };
}

/** Names of groups: body of answer 300. Source: GroupList. */
export function formatGroupList(names: Iterable<string>): Uint8Array {
  return utf8(JSON.stringify({ groupList: [...names] }));
}

/** @throws {FieldError} */
export function parseGroupList(body: Uint8Array): string[] {
  return JsonBody.parse(body).list("groupList", textItem);
}
