import { hexOf } from "../base/bytes.ts";
import { deadline, type Signalled, signalled } from "../base/together.ts";
import { CallError, type Handler } from "../rpc/peer.ts";
import { unpackBody } from "../wire/compress.ts";
import { parseProperties, Property } from "../wire/properties.ts";
import { parsePushedReply } from "../wire/reply.ts";
import { BODY_BYTES_MAX, type Message } from "./incoming.ts";
import type { ClientRuntime } from "./parts.ts";

/** Requests that wait at a time; each holds little, but nobody needs more. */
const WAITING_MAX = 100_000;

/** Requests of this client that wait for an answer, which a broker pushes to it. */
export class Requests {
  readonly #runtime: ClientRuntime;
  readonly #clientId: string;
  readonly #waiting = new Map<string, Signalled<Message>>();

  constructor(runtime: ClientRuntime, clientId: string) {
    this.#runtime = runtime;
    this.#clientId = clientId;
  }

  /**
   * Has `send` send a message with these properties, and waits for the answer to it.
   * @throws {CallError} kind "timeout" when none came within `timeoutMs`, "closed" when the client closes.
   */
  async ask(
    timeoutMs: number,
    send: (properties: Readonly<Record<string, string>>) => Promise<unknown>,
  ): Promise<Message> {
    if (this.#waiting.size >= WAITING_MAX) throw new Error("too many requests wait for an answer");
    const random = new Uint8Array(16);
    this.#runtime.random(random);
    const id = hexOf(random);
    const answer = signalled<Message>();
    answer.promise.catch(() => {}); // whoever waits hears it below
    this.#waiting.set(id, answer);
    const sentAndAnswered = async () => {
      await send({
        [Property.CORRELATION_ID]: id,
        [Property.REPLY_TO_CLIENT]: this.#clientId,
        [Property.TTL]: String(timeoutMs),
      });
      return await answer.promise;
    };
    const late = () =>
      new CallError("timeout", `nobody answered the request within ${timeoutMs} ms`);
    try {
      return await deadline(this.#runtime.clock, timeoutMs, sentAndAnswered(), late);
    } finally {
      this.#waiting.delete(id);
    }
  }

  /** Handler of 326. An answer nobody waits for any more is taken, too: its sender did what it could. */
  readonly pushed: Handler = ({ ext, body }) => {
    const reply = parsePushedReply(ext);
    const properties = parseProperties(reply.properties);
    const waiting = this.#waiting.get(properties.get(Property.CORRELATION_ID) ?? "");
    if (waiting === undefined) return { code: 0 };
    const { codecs } = this.#runtime;
    const { sysFlag } = reply;
    const unpacked = unpackBody(codecs, { body: body.slice(), sysFlag }, BODY_BYTES_MAX);
    waiting.resolve({
      topic: reply.topic,
      brokerName: "",
      queueId: reply.queueId,
      queueOffset: 0,
      messageId: properties.get(Property.UNIQ_KEY) ?? "",
      offsetMessageId: "",
      body: unpacked,
      problem: undefined,
      tag: properties.get(Property.TAGS),
      keys: properties.get(Property.KEYS)?.split(" ").filter((key) => key !== "") ?? [],
      properties,
      flag: reply.flag,
      bornTimestamp: reply.bornTimestamp,
      storeTimestamp: reply.storeTimestamp,
      bornHost: reply.bornHost,
      storeHost: reply.storeHost,
      reconsumeTimes: reply.reconsumeTimes,
    });
    return { code: 0 };
  };

  /** Nobody will answer any more. */
  close(): void {
    for (const { reject } of this.#waiting.values()) {
      reject(new CallError("closed", "the client was closed"));
    }
    this.#waiting.clear();
  }
}
