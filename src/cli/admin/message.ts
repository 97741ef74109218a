import { messageById, messagesByKey } from "../../admin/messages.ts";
import { textOf } from "../../base/bytes.ts";
import type { Message } from "../../client/incoming.ts";
import { CLUSTER_FLAGS, CLUSTER_HELP, TOPIC } from "../cluster.ts";
import type { Command } from "../command.ts";
import { Exit, UsageError } from "../exit.ts";
import { jsonOf } from "../message_text.ts";
import { tableOf } from "../table.ts";
import { timeOf } from "../time.ts";
import { verb } from "../verb.ts";
import { send } from "./message_send.ts";
import { trace } from "./message_trace.ts";
import { addressOf, reaching, TARGET_FLAGS } from "./reach.ts";

/** As mqadmin's. */
const QUERY_MAX = 64;

const get = verb({
  flags: {
    ...CLUSTER_FLAGS,
    broker: TARGET_FLAGS.broker,
    topic: { kind: "text", names: "topic" },
  },
  words: [{ what: "an id" }],
  run(context, { flags, words: [id] }) {
    const from = flags.broker === undefined ? undefined : addressOf(flags.broker);
    if (flags.topic !== undefined && from !== undefined) {
      throw new UsageError("--topic looks on every broker, leave -b away");
    }
    return reaching(context, flags, async (lines) => {
      const { codecs } = context.runtime;
      if (flags.topic === undefined) {
        const found = await messageById(lines, id, codecs, from);
        context.terminal.stdout(flags.json ? jsonOf(found) : messageText(found));
        return Exit.OK;
      }
      const query = { topic: flags.topic, key: id, maxCount: QUERY_MAX, isUniqueKey: true };
      const found = await messagesByKey(lines, query, codecs);
      context.terminal.stdout(found.map(flags.json ? jsonOf : messageText).join("\n"));
      if (found.length > 0) return Exit.OK;
      context.terminal.stderr(`pocketmq: no message of topic "${flags.topic}" has id ${id}\n`);
      return Exit.FAILED;
    });
  },
});

const query = verb({
  flags: {
    ...CLUSTER_FLAGS,
    key: { kind: "text" },
    from: { kind: "text" },
    to: { kind: "text" },
    max: { kind: "count" },
  },
  words: [TOPIC],
  run(context, { flags, words: [topic] }) {
    const { key, max = QUERY_MAX } = flags;
    if (key === undefined) throw new UsageError("message query needs --key");
    const now = context.runtime.clock.now();
    const times = {
      ...(flags.from === undefined ? {} : { beginTimestamp: timeOf(flags.from, now) }),
      ...(flags.to === undefined ? {} : { endTimestamp: timeOf(flags.to, now) }),
    };
    return reaching(context, flags, async (lines) => {
      const query = { topic, key, maxCount: max, ...times };
      const found = await messagesByKey(lines, query, context.runtime.codecs);
      if (found.length === 0) {
        context.terminal.stderr(`pocketmq: no message of topic "${topic}" has key "${key}"\n`);
        return Exit.FAILED;
      }
      context.terminal.stdout(flags.json ? found.map(jsonOf).join("") : messagesText(found));
      return Exit.OK;
    });
  },
});

/** `pocketmq message` */
export const message: Command = {
  name: "message",
  usage: "get ID [--topic TOPIC] | query TOPIC --key KEY | send TOPIC [BODY|-] | trace ID",
  summary: "Find messages by id or key, send them, and see what became of them",
  help: `
  get ID            the message with that id: a broker's own (offsetMessageId), or with
                    --topic the one its producer gave it (messageId)
    --topic TOPIC   where to look for a producer's id
    -b, --broker ADDR    ask that broker instead of the one in the id: a slave has it, too
  query TOPIC       messages of a topic
    --key KEY       that have this key
    --from TIME --to TIME    stored between: a date, ms since 1970, or 10m, 2h, 1d ago
    --max N         at most so many (${QUERY_MAX})
  send TOPIC BODY   send one; - is what stands on standard input
    --tag TAG --key KEY --property NAME=VALUE    the last one several times for several
    --delay LEVEL   deliver it later: level 1 is 1 s, 5 is 1 min, 18 is 2 h
    --order KEY     to the queue of that key: messages with one key stay in order
    --queue N       to that queue; with --name BROKER on that broker, by its brokerName
    --count N       so often
  trace ID          who sent it and who consumed it, and how long that took, from what
                    clients noted of it; and what brokers tell of each group by its offsets
    --topic TOPIC   where the message is, when ID is a producer's
    --traceTopic T  where clients keep their notes (RMQ_SYS_TRACE_TOPIC)

${CLUSTER_HELP}
Exit codes: 0 found or stored, 1 there is none or it was refused, 2 the command line is
wrong, 3 stored but a guarantee was not reached in time, 124 no answer in time.

Examples:
  pocketmq message get 0A00000500002A9F0000000000000000
  pocketmq message get 7F0000010007000000000000000001A2 --topic orders
  pocketmq message query orders --key 4711 --from 1d --json
  pocketmq message send orders '{"id": 4711}' --key 4711 --property kind=new --delay 3
  pocketmq message trace 7F0000010007000000000000000001A2 --topic orders
`,
  verbs: { get, query, send, trace },
};

/** Everything about one message, its body last. */
export function messageText(message: Message): string {
  const rows: [string, string][] = [
    ["topic", message.topic],
    ["queue", `${message.brokerName} ${message.queueId}`.trim()],
    ["offset", String(message.queueOffset)],
    ["message id", message.messageId],
    ["broker's id", message.offsetMessageId],
    ["tag", message.tag ?? "-"],
    ["keys", message.keys.join(" ") || "-"],
    ["born", `${new Date(message.bornTimestamp).toISOString()} at ${message.bornHost}`],
    ["stored", `${new Date(message.storeTimestamp).toISOString()} at ${message.storeHost}`],
    ["reconsumed", `${message.reconsumeTimes} times`],
    ["properties", [...message.properties].map(([name, value]) => `${name}=${value}`).join(", ")],
  ];
  if (message.problem !== undefined) rows.push(["problem", message.problem]);
  return `${tableOf(rows)}\n${textOf(message.body)}\n`;
}

/** A table of messages. */
export function messagesText(messages: readonly Message[]): string {
  return tableOf([
    ["STORED", "BROKER", "QUEUE", "OFFSET", "TAG", "KEYS", "MESSAGE ID"],
    ...messages.map((message) => [
      new Date(message.storeTimestamp).toISOString(),
      message.brokerName,
      String(message.queueId),
      String(message.queueOffset),
      message.tag ?? "-",
      message.keys.join(" ") || "-",
      message.messageId,
    ]),
  ]);
}
