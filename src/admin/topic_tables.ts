import { AnswerError } from "../client/errors.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import { formatTopicGroupsQuery, parseGroupList } from "../wire/group_list.ts";
import { parseTopicList } from "../wire/route.ts";
import { parseTopicTable, type TopicTable } from "../wire/topic.ts";
import { askNode, askServers, type Lines } from "./lines.ts";

/** All topics a broker has, with their settings. @throws {AnswerError} {CallError} {FieldError} */
export async function topicTable(
  lines: Pick<Lines, "calls">,
  address: string,
): Promise<TopicTable> {
  const request = { code: RequestCode.GET_ALL_TOPIC_CONFIG };
  return parseTopicTable((await askNode(lines, address, request, "read its topics")).body);
}

/** Topics that a broker has for itself. @throws {AnswerError} {CallError} {FieldError} */
export async function systemTopicsOn(
  lines: Pick<Lines, "calls">,
  address: string,
): Promise<readonly string[]> {
  const request = { code: RequestCode.GET_SYSTEM_TOPIC_LIST_FROM_BROKER };
  const { body } = await askNode(lines, address, request, "list its own topics");
  return parseTopicList(body).topics;
}

/** Topics of a cluster; none when there is no such cluster. @throws {AnswerError} {CallError} {FieldError} */
export async function topicsOfCluster(
  lines: Pick<Lines, "servers">,
  cluster: string,
): Promise<readonly string[]> {
  const request = { code: RequestCode.GET_TOPICS_BY_CLUSTER, ext: { cluster } };
  const { body } = await askServers(lines, request, `list topics of cluster "${cluster}"`);
  return parseTopicList(body).topics;
}

/** Groups that read a topic on one broker, or have been somewhere in it; by name. @throws {AnswerError} {CallError} {FieldError} */
export async function groupsOfTopic(
  lines: Pick<Lines, "calls">,
  address: string,
  topic: string,
): Promise<string[]> {
  const action = `see who reads topic "${topic}"`;
  try {
    const { body } = await askNode(lines, address, formatTopicGroupsQuery(topic), action);
    return parseGroupList(body).sort();
  } catch (error) {
    if (error instanceof AnswerError && error.code === ResponseCode.TOPIC_NOT_EXIST) return [];
    throw error;
  }
}
