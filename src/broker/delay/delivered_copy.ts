import { utf8 } from "../../base/bytes.ts";
import type { NewMessage } from "../../store/store.ts";
import type { StoredMessage } from "../../wire/message.ts";
import { copyOf } from "../copy.ts";
import type { RealPlace } from "../real_place.ts";

/** The message at its place, as a Java broker copies it: the properties of the wait stay on it. */
export function copyAt(message: StoredMessage, { topic, queueId }: RealPlace): NewMessage {
  const place = { topicName: topic, bytes: utf8(topic) };
  return copyOf(message, place, queueId, { preparedTransactionOffset: 0 });
}
