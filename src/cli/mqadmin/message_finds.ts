import { consumeDirectly } from "../../admin/members.ts";
import { runningInfo } from "../../admin/members.ts";
import type { Lines } from "../../admin/lines.ts";
import { type Found, foundById, foundByKey } from "../../admin/messages.ts";
import { foundIn } from "../../admin/queues.ts";
import { queuesOf } from "../../admin/offsets.ts";
import { resend } from "../../admin/resend.ts";
import { messageTracks } from "../../admin/tracks.ts";
import type { Message } from "../../client/incoming.ts";
import { reaching } from "../admin/reach.ts";
import type { Context } from "../command.ts";
import { Exit, UsageError } from "../exit.ts";
import { type MqadminCommand, mqadminCommand, TOPIC } from "./command.ts";
import { foundJson, foundText, tracksText } from "./found_text.ts";
import { printDone, printJson, printRows } from "./print.ts";

/** Brokers give at most so many messages of a key. */
const KEY_MAX = 64;
const SHOWN_MAX = 32;
/** Where mqadmin leaves bodies, each in a file named by the message's id. */
const BODIES = "/tmp/rocketmq/msgbodys";
const RESEND_GROUP = "ReSendMsgById";

const CONSUMER = {
  consumerGroup: {
    ...{ kind: "text", letter: "g", names: "group" } as const,
    meaning: "with -d: that group's client shall consume it now",
  },
  clientId: { kind: "text", letter: "d", meaning: "with -g: the client that shall consume it" },
} as const;

/** Commands that find messages. */
export const messageFinds: Readonly<Record<string, MqadminCommand>> = {
  queryMsgById: mqadminCommand({
    summary: "Show messages by their brokers' ids, send them again, or have them consumed",
    flags: {
      msgId: { kind: "text", letter: "i", required: true, meaning: "ids, parted by ," },
      ...CONSUMER,
      sendMessage: { kind: "truth", letter: "s", meaning: "send it again (false)" },
      unitName: {
        ...{ kind: "text", letter: "u" } as const,
        meaning: "taken, and as in mqadmin of no effect when name servers are told",
      },
    },
    examples: [
      "queryMsgById -i 0A00000500002A9F0000000000000400",
      "queryMsgById -i 0A00000500002A9F0000000000000400 -s true",
      "queryMsgById -i 0A00000500002A9F0000000000000400 -g billing -d 10.0.0.7@4711",
    ],
    run(context, given) {
      const member = memberOf(given);
      if (member && given.sendMessage) throw new UsageError("-s does not go with -g and -d");
      return reaching(context, given, async (lines) => {
        const ids = given.msgId.split(",").map((id) => id.trim()).filter((id) => id !== "");
        let exit: number = Exit.OK;
        for (const id of ids) {
          const found = await foundById(lines, id, context.runtime.codecs);
          const code = member
            ? await consumeNow(context, lines, given, found, member)
            : given.sendMessage
            ? await sendAgain(context, lines, given, found)
            : await show(context, lines, given, found, true);
          exit = exit || code;
        }
        return exit;
      });
    },
  }),

  queryMsgByUniqueKey: mqadminCommand({
    summary: "Show a message by the id its producer gave it, or have it consumed",
    flags: {
      msgId: { kind: "text", letter: "i", required: true, meaning: "its producer's id" },
      topic: TOPIC,
      ...CONSUMER,
      showAll: {
        kind: "switch",
        letter: "a",
        meaning: "all that have it, at most 32; else the oldest",
      },
    },
    examples: ["queryMsgByUniqueKey -t orders -i 7F0000010007000000000000000001A2"],
    run(context, given) {
      const member = memberOf(given);
      return reaching(context, given, async (lines) => {
        const { topic, msgId: key, showAll } = given;
        const query = { topic, key, maxCount: KEY_MAX, isUniqueKey: true };
        const all = await foundByKey(lines, query, context.runtime.codecs);
        if (all.length === 0) {
          return missing(context, `no message of topic "${topic}" has id ${key}`);
        }
        if (member) return await consumeNow(context, lines, given, all[0], member);
        const shown = all.slice(0, showAll ? SHOWN_MAX : 1);
        for (const found of shown) await show(context, lines, given, found, false);
        if (showAll && all.length > shown.length) {
          context.terminal.stderr(`pocketmq: ${all.length - shown.length} more are not shown\n`);
        }
        return Exit.OK;
      });
    },
  }),

  queryMsgByKey: mqadminCommand({
    summary: "List messages of a topic that have a key, the newest 64 of them",
    flags: {
      topic: TOPIC,
      msgKey: { kind: "text", letter: "k", required: true, meaning: "the key" },
    },
    examples: ["queryMsgByKey -t orders -k 4711"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { topic, msgKey: key } = given;
        const { codecs } = context.runtime;
        const all = await foundByKey(lines, { topic, key, maxCount: KEY_MAX }, codecs);
        if (all.length === 0) {
          return missing(context, `no message of topic "${topic}" has key "${key}"`);
        }
        const rows = all.map(({ message: { messageId }, record }) => [
          ...[messageId, String(record.queueId), String(record.queueOffset)],
        ]);
        printRows(context, given, ["#Message ID", "#QID", "#Offset"], rows, all.map(foundJson));
        return Exit.OK;
      }),
  }),

  queryMsgByOffset: mqadminCommand({
    summary: "Show the message at a place of a queue",
    flags: {
      topic: TOPIC,
      brokerName: { kind: "text", letter: "b", required: true, meaning: "the broker, by its name" },
      queueId: { kind: "count", letter: "i", required: true, meaning: "its queue" },
      offset: { kind: "count", letter: "o", required: true, meaning: "the place there" },
    },
    examples: ["queryMsgByOffset -t orders -b broker-a -i 0 -o 4711"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { topic, brokerName, queueId, offset } = given;
        const queue = (await queuesOf(lines, topic)).find((each) =>
          each.brokerName === brokerName && each.queueId === queueId
        );
        if (queue === undefined) {
          return missing(context, `topic "${topic}" has no queue ${queueId} on "${brokerName}"`);
        }
        const range = { from: offset, end: offset + 1 };
        for await (const found of foundIn(lines, queue, range, context.runtime.codecs)) {
          return await show(context, lines, given, found, true);
        }
        return missing(context, `queue ${queueId} has no message at ${offset}`);
      }),
  }),
};

interface Member {
  readonly group: string;
  readonly clientId: string;
}

/** @throws {UsageError} for one without the other. */
function memberOf(
  { consumerGroup: group, clientId }: {
    readonly consumerGroup: string | undefined;
    readonly clientId: string | undefined;
  },
): Member | undefined {
  if (group !== undefined && clientId !== undefined) return { group, clientId };
  if (group === undefined && clientId === undefined) return undefined;
  throw new UsageError("-g and -d go together: a group, and its client that shall consume");
}

/** A retry is looked at as it lies there, not as its consumer sees it. */
function asStored({ message, record }: Found): Message {
  return { ...message, topic: record.topic };
}

/** Prints it, and leaves its body in a file. */
async function show(
  context: Context,
  lines: Lines,
  { json }: { readonly json: boolean },
  found: Found,
  withId: boolean,
): Promise<number> {
  const tracks = await messageTracks(lines, asStored(found));
  if (json) printJson(context, [{ ...foundJson(found), tracks }]);
  else {
    const path = leaveBody(context, found.message);
    context.terminal.stdout(foundText(found, withId, path) + tracksText(tracks));
  }
  return Exit.OK;
}

function leaveBody({ runtime }: Context, { messageId, body }: Message): string {
  const folder = runtime.fs.dir(BODIES);
  folder.make();
  const name = messageId.replace(/[^0-9A-Za-z_.-]/g, "_"); // an application may name its messages
  using file = folder.open(name, "create");
  file.truncate(0);
  file.writeAt(0, body);
  return `${BODIES}/${name}`;
}

async function sendAgain(
  context: Context,
  lines: Lines,
  given: { readonly json: boolean },
  found: Found,
): Promise<number> {
  const { offsetMessageId } = found.message;
  const order = { producerGroup: RESEND_GROUP, now: context.runtime.clock.now() };
  const sent = await resend(lines, asStored(found), order);
  const queue = `topic=${sent.topic}, brokerName=${sent.brokerName}, queueId=${sent.queueId}`;
  printDone(
    context,
    given,
    `prepare resend msg. originalMsgId=${offsetMessageId}SendResult [sendStatus=${sent.status}, ` +
      `msgId=${sent.messageId}, offsetMsgId=${sent.offsetMessageId}, ` +
      `messageQueue=MessageQueue [${queue}], queueOffset=${sent.queueOffset}]`,
    { originalMessageId: offsetMessageId, ...sent },
  );
  return sent.status === "SEND_OK" ? Exit.OK : Exit.UNHEALTHY;
}

/** Has a client consume it; only one that gets messages pushed can. */
async function consumeNow(
  context: Context,
  lines: Lines,
  given: { readonly json: boolean },
  { message }: Found,
  member: Member,
): Promise<number> {
  const { storeHost, offsetMessageId: messageId, brokerName } = message;
  const { properties } = await runningInfo(lines, storeHost, { ...member, withStacks: false });
  if (properties.get("PROP_CONSUME_TYPE") === "CONSUME_ACTIVELY") {
    return missing(context, `client ${member.clientId} pulls, it can be given no message`);
  }
  const asked = { ...member, messageId, ...brokerName !== "" && { brokerName } };
  const result = await consumeDirectly(lines, storeHost, asked);
  const { isOrdered, autoCommits, result: consumeResult, remark = null, spentMs } = result;
  const fields = { order: isOrdered, autoCommit: autoCommits, consumeResult, remark };
  const text = Object.entries({ ...fields, spentTimeMills: spentMs })
    .map(([name, value]) => `${name}=${value}`).join(", ");
  const object = { messageId, ...member, ...fields, spentTimeMills: spentMs };
  printDone(context, given, `ConsumeMessageDirectlyResult [${text}]`, object);
  return /^CR_(SUCCESS|COMMIT)$/.test(consumeResult) ? Exit.OK : Exit.FAILED;
}

function missing({ terminal }: Context, text: string): number {
  terminal.stderr(`pocketmq: ${text}\n`);
  return Exit.FAILED;
}
