import type { Handler } from "../../rpc/peer.ts";
import type { Store } from "../../store/store.ts";
import { RequestCode, ResponseCode } from "../../wire/codes.ts";
import type { Erasing } from "../topic_handlers.ts";
import type { Topics } from "../topics.ts";

/** What cleaning needs of its broker. */
export interface CleanContext {
  readonly store: Pick<Store, "queues"> & {
    readonly retention: Pick<Store["retention"], "removeExpired" | "cleanDerived">;
  };
  readonly topics: Pick<Topics, "get" | "isSystem">;
  readonly erasing: Erasing;
  readonly isSlave: boolean;
}

/**
 * Handlers of 329, 306 and 316. Removing is what the store does by itself, here at an hour an operator chose.
 * The answer comes when it is asked for: a full store takes longer than anybody waits. Source:
 * AdminBrokerProcessor.
 */
export function cleanHandlers(context: CleanContext): [number, Handler][] {
  const { store: { retention } } = context;
  const success = { code: ResponseCode.SUCCESS };
  const expired: Handler = () => {
    void retention.removeExpired(); // it says itself what it removed, and what it could not
    return success;
  };
  const derived: Handler = () => {
    void retention.cleanDerived();
    return success;
  };
  const unused: Handler = async () => {
    await context.erasing.erase(unusedTopics(context));
    return success;
  };
  return [
    [RequestCode.DELETE_EXPIRED_COMMITLOG, expired],
    [RequestCode.CLEAN_EXPIRED_CONSUMEQUEUE, derived],
    [RequestCode.CLEAN_UNUSED_TOPIC, unused],
  ];
}

/** Topics that have messages and no settings. A slave has messages of a new topic before its settings. */
function unusedTopics({ store, topics, isSlave }: CleanContext): Set<string> {
  const unused = new Set<string>();
  for (const { topic } of isSlave ? [] : store.queues.all()) {
    if (topics.get(topic) === undefined && !topics.isSystem(topic)) unused.add(topic);
  }
  return unused;
}
