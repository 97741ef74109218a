import type { Lines } from "../../admin/lines.ts";
import type { Found } from "../../admin/messages.ts";
import { entryAt, positionIn, type QueueAt, queuesOf } from "../../admin/offsets.ts";
import { foundIn, TOOLS_GROUP } from "../../admin/queues.ts";
import { AnswerError } from "../../client/errors.ts";
import { ResponseCode } from "../../wire/codes.ts";
import { reaching } from "../admin/reach.ts";
import type { Context } from "../command.ts";
import { Exit, UsageError } from "../exit.ts";
import { tableOf } from "../table.ts";
import { type MqadminCommand, mqadminCommand, TOPIC } from "./command.ts";
import { foundJson, foundLine } from "./found_text.ts";
import { MOMENT, momentOf } from "./moments.ts";
import { printJson } from "./print.ts";

/** As mqadmin's. */
const CONSUMED_MAX = 128;

const TAGS = { kind: "text", letter: "s", meaning: "tags, A || B; all without it" } as const;
const END = { kind: "text", letter: "e", meaning: "and not after; like the time above" } as const;
const CHARSET = {
  kind: "text",
  letter: "c",
  meaning: "what bodies are written in (UTF-8)",
} as const;
const SINCE = { kind: "text", letter: "b", meaning: `stored since ${MOMENT}` } as const;

/** Commands that read through queues. They move no group. */
export const messageReads: Readonly<Record<string, MqadminCommand>> = {
  printMsg: mqadminCommand({
    summary: "Print the messages of a topic, queue by queue",
    flags: {
      topic: TOPIC,
      subExpression: TAGS,
      beginTimestamp: SINCE,
      endTimestamp: END,
      printBody: { kind: "truth", letter: "d", meaning: "bodies, too (true)" },
      charsetName: CHARSET,
    },
    examples: ["printMsg -t orders", "printMsg -t orders -s 'new || paid' -d false"],
    run(context, given) {
      const textOf = bodyText(given.charsetName, given.printBody ?? true);
      const times = timesOf(given, "-b");
      return reaching(context, given, async (lines) => {
        const { topic, subExpression } = given;
        for (const queue of await queuesOf(lines, topic)) {
          const { from, end } = await rangeOf(lines, queue, times);
          const { brokerName, queueId } = queue;
          const place = `topic=${topic}, brokerName=${brokerName}, queueId=${queueId}`;
          const head = `minOffset=${from}, maxOffset=${end}, MessageQueue [${place}]\n`;
          if (!given.json) context.terminal.stdout(head);
          const range = { from, end, ...subExpression !== undefined && { tags: subExpression } };
          for await (const found of foundIn(lines, queue, range, context.runtime.codecs)) {
            if (isWithin(found, times)) print(context, given, found, textOf);
          }
          if (!given.json) context.terminal.stdout(`${"-".repeat(56)}\n`);
        }
        return Exit.OK;
      });
    },
  }),

  printMsgByQueue: mqadminCommand({
    summary: "Print the messages of one queue, or count them by tag",
    flags: {
      topic: TOPIC,
      brokerName: { kind: "text", letter: "a", required: true, meaning: "the broker, by its name" },
      queueId: { kind: "count", letter: "i", required: true, meaning: "its queue" },
      subExpression: TAGS,
      beginTimestamp: SINCE,
      endTimestamp: END,
      "print msg": { kind: "truth", letter: "p", meaning: "print messages (false)" },
      printBody: { kind: "truth", letter: "d", meaning: "bodies, too (false)" },
      calculate: { kind: "truth", letter: "f", meaning: "count messages by tag (false)" },
      charsetName: CHARSET,
    },
    examples: [
      "printMsgByQueue -t orders -a broker-a -i 0 -p true -d true",
      "printMsgByQueue -t orders -a broker-a -i 0 -f true",
    ],
    run(context, given) {
      const textOf = bodyText(given.charsetName, given.printBody ?? false);
      const times = timesOf(given, "-b");
      const prints = given["print msg"] ?? false;
      if (!prints && !given.calculate) {
        throw new UsageError("printMsgByQueue needs -p true for messages or -f true for counts");
      }
      return reaching(context, given, async (lines) => {
        const { topic, brokerName, queueId, subExpression } = given;
        const [queue] = await chosen(lines, topic, { brokerName, queueId });
        const range = await rangeOf(lines, queue, times);
        const tags = new Map<string, number>();
        const wanted = { ...range, ...subExpression !== undefined && { tags: subExpression } };
        for await (const found of foundIn(lines, queue, wanted, context.runtime.codecs)) {
          if (!isWithin(found, times)) continue;
          const { tag } = found.message;
          if (tag !== undefined) tags.set(tag, (tags.get(tag) ?? 0) + 1);
          if (prints) print(context, given, found, textOf);
        }
        if (given.calculate) printTags(context, given, tags);
        return Exit.OK;
      });
    },
  }),

  consumeMessage: mqadminCommand({
    summary: "Print the oldest messages of a topic, of one broker, queue or place in it",
    flags: {
      topic: TOPIC,
      brokerName: { kind: "text", letter: "b", meaning: "on that broker alone, by its name" },
      queueId: { kind: "count", letter: "i", meaning: "with -b: that queue alone" },
      offset: { kind: "count", letter: "o", meaning: "with -i: from that place on" },
      MessageNumber: {
        ...{ kind: "count", letter: "c" } as const,
        meaning: `so many messages at most (${CONSUMED_MAX})`,
      },
      consumerGroup: {
        ...{ kind: "text", letter: "g", names: "group" } as const,
        meaning: `in whose name; it stays where it is (${TOOLS_GROUP})`,
      },
      beginTimestamp: { ...SINCE, letter: "s" },
      endTimestamp: END,
    },
    examples: [
      "consumeMessage -t orders -c 10",
      "consumeMessage -t orders -b broker-a -i 0 -o 4711 -c 1",
    ],
    run(context, given) {
      const { topic, brokerName, queueId, offset, consumerGroup: group = TOOLS_GROUP } = given;
      if (queueId !== undefined && brokerName === undefined) throw new UsageError("-i needs -b");
      if (offset !== undefined && queueId === undefined) throw new UsageError("-o needs -i");
      const times = timesOf(given, "-s");
      const textOf = bodyText(undefined, true);
      return reaching(context, given, async (lines) => {
        let left = given.MessageNumber ?? CONSUMED_MAX;
        for (const queue of await chosen(lines, topic, { brokerName, queueId })) {
          if (left <= 0) break;
          const range = await rangeOf(lines, queue, times);
          const from = Math.max(offset ?? 0, range.from);
          for await (
            const found of foundIn(lines, queue, { ...range, from, group }, context.runtime.codecs)
          ) {
            if (!isWithin(found, times)) continue;
            print(context, given, found, textOf);
            if (--left <= 0) break;
          }
        }
        return Exit.OK;
      });
    },
  }),
};

interface Times {
  readonly since: number | undefined;
  readonly until: number | undefined;
}

/** @throws {UsageError} */
function timesOf(
  { beginTimestamp, endTimestamp }: {
    readonly beginTimestamp: string | undefined;
    readonly endTimestamp: string | undefined;
  },
  sinceFlag: string,
): Times {
  const since = beginTimestamp === undefined ? undefined : momentOf(sinceFlag, beginTimestamp);
  const until = endTimestamp === undefined ? undefined : momentOf("-e", endTimestamp);
  if (since !== undefined && until !== undefined && since > until) {
    throw new UsageError(`${sinceFlag} is after -e`);
  }
  return { since, until };
}

/** Brokers find the entry nearest to a time: that may be one before it. */
function isWithin(
  { record: { storeTimestamp } }: Found,
  { since = 0, until = Infinity }: Times,
): boolean {
  return since <= storeTimestamp && storeTimestamp <= until;
}

/** About the entries of a queue that were stored between two times. */
async function rangeOf(
  lines: Pick<Lines, "calls">,
  queue: QueueAt,
  { since, until }: Times,
): Promise<{ readonly from: number; readonly end: number }> {
  const at = await positionIn(lines, TOOLS_GROUP, queue);
  const from = since === undefined ? at.first : await entryAt(lines, at, { time: since });
  if (until === undefined) return { from, end: at.end };
  const last = await entryAt(lines, at, { time: until + 1 }); // or the one before it, if that is nearer
  return { from, end: Math.min(at.end, last + 1) };
}

/** Queues of a topic, of that broker and number where they are told. @throws {AnswerError} when there is none. */
async function chosen(
  lines: Lines,
  topic: string,
  { brokerName, queueId }: {
    readonly brokerName: string | undefined;
    readonly queueId: number | undefined;
  },
): Promise<QueueAt[]> {
  const queues = (await queuesOf(lines, topic)).filter((queue) =>
    (brokerName ?? queue.brokerName) === queue.brokerName &&
    (queueId ?? queue.queueId) === queue.queueId
  );
  if (queues.length > 0) return queues;
  const which = queueId === undefined ? "queue" : `queue ${queueId}`;
  const where = brokerName === undefined ? "" : ` on "${brokerName}"`;
  throw new AnswerError(
    ResponseCode.TOPIC_NOT_EXIST,
    `Cannot read it: topic "${topic}" has no ${which}${where}`,
  );
}

type BodyText = (body: Uint8Array) => string;

/** How bodies are shown. @throws {UsageError} for a charset that is not known here. */
function bodyText(charset = "UTF-8", prints: boolean): BodyText {
  try {
    const decoder = new TextDecoder(charset);
    return (body) => prints ? decoder.decode(body) : "NOT PRINT BODY";
  } catch {
    throw new UsageError(`-c is "${charset}", it must be a charset such as UTF-8 or GBK`);
  }
}

function print(
  context: Context,
  { json }: { readonly json: boolean },
  found: Found,
  textOf: BodyText,
): void {
  if (json) printJson(context, [foundJson(found)]);
  else context.terminal.stdout(foundLine(found, textOf(found.message.body)));
}

function printTags(
  context: Context,
  { json }: { readonly json: boolean },
  tags: ReadonlyMap<string, number>,
): void {
  const counts = [...tags].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  if (json) printJson(context, counts.map(([tag, count]) => ({ tag, count })));
  else {
    const rows = counts.map(([tag, count]) => ["Tag:", tag, "Count:", String(count)]);
    context.terminal.stdout(tableOf(rows));
  }
}
