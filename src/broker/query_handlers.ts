import { concat } from "../base/bytes.ts";
import type { Clock } from "../ports/host.ts";
import type { Handler } from "../rpc/peer.ts";
import { recordsByKey } from "../store/index/key_query.ts";
import { recordAt } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import { Turn } from "../store/turn.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import { refuse, type Reply } from "../wire/command.ts";
import { Fields } from "../wire/fields.ts";
import { formatGroupList } from "../wire/group_list.ts";
import { formatKeyAnswer, type KeyQuery, parseKeyQuery, parseView } from "../wire/query.ts";
import type { Clients } from "./clients.ts";
import type { Offsets } from "./offsets.ts";

/** What queries are answered from, and how much they get. Names in brackets are RocketMQ's keys. */
export interface QueryContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly offsets: Pick<Offsets, "groupsOf">;
  readonly clients: Pick<Clients, "consumerGroups">;
  readonly isSlave: boolean;
  /** [messageIndexEnable] */
  readonly isIndexed: boolean;
  /** Messages in one answer [maxMsgsNumBatch]. */
  readonly maxCount: number;
  /** And in one to a query by unique key [defaultQueryMaxNum]. */
  readonly uniqueMaxCount: number;
  readonly maxBytes: number;
}

/**
 * Handlers of 12, 33 and 300: messages by key, the one at a log offset, and the groups that consume a topic,
 * which mqadmin asks for when it shows a message.
 */
export function queryHandlers(context: QueryContext): [number, Handler][] {
  const { store, offsets, clients } = context;
  let last: Promise<unknown> = Promise.resolve();

  // One after the other: each may read a part of the log, and holds what it found.
  const query: Handler = ({ ext }) => {
    const asked = parseKeyQuery(ext);
    const answer = last.then(() => answerQuery(context, asked));
    last = answer.catch(() => {});
    return answer;
  };

  const view: Handler = ({ ext }) => {
    const logOffset = parseView(ext);
    const record = recordAt(store.log, logOffset);
    if (record !== undefined) return { code: ResponseCode.SUCCESS, body: record };
    return refuse(ResponseCode.SYSTEM_ERROR, `Cannot find a message at log offset ${logOffset}`);
  };

  const groups: Handler = ({ ext }) => {
    const topic = new Fields(ext).text("topic");
    const online = [...clients.consumerGroups()].filter((group) => group.subscriptions.has(topic));
    const names = new Set([...online.map(({ name }) => name), ...offsets.groupsOf(topic)]);
    return { code: ResponseCode.SUCCESS, body: formatGroupList(names) };
  };

  return [
    [RequestCode.QUERY_MESSAGE, query],
    [RequestCode.VIEW_MESSAGE_BY_ID, view],
    [RequestCode.QUERY_TOPIC_CONSUME_BY_WHO, groups],
  ];
}

async function answerQuery(context: QueryContext, query: KeyQuery): Promise<Reply> {
  const { store, clock, isSlave, maxCount, uniqueMaxCount, maxBytes } = context;
  // Whoever got an answer to a send finds it. A slave's log may end within a record, so it does not wait.
  if (!isSlave) await store.dispatch.reached(store.log.tail).catch(() => {});
  const asked = query.isUniqueKey ? uniqueMaxCount : query.maxCount;
  const question = {
    topic: query.topic,
    from: store.deletions.floorOf(query.topic),
    key: query.key,
    beginMs: query.beginTimestamp,
    endMs: query.endTimestamp,
    maxCount: Math.min(asked, maxCount),
    maxBytes,
  };
  const records = await recordsByKey(store.log, store.index, question, new Turn(clock));
  const { logOffset, storeMs } = store.index.newest;
  const answer = {
    indexLastLogOffset: logOffset,
    indexLastTimestamp: storeMs,
    body: records.length > 0 ? concat(records) : new Uint8Array(0),
  };
  return formatKeyAnswer(answer, records.length > 0 ? "" : whyNothing(context, query));
}

function whyNothing({ store, isIndexed }: QueryContext, { topic, key }: KeyQuery): string {
  const nothing = `Cannot find a message with key "${key}" of topic "${topic}" in that time`;
  if (!isIndexed) return `${nothing}: messageIndexEnable is false here`;
  if (!store.index.isBehind) return nothing;
  return `${nothing}: the key index is being made again, it has come to log offset ${store.index.position}`;
}
