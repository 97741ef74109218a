import type { NewMessage } from "../store/store.ts";
import { hostBytes } from "../wire/host_address.ts";
import type { StoredMessage } from "../wire/message.ts";
import type { Topic } from "./topics.ts";

/** What a copy has of its own. */
export type CopyChanges = Partial<
  Omit<NewMessage, "topic" | "topicBytes" | "queueId" | "body" | "bornHost" | "storeHost">
>;

/** A stored message as a new one of another queue; all that `changes` does not name stays as it was. */
export function copyOf(
  message: StoredMessage,
  { topicName, bytes }: Pick<Topic, "topicName" | "bytes">,
  queueId: number,
  changes: CopyChanges = {},
): NewMessage {
  return {
    topic: topicName,
    topicBytes: bytes,
    queueId,
    flag: message.flag,
    sysFlag: message.sysFlag,
    bornTimestamp: message.bornTimestamp,
    bornHost: hostBytes(message.bornHost),
    storeHost: hostBytes(message.storeHost),
    reconsumeTimes: message.reconsumeTimes,
    preparedTransactionOffset: message.preparedOffset,
    properties: message.properties,
    body: message.body,
    ...changes,
  };
}
