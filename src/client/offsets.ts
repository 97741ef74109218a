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

/** What a node has of us. */
interface Committed {
  readonly address: string;
  readonly queueOffset: number;
}

/** Where a group is in each queue, as its brokers keep it; asked of the master, or of a slave without one. */
export class Offsets {
  readonly #parts: ClientParts;
  readonly #group: string;
  readonly #committed = new Map<string, Committed>();

  constructor(parts: ClientParts, group: string) {
    this.#parts = parts;
    this.#group = group;
  }

  /** Where to begin: where the group stopped, else as told. @throws {CallError} {AnswerError} */
  async begin(queue: MessageQueue, from: StartFrom, clustering: boolean): Promise<number> {
    if (!clustering) return await this.#find(queue, from);
    const address = await this.#address(queue);
    const answer = await this.#ask(queue, address, formatOffsetQuery(this.#place(queue)));
    if (answer.code === ResponseCode.QUERY_NOT_FOUND) return await this.#find(queue, from);
    const queueOffset = offsetIn(answer, queue);
    this.#committed.set(keyOf(queue), { address, queueOffset });
    return queueOffset;
  }

  /**
   * Keeps where the group is now, unless the node that keeps it has that already: what a slave was told
   * while it had no master, the master is told when it is back. @throws {CallError} {AnswerError}
   */
  async commit(queue: MessageQueue, queueOffset: number): Promise<void> {
    const key = keyOf(queue);
    const address = await this.#address(queue);
    const committed = this.#committed.get(key);
    if (committed?.queueOffset === queueOffset && committed.address === address) return;
    const request = formatOffsetCommit(this.#place(queue), queueOffset);
    const answer = await this.#ask(queue, address, request);
    if (answer.code !== ResponseCode.SUCCESS) throw refused(answer, queue);
    this.#committed.set(key, { address, queueOffset });
  }

  /** Forgets what a node has: another member has the queue now, or the node may have lost it in a crash. */
  forget(queue: MessageQueue): void {
    this.#committed.delete(keyOf(queue));
  }

  async #find(queue: MessageQueue, from: StartFrom): Promise<number> {
    const { topic, queueId } = queue;
    const request = typeof from === "number"
      ? formatOffsetSearch(topic, queueId, from)
      : formatBoundQuery(from === "first" ? "first" : "next", topic, queueId);
    return offsetIn(await this.#ask(queue, await this.#address(queue), request), queue);
  }

  async #address({ topic, brokerName }: MessageQueue): Promise<string> {
    const addresses = (await this.#parts.routes.of(topic)).brokers.get(brokerName);
    const address = addresses?.get(MASTER) ?? addresses?.values().next().value;
    if (address === undefined) throw new CallError("unreachable", `${brokerName} has no address`);
    return address;
  }

  async #ask({ topic }: MessageQueue, address: string, request: Request): Promise<Command> {
    const { routes, redial } = this.#parts;
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
