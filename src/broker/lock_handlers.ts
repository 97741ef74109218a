import type { Handler } from "../rpc/peer.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import { formatLocked, parseQueuesOfClient } from "../wire/lock.ts";
import type { Locks } from "./locks.ts";

/** Handlers of 41 and 42. Source: AdminBrokerProcessor. */
export function lockHandlers(locks: Locks): [number, Handler][] {
  const lock: Handler = ({ body }) => {
    const { clientId, consumerGroup, queues } = parseQueuesOfClient(body);
    const got = locks.lock(consumerGroup, clientId, queues);
    return { code: ResponseCode.SUCCESS, body: formatLocked(got) };
  };

  const unlock: Handler = ({ body }) => {
    const { clientId, consumerGroup, queues } = parseQueuesOfClient(body);
    locks.unlock(consumerGroup, clientId, queues);
    return { code: ResponseCode.SUCCESS };
  };

  return [[RequestCode.LOCK_BATCH_MQ, lock], [RequestCode.UNLOCK_BATCH_MQ, unlock]];
}
