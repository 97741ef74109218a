import { encodeBatch } from "../../../src/wire/batch.ts";
import type { Request } from "../../../src/wire/command.ts";
import { RequestCode } from "../../../src/wire/codes.ts";
import { sendRequest } from "../../support/cluster.ts";
import type { Random } from "../../support/seeds.ts";

/** Queues of each topic that messages are sent to. */
export const QUEUES = 3;
/** Messages of one batch. */
const BATCH = 5;

/** One message as it was sent. */
export interface Sent {
  readonly key: string;
  readonly topic: string;
  readonly queueId: number;
  readonly body: string;
  /** The same for all that were sent in one request. */
  readonly request: number;
  /** Its place among them. */
  readonly number: number;
}

/** Where an answer said that a message is. */
export interface Place {
  readonly queueId: number;
  readonly queueOffset: number;
  /** Of the first message of its batch. */
  readonly messageId: string;
}

/** What was sent to a broker in all its lives, and what it answered. */
export class Ledger {
  readonly sent: Map<string, Sent> = new Map();
  /** Answered SEND_OK: these must never be lost. */
  readonly ok: Map<string, Place> = new Map();
  /** The answer says that it is not stored. */
  readonly refused: Map<string, string> = new Map();
  #requests = 0;

  /** The next request: mostly one message, now and then a batch. `life` names topics made in this life. */
  next(life: number, random: Random): { messages: Sent[]; request: Request } {
    const request = this.#requests++;
    const topic = random.pick(["Old", "Old", "Other", `Of${life}`]);
    const queueId = random.below(QUEUES);
    const count = random.below(10) === 0 ? BATCH : 1;
    const messages = Array.from({ length: count }, (_, number): Sent => {
      const key = `k${request}-${number}`;
      const body = `${key} ${"x".repeat(random.pick([10, 300, 1000, 4000]) + random.below(100))}`;
      return { key, topic, queueId, body, request, number };
    });
    for (const message of messages) this.sent.set(message.key, message);
    return { messages, request: count === 1 ? single(messages[0]) : batchOf(messages) };
  }

  /** Notes what a request was answered. */
  answered(messages: readonly Sent[], code: number, ext: Readonly<Record<string, string>>): void {
    if (code !== 0) {
      for (const { key } of messages) this.refused.set(key, `code ${code}`);
      return;
    }
    const [messageId] = ext.msgId.split(",");
    const queueId = Number(ext.queueId);
    for (const [i, { key }] of messages.entries()) {
      this.ok.set(key, { queueId, queueOffset: Number(ext.queueOffset) + i, messageId });
    }
  }

  /** Topics that something was sent to. */
  topics(): Set<string> {
    return new Set([...this.sent.values()].map(({ topic }) => topic));
  }
}

/** The id that a client gives its message. */
export function uniqueKey(key: string): string {
  return `U${key}`;
}

function propertiesOf({ key }: Sent): string {
  return `KEYS\x01${key}\x02UNIQ_KEY\x01${uniqueKey(key)}\x02TAGS\x01T${key.length % 3}`;
}

function single(message: Sent): Request {
  return sendRequest(message.topic, message.body, propertiesOf(message), message.queueId);
}

function batchOf(messages: readonly Sent[]): Request {
  const [{ topic, queueId }] = messages;
  const { ext } = sendRequest(topic, "", "", queueId);
  const entries = messages.map((message) => ({
    flag: 0,
    body: new TextEncoder().encode(message.body),
    properties: propertiesOf(message),
  }));
  return {
    code: RequestCode.SEND_BATCH_MESSAGE,
    ext: { ...ext, m: "true" },
    body: encodeBatch(entries),
  };
}
