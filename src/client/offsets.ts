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
  readonly #tables = new Map<string, Promise<boolean>>(); // a broker's table of a topic: true once it has one

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
    const tell = async () => {
      const request = formatOffsetCommit(this.#place(queue), queueOffset);
      const answer = await this.#ask(queue, address, request);
      if (answer.code !== ResponseCode.SUCCESS) throw refused(answer, queue);
      this.#committed.set(key, { address, queueOffset });
    };
    await this.#intoTable(tableOf(queue, address), tell);
  }

  /** Forgets what a node has: another member has the queue now, or the node may have lost it in a crash. */
  forget(queue: MessageQueue): void {
    const committed = this.#committed.get(keyOf(queue));
    if (committed === undefined) return;
    this.#committed.delete(keyOf(queue));
    this.#tables.delete(tableOf(queue, committed.address));
  }

  /**
   * Runs the first of several commits of a topic alone. A Java broker makes a group's table of a topic at the
   * first commit; of several that come together each makes one, and only the last table stays.
   */
  async #intoTable(table: string, commit: () => Promise<void>): Promise<void> {
    for (;;) {
      const made = this.#tables.get(table);
      if (made === undefined) break;
      if (await made) return await commit();
    }
    const committed = commit();
    const made = committed.then(() => true, () => {
      this.#tables.delete(table);
      return false;
    });
    this.#tables.set(table, made);
    await committed;
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

function tableOf({ topic }: MessageQueue, address: string): string {
  return `${topic}@${address}`;
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
