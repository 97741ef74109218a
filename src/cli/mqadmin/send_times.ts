import type { Lines } from "../../admin/lines.ts";
import { reasonOf } from "../../base/log.ts";
import type { Client } from "../../client/client.ts";
import type { Producer, Sent } from "../../client/producer.ts";
import type { MessageQueue } from "../../wire/message_queue.ts";
import { reaching } from "../admin/reach.ts";
import { connectTo } from "../cluster.ts";
import type { Context } from "../command.ts";

/** How a send went. */
export interface SendTime {
  readonly brokerName: string;
  readonly queueId: number;
  readonly ok: boolean;
  /** ms. */
  readonly rt: number;
}

/** Does `work` with a client and connections of its own, which end with it. */
export function sending(
  context: Context,
  given: { readonly namesrvAddr: string | undefined },
  work: (client: Client, lines: Lines) => Promise<number>,
): Promise<number> {
  return reaching(context, given, async (lines) => {
    const client = connectTo(context, given);
    try {
      return await work(client, lines);
    } finally {
      await client.close();
    }
  });
}

/** What messages that are only sent to be timed hold. */
export function filled(size: number): Uint8Array {
  return new Uint8Array(size).fill(0x61);
}

/** Sends one message of that size. @throws {AnswerError} {CallError} */
export async function timed(
  { runtime: { clock } }: Context,
  producer: Producer,
  topic: string,
  size: number,
  queue?: MessageQueue,
): Promise<{ readonly rt: number; readonly sent: Sent }> {
  const begun = clock.monotonic();
  const sent = await producer.send({ topic, body: filled(size) }, queue && { queue });
  return { rt: Math.round(clock.monotonic() - begun), sent };
}

/** The same, to be counted: why one failed goes to stderr. */
export async function tried(
  context: Context,
  producer: Producer,
  size: number,
  queue: MessageQueue,
): Promise<SendTime> {
  const { brokerName, queueId, topic } = queue;
  const begun = context.runtime.clock.monotonic();
  try {
    const { rt, sent } = await timed(context, producer, topic, size, queue);
    return { brokerName, queueId, ok: sent.status === "SEND_OK", rt };
  } catch (error) {
    context.terminal.stderr(`pocketmq: ${reasonOf(error)}\n`);
    const rt = Math.round(context.runtime.clock.monotonic() - begun);
    return { brokerName, queueId, ok: false, rt };
  }
}

/** In ms. The first one finds routes and connections, so it does not count where there are more. */
export function averageRt(times: readonly { readonly rt: number }[]): number {
  const counted = times.length > 1 ? times.slice(1) : times;
  return counted.reduce((sum, { rt }) => sum + rt, 0) / Math.max(1, counted.length);
}
