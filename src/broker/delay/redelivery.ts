import { readInt64, textOf, viewOf } from "../../base/bytes.ts";
import type { Log } from "../../base/log.ts";
import type { Clock } from "../../ports/host.ts";
import { SCHEDULE_TOPIC } from "../../store/delay.ts";
import {
  ENTRY_BYTES,
  entryLogOffset,
  entrySize,
  entryTagsCode,
  FILL_SIZE,
} from "../../store/queue_entry.ts";
import { messageAt, storeTimeAt } from "../../store/records.ts";
import type { Store } from "../../store/store.ts";
import { Turn } from "../../store/turn.ts";
import { walkLog } from "../../store/walk.ts";
import type { StoredMessage } from "../../wire/message.ts";
import { BORN_TIMESTAMP_AT } from "../../wire/record_layout.ts";
import type { RecordView } from "../../wire/record_view.ts";
import type { DelayProgress } from "../delay_progress.ts";
import { type RealPlace, realPlaceOf } from "../real_place.ts";
import type { Levels } from "./levels.ts";

/** What is looked for, and where. */
export interface RedeliveryContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  readonly progress: DelayProgress;
  readonly levels: Levels;
}

/** The message of a level that is delivered next, as far as progress tells. */
interface Expected {
  readonly level: number;
  readonly entry: number;
  readonly logOffset: number;
  readonly dueAt: number;
  readonly message: StoredMessage;
  readonly place: RealPlace;
}

const entry = new Uint8Array(ENTRY_BYTES);
const entryView = viewOf(entry);

/**
 * Brings progress up to what the log shows. Progress is saved now and then, so after a crash, or when a slave
 * takes over, copies of messages lie in the log that it does not know of; delivering those again would double
 * them. Each level is delivered in order, so a copy is that of the message which is expected next, and it has
 * the same properties, birth and body. Before anything is delivered, and before anybody is told the progress.
 */
export async function noteDelivered(context: RedeliveryContext): Promise<void> {
  const { clock, log, store, progress, levels } = context;
  progress.clampTo((level) => store.queues.get(SCHEDULE_TOPIC, level - 1)?.maxOffset ?? 0);
  const expected: Expected[] = [];
  for (const level of levels.all(store)) {
    const next = nextOf(store, level, progress.of(level) ?? 0);
    if (next) expected.push(next);
  }
  const to = store.dispatch.position;
  const from = Math.max(beginOf(context, expected), store.log.minOffset);
  let found = 0;
  if (expected.length > 0 && from < to) {
    const end = await walkLog(store.log, from, to, new Turn(clock), (record, bytes, view) => {
      const at = expected.findIndex((each) => isCopy(each, record, bytes, view));
      if (at < 0) return;
      const { level, entry } = expected[at];
      progress.advance(level, entry + 1);
      found++;
      const next = nextOf(store, level, entry + 1);
      if (next) expected[at] = next;
      else expected.splice(at, 1);
    });
    if (end < to) log.warn("the log cannot be read for delivered messages", { from: end, to });
  }
  if (found > 0) log.info("delayed messages that were delivered already", { count: found });
  progress.complete();
}

/** Where copies may begin that progress does not know of: none lies before its original. */
function beginOf(
  { store, progress }: RedeliveryContext,
  expected: readonly Expected[],
): number {
  const first = Math.min(...expected.map(({ logOffset }) => logOffset));
  return Math.max(progress.from ?? fileOf(store, expected), first);
}

/** A Java broker's table does not say where: the file in which the log was when the first of them was due. */
function fileOf(store: Store, expected: readonly Expected[]): number {
  const { log } = store;
  const first = Math.min(...expected.map(({ dueAt }) => dueAt));
  for (let base = log.tail - log.tail % log.fileBytes;; base -= log.fileBytes) {
    const storedAt = storeTimeAt(log, base);
    if (base <= log.minOffset || (storedAt >= 0 && storedAt < first)) return base;
  }
}

/** The first message of a level from an entry on that can be delivered. */
function nextOf(store: Store, level: number, from: number): Expected | undefined {
  const queue = store.queues.get(SCHEDULE_TOPIC, level - 1);
  if (queue === undefined) return undefined;
  for (let n = Math.max(from, queue.minOffset); n < queue.maxOffset; n++) {
    if (queue.read(n, entry) < ENTRY_BYTES) return undefined;
    if (entrySize(entryView, 0) === FILL_SIZE) continue;
    const logOffset = entryLogOffset(entryView, 0);
    const dueAt = entryTagsCode(entryView, 0);
    const message = messageAt(store.log, logOffset);
    const place = message && realPlaceOf(message);
    if (place) return { level, entry: n, logOffset, dueAt, message: message!, place };
  }
  return undefined;
}

function isCopy(
  { message, place }: Expected,
  record: RecordView,
  bytes: Uint8Array,
  view: DataView,
): boolean {
  const { at, topicAt, topicLength, propertiesAt, propertiesLength } = record;
  return readInt64(view, at + BORN_TIMESTAMP_AT) === message.bornTimestamp &&
    record.queueId === place.queueId && record.bodyCrc === message.bodyCrc &&
    record.bodyLength === message.body.length && record.logOffset > message.logOffset &&
    view.getInt32(record.bodyAt - 16) === message.reconsumeTimes &&
    textOf(bytes.subarray(topicAt, topicAt + topicLength)) === place.topic &&
    textOf(bytes.subarray(propertiesAt, propertiesAt + propertiesLength)) === message.properties;
}
