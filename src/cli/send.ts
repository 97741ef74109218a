import { utf8 } from "../base/bytes.ts";
import type { Client } from "../client/client.ts";
import type { OutgoingMessage } from "../client/outgoing.ts";
import type { Sent } from "../client/producer.ts";
import type { MessageQueue } from "../wire/message_queue.ts";
import { orNearTopic } from "./admin/reach.ts";
import { CLUSTER_FLAGS, CLUSTER_HELP, connectTo, TOPIC } from "./cluster.ts";
import type { Command, Context } from "./command.ts";
import { Exit } from "./exit.ts";
import { Progress } from "./progress.ts";
import { verb } from "./verb.ts";

const DEFAULT_BODY = "hello from pocketmq";
/** Sends under way at a time. */
const UNDER_WAY = 64;

/** `pocketmq send` */
export const send: Command = {
  name: "send",
  usage: "TOPIC [BODY|-] [--tag TAG] [--key KEY] [--count N]",
  summary: "Send messages to a topic of any RocketMQ 4.x cluster",
  help: `
  BODY            the text to send; - is what stands on standard input
  --tag TAG       what consumers select by
  --key KEY       what the message is found by; several with spaces between
  --count N       send it N times
${CLUSTER_HELP}
Prints a line for each message: status, id, broker, queue and offset. Exit code 0
when all are SEND_OK, 3 when all are stored but a guarantee was not reached in
time, 1 when one was refused, 124 when no answer came.

Examples:
  pocketmq send orders "hello"
  pocketmq send orders --tag new --key 4711 '{"id": 4711}'
  pocketmq send orders --count 1000 -n '10.0.0.1:9876;10.0.0.2:9876'
  cat invoice.pdf | pocketmq send invoices -
`,
  ...verb({
    flags: {
      ...CLUSTER_FLAGS,
      tag: { kind: "text" },
      key: { kind: "text" },
      count: { kind: "count" },
    },
    words: [TOPIC, { what: "a body", kind: "text", optional: true }],
    async run(context, { flags, words: [topic, text] }) {
      const client = connectTo(context, flags);
      try {
        const message: OutgoingMessage = {
          topic,
          body: await bodyOf(context, text),
          tag: flags.tag,
          keys: keysIn(flags.key),
        };
        const sending = sendAll(client, message, { count: flags.count, json: flags.json }, context);
        return await orNearTopic(context, flags, topic, sending);
      } finally {
        await client.close();
      }
    },
  }),
};

/** What is sent: the text, or with - what stands on standard input. */
export async function bodyOf(
  { terminal }: Context,
  text: string = DEFAULT_BODY,
): Promise<Uint8Array> {
  return text === "-" ? await terminal.stdin() : utf8(text);
}

/** Keys with spaces between them. */
export function keysIn(text: string | undefined): string[] | undefined {
  return text?.split(" ").filter((key) => key !== "");
}

/** How often a message is sent, and where. */
export interface Sending {
  readonly count: number | undefined;
  readonly json: boolean;
  /** To that queue, one after the other. */
  readonly queue?: MessageQueue;
}

/** Sends a message `count` times and prints where each went; gives the exit code. @throws {AnswerError} {CallError} */
export async function sendAll(
  client: Client,
  message: OutgoingMessage,
  { count = 1, json, queue }: Sending,
  { terminal }: Context,
): Promise<number> {
  const producer = client.producer();
  const progress = new Progress(terminal, count);
  let started = 0;
  let weak = 0; // stored, but less safely than configured
  let failed = false;
  const sender = async () => {
    while (started < count && !failed) {
      started++;
      const sent = await producer.send(message, { queue }).catch((error) => {
        failed = true;
        throw error;
      });
      if (sent.status !== "SEND_OK") weak++;
      terminal.stdout(json ? jsonOf(sent) : textOf(sent));
      progress.at(started);
    }
  };
  const senders = Array.from({ length: Math.min(queue ? 1 : UNDER_WAY, count) }, sender);
  const outcomes = await Promise.allSettled(senders);
  progress.end();
  const refused = outcomes.find((outcome) => outcome.status === "rejected");
  if (refused) throw refused.reason;
  return weak > 0 ? Exit.UNHEALTHY : Exit.OK;
}

function textOf({ status, messageId, queue, queueOffset }: Sent): string {
  return `${status} ${messageId} ${queue.brokerName} queue ${queue.queueId} offset ${queueOffset}\n`;
}

function jsonOf({ status, messageId, offsetMessageId, queue, queueOffset }: Sent): string {
  const { topic, brokerName: broker, queueId } = queue;
  return JSON.stringify({
    status,
    messageId,
    offsetMessageId,
    topic,
    broker,
    queueId,
    queueOffset,
  }) + "\n";
}
