import type { MessageQueue } from "../wire/message_queue.ts";
import type { ConsumerOptions } from "./consumer.ts";
import { Offsets } from "./offsets.ts";
import type { ClientParts } from "./parts.ts";

/** What lies before a consumer in one queue, at the moment it was asked. */
export interface Ahead {
  /** Which queue. */
  readonly queue: MessageQueue;
  /** Queue offset of the first message it would get. */
  readonly begin: number;
  /** Queue offset behind the last one there. */
  readonly end: number;
}

/**
 * What a consumer with these options would find now in the queues of its topics, whoever of its group reads
 * them. @throws {AnswerError} {CallError} when a topic or a queue cannot be asked.
 */
export async function aheadOf(
  parts: ClientParts,
  { group, topics, from = "last", mode = "clustering" }: ConsumerOptions,
): Promise<Ahead[]> {
  const offsets = new Offsets(parts, group);
  const routes = await Promise.all(topics.map(({ topic }) => parts.routes.of(topic)));
  return await Promise.all(routes.flatMap(({ readable }) =>
    readable.map(async (queue) => {
      const end = await offsets.begin(queue, "last", false);
      return { queue, begin: await offsets.begin(queue, from, mode === "clustering"), end };
    })
  ));
}
