import type { CommitLog } from "../../store/commit_log.ts";
import { messageAt } from "../../store/records.ts";
import type { StoredMessage } from "../../wire/message.ts";
import { Property, property } from "../../wire/properties.ts";
import { HALF_TOPIC } from "../topic_rules.ts";

/** The half message at that place of the log; undefined when none begins there. */
export function halfAt(log: CommitLog, logOffset: number): StoredMessage | undefined {
  const half = messageAt(log, logOffset);
  return half?.topic === HALF_TOPIC ? half : undefined;
}

/** Where in the half queue the transaction began; a copy that was made to wait longer says it. */
export function firstOffset({ properties, queueOffset }: StoredMessage): number {
  const text = property(properties, Property.TRAN_PREPARED_QUEUE_OFFSET);
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : queueOffset;
}

/** How long its producer wants it left alone from its birth on, ms; undefined when it does not say. */
export function immunityMs({ properties }: StoredMessage, otherwiseMs: number): number | undefined {
  const text = property(properties, Property.CHECK_IMMUNITY_TIME_IN_SECONDS);
  if (text === undefined) return undefined;
  return /^\d{1,9}$/.test(text) ? 1_000 * Number(text) : otherwiseMs;
}

/** How often its producers were asked about it. */
export function checkTimes({ properties }: StoredMessage): number {
  const text = property(properties, Property.TRANSACTION_CHECK_TIMES) ?? "";
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}
