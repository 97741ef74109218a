import { AnswerError } from "../client/errors.ts";
import { type Message, messageOf } from "../client/incoming.ts";
import { subscriptionOf, wants } from "../client/subscription.ts";
import type { Codecs } from "../ports/host.ts";
import { ResponseCode } from "../wire/codes.ts";
import { type CloneOffsets, formatCloneOffsets } from "../wire/clone_offset.ts";
import { decodeRecords } from "../wire/message.ts";
import { formatPull, parsePullAnswer, PULL_FLAG } from "../wire/pull.ts";
import {
  formatQueueEntriesQuery,
  parseQueueEntries,
  type QueueEntries,
  type QueueEntriesQuery,
} from "../wire/queue_entries.ts";
import { askNode, type Lines } from "./lines.ts";
import type { Found } from "./messages.ts";
import type { QueueAt } from "./offsets.ts";

/** The group in whose name admin tools read; brokers have it from the start. */
export const TOOLS_GROUP = "TOOLS_CONSUMER";
const BATCH_MESSAGES = 32;
const PULL_MS = 10_000;
/** Answers without messages. */
const NOTHING: ReadonlySet<number> = new Set([
  ResponseCode.PULL_NOT_FOUND,
  ResponseCode.PULL_OFFSET_MOVED,
  ResponseCode.PULL_RETRY_IMMEDIATELY,
]);

/** What of a queue is read: its entries from `from` and before `end`, those that the tags let through. */
export interface QueueRange {
  readonly from: number;
  readonly end: number;
  /** Tags, `a || b`; all messages without it. */
  readonly tags?: string;
  /** In whose name; that of admin tools by default. */
  readonly group?: string;
}

/**
 * Messages of a queue, in order. Entries that are not there any more are passed over. No group goes on elsewhere
 * by this.
 *
 * @throws {AnswerError} {CallError} {FieldError} {WireError}
 */
export async function* messagesIn(
  lines: Pick<Lines, "calls">,
  queue: QueueAt,
  range: QueueRange,
  codecs: Codecs,
): AsyncGenerator<Message> {
  for await (const { message } of foundIn(lines, queue, range, codecs)) yield message;
}

/** The same, with their records. @throws {AnswerError} {CallError} {FieldError} {WireError} */
export async function* foundIn(
  lines: Pick<Lines, "calls">,
  queue: QueueAt,
  { from, end, tags, group = TOOLS_GROUP }: QueueRange,
  codecs: Codecs,
): AsyncGenerator<Found> {
  const subscription = subscriptionOf({ topic: queue.topic, expression: tags }, 0);
  for (let next = from; next < end;) {
    const { nextBeginOffset, body, moved } = await pulled(
      lines,
      queue,
      next,
      subscription.subString,
      group,
    );
    for (const record of decodeRecords(body)) {
      if (record.queueOffset < next) continue;
      if (record.queueOffset >= end) return;
      const message = messageOf(record, queue.brokerName, codecs);
      if (wants(subscription, message.tag)) yield { record, message };
    }
    if (!moved || nextBeginOffset <= next) return; // the end, or a broker that does not know how to go on
    next = nextBeginOffset;
  }
}

/** One pull that does not wait; `moved` tells whether there may be more. */
async function pulled(
  lines: Pick<Lines, "calls">,
  { address, topic, queueId }: QueueAt,
  queueOffset: number,
  subscription: string,
  consumerGroup: string,
): Promise<{ nextBeginOffset: number; body: Uint8Array; moved: boolean }> {
  const request = formatPull({
    ...{ consumerGroup, topic, queueId, queueOffset, subscription, subVersion: 0 },
    ...{ maxMessages: BATCH_MESSAGES, sysFlag: PULL_FLAG.subscription, commitOffset: 0, holdMs: 0 },
    expressionType: "TAG",
  });
  const answer = await lines.calls.call(address, request, PULL_MS);
  const { code, remark = "" } = answer;
  if (code === ResponseCode.SUCCESS) {
    const { nextBeginOffset, body } = parsePullAnswer(answer);
    return { nextBeginOffset, body: body.slice(), moved: true };
  }
  if (NOTHING.has(code)) {
    const { nextBeginOffset } = parsePullAnswer(answer);
    const moved = code !== ResponseCode.PULL_NOT_FOUND;
    return { nextBeginOffset, body: new Uint8Array(0), moved };
  }
  const why = remark === "" ? "" : ` (${remark.split("\n")[0].trim()})`;
  throw new AnswerError(
    code,
    `Cannot read queue ${queueId} of "${topic}": ${address} answers ${code}${why}`,
  );
}

/** Entries of a queue as its broker has them on disk. @throws {AnswerError} {CallError} {FieldError} */
export async function queueEntries(
  lines: Pick<Lines, "calls">,
  address: string,
  query: QueueEntriesQuery,
): Promise<QueueEntries> {
  const action = `read the entries of queue ${query.queueId} of "${query.topic}"`;
  return parseQueueEntries(
    (await askNode(lines, address, formatQueueEntriesQuery(query), action)).body,
  );
}

/** Has a group go on where another one is, on one broker. @throws {AnswerError} {CallError} */
export async function cloneOffsets(
  lines: Pick<Lines, "calls">,
  address: string,
  clone: CloneOffsets,
): Promise<void> {
  const action = `have group "${clone.to}" go on where "${clone.from}" is`;
  await askNode(lines, address, formatCloneOffsets(clone), action);
}
