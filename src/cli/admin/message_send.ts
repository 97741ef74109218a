import type { Lines } from "../../admin/lines.ts";
import { topicRoute } from "../../admin/topics.ts";
import { javaHash } from "../../wire/hash.ts";
import type { MessageQueue } from "../../wire/message_queue.ts";
import type { TopicRoute } from "../../wire/route.ts";
import type { FlagValues } from "../args.ts";
import { CLUSTER_FLAGS, connectTo, TOPIC } from "../cluster.ts";
import { UsageError } from "../exit.ts";
import { bodyOf, keysIn, sendAll } from "../send.ts";
import { verb } from "../verb.ts";
import { reaching } from "./reach.ts";

const WRITE = 2;
/** 1 s to 2 h, unless a broker was told other levels. */
const LEVELS_MAX = 18;

const FLAGS = {
  ...CLUSTER_FLAGS,
  tag: { kind: "text" },
  key: { kind: "text" },
  property: { kind: "texts" },
  delay: { kind: "count" },
  order: { kind: "text" },
  queue: { kind: "count" },
  name: { kind: "text" },
  count: { kind: "count" },
} as const;

/** `pocketmq message send` */
export const send = verb({
  flags: FLAGS,
  words: [TOPIC, { what: "a body", kind: "text", optional: true }],
  async run(context, { flags, words: [topic, text] }) {
    mustFit(flags);
    const message = {
      topic,
      body: await bodyOf(context, text),
      tag: flags.tag,
      keys: keysIn(flags.key),
      properties: propertiesOf(flags.property),
      delayLevel: flags.delay,
    };
    const { count, json } = flags;
    return await reaching(context, flags, async (lines) => {
      const queue = await queueFor(lines, topic, flags);
      const client = connectTo(context, flags);
      try {
        return await sendAll(client, message, { count, json, queue }, context);
      } finally {
        await client.close();
      }
    });
  },
});

type Flags = FlagValues<typeof FLAGS>;

function mustFit({ delay, order, queue, name }: Flags): void {
  if (delay !== undefined && (delay < 1 || delay > LEVELS_MAX)) {
    throw new UsageError(`--delay is ${delay}, it must be a level from 1 to ${LEVELS_MAX}`);
  }
  if (order !== undefined && queue !== undefined) {
    throw new UsageError("--order chooses the queue by its key, leave --queue away");
  }
  if (name !== undefined && queue === undefined) throw new UsageError("--name needs --queue, too");
}

/** What --property says. @throws {UsageError} */
export function propertiesOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(given.map((text) => {
    const at = text.indexOf("=");
    if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
    throw new UsageError(`--property is "${text}", it must be NAME=VALUE`);
  }));
}

/** The queue that was asked for; undefined when any will do. */
async function queueFor(
  lines: Pick<Lines, "servers">,
  topic: string,
  { order, queue, name }: Flags,
): Promise<MessageQueue | undefined> {
  if (order === undefined && queue === undefined) return undefined;
  const queues = writableQueues(topic, await topicRoute(lines, topic));
  if (queues.length === 0) throw new UsageError(`topic "${topic}" has no queue to write to`);
  if (order !== undefined) return queues[Math.abs(javaHash(order) % queues.length)];
  const found = queues.find(({ queueId, brokerName }) =>
    queueId === queue && (name ?? brokerName) === brokerName
  );
  if (found) return found;
  const on = name === undefined ? "" : ` on ${name}`;
  throw new UsageError(`topic "${topic}" has no queue ${queue}${on} to write to`);
}

/** In the order of Java's clients, so that a key has the same queue for them and for us. */
export function writableQueues(topic: string, { brokers, queues }: TopicRoute): MessageQueue[] {
  const masters = new Set(
    brokers.filter(({ brokerAddrs }) => brokerAddrs.has(0)).map(({ brokerName }) => brokerName),
  );
  return [...queues].sort((a, b) => a.brokerName < b.brokerName ? -1 : 1)
    .filter(({ brokerName, perm }) => (perm & WRITE) !== 0 && masters.has(brokerName))
    .flatMap(({ brokerName, writeQueueNums }) =>
      Array.from({ length: writeQueueNums }, (_, queueId) => ({ brokerName, queueId, topic }))
    );
}
