import { utf8 } from "../base/bytes.ts";
import type { Handler } from "../rpc/peer.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import { refuse, type Reply } from "../wire/command.ts";
import { Fields } from "../wire/fields.ts";
import type { DeletedTopics } from "../wire/deleted_topics.ts";
import { formatTopicTable, parseTopicUpdate } from "../wire/topic.ts";
import { checkTopicName, type Topics } from "./topics.ts";

/** Messages of deleted topics: see Deletions. */
export interface Erasing {
  /** Deletes what is stored of these topics now; resolves when that is safe. */
  readonly erase: (topics: Iterable<string>) => Promise<void>;
  /** What was deleted, for slaves. */
  readonly floors: () => DeletedTopics;
}

/** What requests about topics need of their broker. */
export interface TopicContext {
  readonly topics: Topics;
  readonly isSlave: boolean;
  readonly erasing: Erasing;
  /** Resolves when name servers know the topics as they are now; see `Registrar.known`. */
  readonly known: () => Promise<void>;
}

/** Handlers of 17, 21 and 215. Source: AdminBrokerProcessor. */
export function topicHandlers(
  { topics, isSlave, erasing, known }: TopicContext,
): [number, Handler][] {
  /** Why nobody may change this topic here, or undefined. */
  const refusal = (action: string, name: string): Reply | undefined => {
    if (isSlave) return refuseOnSlave(`${action} "${name}"`);
    if (!topics.isSystem(name)) return undefined;
    return refuse(
      ResponseCode.SYSTEM_ERROR,
      `Cannot ${action} "${name}": the topic belongs to the broker`,
    );
  };

  const update: Handler = async ({ ext }) => {
    const config = parseTopicUpdate(new Fields(ext));
    checkTopicName("topic", config.topicName);
    const refused = refusal("create", config.topicName);
    if (refused !== undefined) return refused;
    // Only name servers say which topics have an order: the request's word is ignored, as in Java.
    topics.update({ ...config, order: topics.get(config.topicName)?.order ?? false });
    const reply = await saved(topics);
    await known(); // whoever asked sends to it next
    return reply;
  };

  // Also of a topic that is gone: whoever was told that deleting it failed tries again.
  const remove: Handler = async ({ ext }) => {
    const name = new Fields(ext).text("topic");
    if (topics.get(name) === undefined) checkTopicName("topic", name);
    const refused = refusal("delete", name);
    if (refused !== undefined) return refused;
    topics.delete(name);
    await erasing.erase([name]);
    return saved(topics);
  };

  const all: Handler = () => {
    const table = { dataVersion: topics.dataVersion, topics: topics.all() };
    const body = formatTopicTable({ ...table, deleted: erasing.floors() });
    return { code: ResponseCode.SUCCESS, body: utf8(body) };
  };

  return [
    [RequestCode.UPDATE_AND_CREATE_TOPIC, update],
    [RequestCode.DELETE_TOPIC_IN_BROKER, remove],
    [RequestCode.GET_ALL_TOPIC_CONFIG, all],
  ];
}

/** The answer to a change of a table that only a master may make. */
export function refuseOnSlave(action: string): Reply {
  return refuse(ResponseCode.SYSTEM_ERROR, `Cannot ${action}: this is a slave, ask its master`);
}

/** Answers when the change would survive a power cut; a failed write is the answer otherwise. */
export async function saved(table: { flush(): Promise<void> }): Promise<Reply> {
  await table.flush();
  return { code: ResponseCode.SUCCESS };
}
