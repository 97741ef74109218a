import { silentLog } from "../../../src/base/log.ts";
import { Redial } from "../../../src/rpc/redial.ts";
import { sendRequest } from "../../support/cluster.ts";
import { runtime } from "../../support/runtime.ts";

const TICK_MS = 20;
const IN_FLIGHT_MAX = 1_000;
const TOPICS = ["MatrixA", "MatrixB", "MatrixC"];
const QUEUES = 4;

/**
 * Sends so many messages a second whatever happens to the broker: what fails is gone, the next one tries
 * again. Bodies are of many sizes, some longer than an HA frame.
 */
export class SteadyLoad {
  /** Keys of the messages that were answered SEND_OK. */
  readonly confirmed: string[] = [];
  /** How often each other code was answered. */
  readonly other: Map<number, number> = new Map();
  readonly #calls = new Redial(runtime, silentLog);
  readonly #address: string;
  readonly #run = Math.floor(Math.random() * 0xffffffff).toString(16);
  readonly #inFlight = new Set<Promise<void>>();
  readonly #timer: ReturnType<typeof setInterval>;
  #number = 0;

  constructor(port: number, perSecond: number) {
    this.#address = `127.0.0.1:${port}`;
    let due = 0;
    this.#timer = setInterval(() => {
      for (due += perSecond * TICK_MS / 1000; due >= 1; due--) this.#send();
    }, TICK_MS);
  }

  /** Sends no more and waits for what is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#inFlight);
    this.#calls.close();
  }

  #send(): void {
    if (this.#inFlight.size >= IN_FLIGHT_MAX) return;
    const sending = this.#sendOne(this.#number++).finally(() => this.#inFlight.delete(sending));
    this.#inFlight.add(sending);
  }

  async #sendOne(number: number): Promise<void> {
    const key = `${this.#run}-${number}`;
    const topic = TOPICS[number % TOPICS.length];
    const body = "x".repeat(bodyBytes(number));
    const queue = Math.floor(number / TOPICS.length) % QUEUES;
    const request = sendRequest(topic, body, `KEYS\x01${key}\x02TAGS\x01Tag${number % 2}`, queue);
    try {
      const { code } = await this.#calls.call(this.#address, request, 6_000);
      if (code === 0) this.confirmed.push(key);
      else this.other.set(code, (this.other.get(code) ?? 0) + 1);
    } catch {
      // the broker is gone: what was not answered promises nothing
    }
  }
}

function bodyBytes(number: number): number {
  return number % 97 === 96 ? 50_000 : 100 + (number * 7919) % 2_000;
}
