import type { Handler } from "../../rpc/peer.ts";
import type { Store } from "../../store/store.ts";
import { RequestCode, ResponseCode } from "../../wire/codes.ts";

/** What cleaning needs of its broker. */
export interface CleanContext {
  readonly store: {
    readonly retention: Pick<Store["retention"], "removeExpired" | "cleanDerived">;
  };
}

/**
 * Handlers of 329, 306 and 316. Removing is what the store does by itself, here at an hour an operator chose.
 * The answer comes when it is asked for: a full store takes longer than anybody waits. Queues of a topic that was
 * deleted go with the last of its messages in the log: numbered anew from 0 while those are there, a rebuild
 * would take the new messages for the old ones. Source: AdminBrokerProcessor.
 */
export function cleanHandlers({ store: { retention } }: CleanContext): [number, Handler][] {
  const success = { code: ResponseCode.SUCCESS };
  const expired: Handler = () => {
    void retention.removeExpired(); // it says itself what it removed, and what it could not
    return success;
  };
  const derived: Handler = () => {
    void retention.cleanDerived();
    return success;
  };
  return [
    [RequestCode.DELETE_EXPIRED_COMMITLOG, expired],
    [RequestCode.CLEAN_EXPIRED_CONSUMEQUEUE, derived],
    [RequestCode.CLEAN_UNUSED_TOPIC, derived],
  ];
}
