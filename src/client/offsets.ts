import { CallError } from "../rpc/peer.ts";
import { ResponseCode } from "../wire/codes.ts";
import type { Command, Request } from "../wire/command.ts";
import type { MessageQueue } from "../wire/message_queue.ts";
import {
  formatBoundQuery,
  formatOffsetCommit,
  formatOffsetQuery,
  formatOffsetSearch,
  parseOffsetAnswer,
} from "../wire/offset.ts";
import { AnswerError } from "./errors.ts";
import type { ClientParts } from "./parts.ts";

/** Where a group that has no offset begins: the oldest message, the next one, or the first stored at a time (ms). */
export type StartFrom = "first" | "last" | number;

const ANSWER_MS = 3_000;
const MASTER = 0;

/** Where a group is in each queue, as its brokers keep it; asked of the master, or of a slave without one. */
export class Offsets {
  readonly #parts: ClientParts;
  readonly #group: string;
  readonly #committed = new Map<string, number>();

  constructor(parts: ClientParts, group: string) {
    this.#parts = parts;
    this.#group = group;
  }

  /** Where to begin: where the group stopped, else as told. @throws {CallError} {AnswerError} */
  async begin(queue: MessageQueue, from: StartFrom, clustering: boolean): Promise<number> {
    if (!clustering) return await this.#find(queue, from);
    const answer = await this.#ask(queue, formatOffsetQuery(this.#place(queue)));
    if (answer.code === ResponseCode.QUERY_NOT_FOUND) return await this.#find(queue, from);
    const offset = offsetIn(answer, queue);
    this.#committed.set(keyOf(queue), offset);
    return offset;
  }

  /** Keeps where the group is now, unless the broker has that already. @throws {CallError} {AnswerError} */
  async commit(queue: MessageQueue, queueOffset: number): Promise<void> {
    const key = keyOf(queue);
    if (this.#committed.get(key) === queueOffset) return;
    const answer = await this.#ask(queue, formatOffsetCommit(this.#place(queue), queueOffset));
    if (answer.code !== ResponseCode.SUCCESS) throw refused(answer, queue);
    this.#committed.set(key, queueOffset);
  }

  /** Forgets what it knows of a queue that another member has now. */
  forget(queue: MessageQueue): void {
    this.#committed.delete(keyOf(queue));
  }

  async #find(queue: MessageQueue, from: StartFrom): Promise<number> {
    const { topic, queueId } = queue;
    const request = typeof from === "number"
      ? formatOffsetSearch(topic, queueId, from)
      : formatBoundQuery(from === "first" ? "first" : "next", topic, queueId);
    return offsetIn(await this.#ask(queue, request), queue);
  }

  async #ask({ topic, brokerName }: MessageQueue, request: Request): Promise<Command> {
    const { routes, redial } = this.#parts;
    const addresses = (await routes.of(topic)).brokers.get(brokerName);
    const address = addresses?.get(MASTER) ?? addresses?.values().next().value;
    if (address === undefined) throw new CallError("unreachable", `${brokerName} has no address`);
    try {
      return await redial.call(address, request, ANSWER_MS);
    } catch (error) {
      await routes.tryRefresh(topic); // a slave may have taken over by the next try
      throw error;
    }
  }

  #place({ topic, queueId }: MessageQueue) {
    return { consumerGroup: this.#group, topic, queueId };
  }
}

/** One text for one queue. */
export function keyOf({ topic, brokerName, queueId }: MessageQueue): string {
  return `${topic}@${brokerName}@${queueId}`;
}

function offsetIn(answer: Command, queue: MessageQueue): number {
  if (answer.code !== ResponseCode.SUCCESS) throw refused(answer, queue);
  return parseOffsetAnswer(answer);
}

function refused({ code, remark }: Command, { topic, brokerName, queueId }: MessageQueue) {
  const why = remark === undefined ? "" : ` (${remark})`;
  return new AnswerError(
    code,
    `no offset of "${topic}" queue ${queueId}: ${brokerName} answers ${code}${why}`,
  );
}
