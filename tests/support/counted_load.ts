import { silentLog } from "../../src/base/log.ts";
import type { Address } from "../../src/ports/net.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { ResponseCode } from "../../src/wire/codes.ts";
import { sendRequest } from "./cluster.ts";
import { runtime } from "./runtime.ts";
import type { Random } from "./seeds.ts";

const CONNECTIONS = 4;
const IN_FLIGHT = 4;
/** After anything but SEND_OK, as a client does; else a load would be over before a node is back. */
const PAUSE_MS = 20;
const CALL_MS = 5_000;
const STORED: readonly number[] = [
  ResponseCode.SUCCESS,
  ResponseCode.FLUSH_DISK_TIMEOUT,
  ResponseCode.SLAVE_NOT_AVAILABLE,
  ResponseCode.FLUSH_SLAVE_TIMEOUT,
];

/**
 * Sends messages of chosen sizes to one broker, whatever becomes of it, and stands still where it is told to:
 * so what happens to the cluster can be said in messages instead of seconds.
 */
export class CountedLoad implements AsyncDisposable {
  /** Keys of messages answered SEND_OK. */
  readonly ok: string[] = [];
  /** Keys of messages whose answer says that they are not stored. */
  readonly refused: string[] = [];
  /** Answers by code; -1 is none. */
  readonly answers: Map<number, number> = new Map();
  /** The longest that an answer took. */
  slowestMs = 0;
  readonly #address: string;
  readonly #topics: readonly string[];
  readonly #queues: number;
  readonly #random: Random;
  readonly #lines = Array.from({ length: CONNECTIONS }, () => new Redial(runtime, silentLog));
  readonly #workers: Promise<void>[];
  #waiting: { sent: number; resolve: () => void }[] = [];
  #held: (() => void)[] = [];
  #sent = 0;
  #answered = 0;
  #limit = 0;
  #stopped = false;

  constructor(
    { host, port }: Address,
    to: { readonly topics: readonly string[]; readonly queues: number },
    random: Random,
  ) {
    this.#address = `${host}:${port}`;
    this.#topics = to.topics;
    this.#queues = to.queues;
    this.#random = random;
    this.#workers = this.#lines.flatMap((line) =>
      Array.from({ length: IN_FLIGHT }, () => this.#work(line))
    );
  }

  /** Messages begun. */
  get sent(): number {
    return this.#sent;
  }

  /** Goes on until so many were begun. */
  allow(limit: number): void {
    this.#limit = Math.max(this.#limit, limit);
    const held = this.#held;
    this.#held = [];
    for (const wake of held) wake();
  }

  /** Resolves when so many were begun. */
  reached(sent: number): Promise<void> {
    if (this.#sent >= sent) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ sent, resolve }));
  }

  /** Resolves when all that was allowed is answered, or has failed. */
  async idle(): Promise<void> {
    await this.reached(this.#limit);
    while (this.#answered < this.#sent) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Dials at once again: the broker is back. */
  redial(): void {
    for (const line of this.#lines) line.hangUp(this.#address);
  }

  /** Resolves when all that was begun is answered, or has failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.allow(0);
    await Promise.all(this.#workers);
    for (const line of this.#lines) line.close();
  }

  async #work(line: Redial): Promise<void> {
    for (;;) {
      while (this.#sent >= this.#limit && !this.#stopped) {
        await new Promise<void>((resolve) => this.#held.push(resolve));
      }
      if (this.#stopped) return;
      const { key, request } = this.#next();
      const begun = performance.now();
      const code = await line.call(this.#address, request, CALL_MS).then(
        (answer) => answer.code,
        () => -1,
      );
      this.slowestMs = Math.max(this.slowestMs, performance.now() - begun);
      this.#count(key, code);
      if (code !== 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  #next(): { key: string; request: ReturnType<typeof sendRequest> } {
    const number = this.#sent++;
    for (const { sent, resolve } of this.#waiting) if (this.#sent >= sent) resolve();
    this.#waiting = this.#waiting.filter(({ sent }) => sent > this.#sent);
    const key = `m${number}`;
    const body = "x".repeat(this.#random.pick([10, 300, 1000, 4000]) + this.#random.below(100));
    const topic = this.#topics[number % this.#topics.length];
    const queueId = Math.floor(number / this.#topics.length) % this.#queues;
    return { key, request: sendRequest(topic, body, `KEYS\x01${key}`, queueId) };
  }

  #count(key: string, code: number): void {
    this.#answered++;
    this.answers.set(code, (this.answers.get(code) ?? 0) + 1);
    if (code === 0) this.ok.push(key);
    else if (code >= 0 && !STORED.includes(code)) this.refused.push(key);
  }
}
