import { utf8 } from "../../base/bytes.ts";
import type { Handler } from "../../rpc/peer.ts";
import { RequestCode, ResponseCode } from "../../wire/codes.ts";
import { refuse } from "../../wire/command.ts";
import { Fields } from "../../wire/fields.ts";
import { formatTopicList } from "../../wire/route.ts";
import { formatTopicConfig } from "../../wire/topic.ts";
import type { Groups } from "../groups.ts";
import type { Topics } from "../topics.ts";

/** What these requests are answered from. */
export interface SettingsContext {
  readonly topics: Topics;
  readonly groups: Groups;
}

/** Handlers of 305, 351 and 352: the broker's own topics, and the settings of one topic or group. */
export function settingsHandlers({ topics, groups }: SettingsContext): [number, Handler][] {
  const systemTopics: Handler = () => ({
    code: ResponseCode.SUCCESS,
    body: formatTopicList({ topics: topics.systemNames }),
  });

  const topicConfig: Handler = ({ ext }) => {
    const name = new Fields(ext).text("topic");
    const topic = topics.get(name);
    if (topic !== undefined) {
      return { code: ResponseCode.SUCCESS, body: utf8(formatTopicConfig(topic)) };
    }
    return refuse(ResponseCode.TOPIC_NOT_EXIST, `Cannot look at "${name}": not on this broker`);
  };

  const groupConfig: Handler = ({ ext }) => {
    const name = new Fields(ext).text("group");
    const group = groups.get(name);
    if (group !== undefined) {
      return { code: ResponseCode.SUCCESS, body: utf8(JSON.stringify(group)) };
    }
    const remark = `Cannot look at group "${name}": not on this broker`;
    return refuse(ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, remark);
  };

  return [
    [RequestCode.GET_SYSTEM_TOPIC_LIST_FROM_BROKER, systemTopics],
    [RequestCode.GET_TOPIC_CONFIG, topicConfig],
    [RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG, groupConfig],
  ];
}
