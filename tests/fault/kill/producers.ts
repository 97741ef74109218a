import { assertEquals } from "@std/assert";
import { silentLog } from "../../../src/base/log.ts";
import type { Address } from "../../../src/ports/net.ts";
import { Redial } from "../../../src/rpc/redial.ts";
import type { Command } from "../../../src/wire/command.ts";
import { decodeRecords } from "../../../src/wire/message.ts";
import { formatOffsetCommit, type OffsetPlace } from "../../../src/wire/offset.ts";
import { property } from "../../../src/wire/properties.ts";
import { pullRequest } from "../../support/pull_request.ts";
import { runtime } from "../../support/runtime.ts";
import type { Random } from "../../support/seeds.ts";
import type { Ledger } from "./ledger.ts";

const CONNECTIONS = 3;
const IN_FLIGHT = 4;
/** Between two commits of the consumer, and before it pulls again when there was nothing. */
const PAUSE_MS = 10;
/** Longer than a broker may take that waits for its disk. */
const CALL_MS = 20_000;

/** A consumer offset that a broker answered, and when. */
export interface Commit {
  readonly offset: number;
  readonly at: number;
}

/** Who commits. */
export const PLACE: OffsetPlace = { consumerGroup: "CG", topic: "Old", queueId: 0 };

/** Producers and a consumer that go on until their broker is gone. */
export class Producers {
  /** Resolves when the first message was answered. */
  readonly begun: Promise<void>;
  /** What the consumer committed, in order. */
  readonly commits: Commit[] = [];
  readonly #address: string;
  readonly #ledger: Ledger;
  readonly #life: number;
  readonly #random: Random;
  readonly #lines = Array.from({ length: CONNECTIONS }, () => new Redial(runtime, silentLog));
  readonly #work: Promise<void>[];
  #sayBegun: () => void = () => {};
  #stopped = false;
  #trouble: string | undefined;

  /** `committed` is where the consumer goes on from. */
  constructor(
    { host, port }: Address,
    ledger: Ledger,
    life: number,
    committed: number,
    random: Random,
  ) {
    this.#address = `${host}:${port}`;
    this.#ledger = ledger;
    this.#life = life;
    this.#random = random;
    this.begun = new Promise((resolve) => this.#sayBegun = resolve);
    this.#work = this.#lines.flatMap((line) =>
      Array.from({ length: IN_FLIGHT }, () => this.#produce(line))
    );
    this.#work.push(this.#commit(committed), this.#follow());
  }

  /** Resolves when nothing is under way any more; a broker that lives answers what it was asked. */
  async end(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#work);
    for (const line of this.#lines) line.close();
    assertEquals(this.#trouble, undefined, "what a consumer read");
  }

  async #produce(line: Redial): Promise<void> {
    while (!this.#stopped) {
      const { messages, request } = this.#ledger.next(this.#life, this.#random);
      try {
        const { code, ext } = await line.call(this.#address, request, CALL_MS);
        this.#ledger.answered(messages, code, ext);
      } catch {
        return; // it died: what was not answered promises nothing
      }
      this.#sayBegun();
    }
  }

  /** Reads a queue from its first message on while it grows: each message comes once and in order. */
  async #follow(): Promise<void> {
    const { topic, queueId } = PLACE;
    for (let next = 0; !this.#stopped;) {
      let answer: Command;
      try {
        answer = await this.#lines[1].call(
          this.#address,
          pullRequest(topic, queueId, next),
          CALL_MS,
        );
      } catch {
        return;
      }
      const messages = answer.code === 0 ? decodeRecords(answer.body) : [];
      if (messages.length === 0) await pause();
      for (const { queueOffset, properties } of messages) {
        if (queueOffset !== next++) this.#trouble ??= `${queueOffset} came as number ${next - 1}`;
        const key = property(properties, "KEYS");
        if (!key || !this.#ledger.sent.has(key)) this.#trouble ??= `${key} was never sent`;
      }
    }
  }

  async #commit(committed: number): Promise<void> {
    for (let offset = committed + 1; !this.#stopped; offset++) {
      try {
        await this.#lines[0].call(this.#address, formatOffsetCommit(PLACE, offset), CALL_MS);
      } catch {
        return;
      }
      this.commits.push({ offset, at: performance.now() });
      await pause();
    }
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
