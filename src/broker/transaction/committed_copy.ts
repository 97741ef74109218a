import { utf8 } from "../../base/bytes.ts";
import type { NewMessage } from "../../store/store.ts";
import type { StoredMessage } from "../../wire/message.ts";
import { SysFlag } from "../../wire/record_layout.ts";
import { copyOf } from "../copy.ts";
import { delayBy } from "../delay/delayed.ts";
import type { Levels } from "../delay/levels.ts";
import type { Detoured } from "../detour.ts";
import { realPlaceOf } from "../real_place.ts";
import { sendHints } from "../send_hints.ts";

/** What consumers get. */
export interface CommittedCopy {
  readonly message: NewMessage;
  /** What its producer wanted of the answer. */
  readonly waits: boolean;
}

/**
 * A half message as the message it stands for. The properties of its wait stay on it, as a 4.9.7 broker leaves
 * them; one with a delay level begins to wait for that now.
 */
export function committedCopy(half: StoredMessage, levels: Levels): CommittedCopy | undefined {
  const place = realPlaceOf(half);
  if (place === undefined) return undefined;
  const { waits, delay, stored } = sendHints(half.properties);
  const topic = { topicName: place.topic, bytes: utf8(place.topic) };
  const message: Detoured = copyOf(half, topic, place.queueId, {
    sysFlag: (half.sysFlag & ~SysFlag.TRANSACTION) | SysFlag.COMMIT,
    preparedTransactionOffset: half.logOffset,
    properties: stored,
  });
  if (delay > 0) delayBy(message, delay, levels);
  return { message, waits };
}
