import { textOf, utf8 } from "../../base/bytes.ts";
import type { NewMessage } from "../../store/store.ts";
import { hostBytes } from "../../wire/host_address.ts";
import type { StoredMessage } from "../../wire/message.ts";
import { Property } from "../../wire/properties.ts";
import { OP_HALF_TOPIC } from "../topic_rules.ts";

/** The one queue of half messages, and that of op messages. */
export const QUEUE_ID = 0;

const TOPIC_BYTES = utf8(OP_HALF_TOPIC);
/** The tag says that a half message is done. Source: TransactionalMessageUtil.REMOVETAG. */
const PROPERTIES = utf8(`${Property.TAGS}\x01d`);

/** An op message: the half message at that place of its queue is done. Its body is the number as text. */
export function opOf(halfQueueOffset: number, half: StoredMessage, nowMs: number): NewMessage {
  const host = hostBytes(half.storeHost);
  return {
    topic: OP_HALF_TOPIC,
    topicBytes: TOPIC_BYTES,
    queueId: QUEUE_ID,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: nowMs,
    bornHost: host,
    storeHost: host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    properties: PROPERTIES,
    body: utf8(String(halfQueueOffset)),
  };
}

/** The half messages an op message names; a 5.x broker names several, with commas between. */
export function halvesNamedBy(body: Uint8Array): number[] {
  return textOf(body).split(",").filter((text) => /^\d{1,15}$/.test(text)).map(Number);
}
