import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { silentLog } from "../../../src/base/log.ts";
import { Redial } from "../../../src/rpc/redial.ts";
import { encodeBatch } from "../../../src/wire/batch.ts";
import type { Command, Request } from "../../../src/wire/command.ts";
import { decodeRecords, type StoredMessage } from "../../../src/wire/message.ts";
import { parseMessageId } from "../../../src/wire/message_id.ts";
import { formatBoundQuery, parseOffsetAnswer } from "../../../src/wire/offset.ts";
import { formatProperties, parseProperties } from "../../../src/wire/properties.ts";
import { formatKeyQuery, formatView } from "../../../src/wire/query.ts";
import { formatSend } from "../../../src/wire/send.ts";
import { pullRequest } from "../../support/pull_request.ts";
import { runtime } from "../../support/runtime.ts";

const CALL_MS = 20_000;
/** Requests under way at a time. */
const AT_A_TIME = 50;
const QUEUES = 4;

/** A message as it was sent. */
interface Given {
  readonly topic: string;
  readonly queueId: number;
  readonly body: Uint8Array;
  readonly uniqueKey: string;
  readonly keys: readonly string[];
  readonly tag: string;
  /** Where it is; unknown while no broker said so. */
  place?: Place;
}

interface Place {
  readonly queueOffset: number;
  readonly logOffset: number;
}

/** A message and a key of it that did not lead to it. */
interface Missing {
  readonly logOffset: number;
  readonly key: string;
}

/** The messages that a store was given by one broker after another, and that each of them must serve. */
export class History implements Disposable {
  readonly #calls = new Redial(runtime, silentLog);
  readonly #given = new Map<string, Given>();
  readonly #topics: readonly string[];
  #port = 0;
  #begin = 0; // of the log
  #made = 0;
  #random = 1;

  constructor(topics: readonly string[]) {
    this.#topics = topics;
  }

  /** From here on it talks to that broker. */
  turnTo({ port }: { readonly port: number }): void {
    this.#port = port;
  }

  /** Messages that are known to be stored. */
  get stored(): number {
    return [...this.#given.values()].filter(({ place }) => place !== undefined).length;
  }

  ask(request: Request): Promise<Command> {
    return this.#calls.call(`127.0.0.1:${this.#port}`, request, CALL_MS);
  }

  /** Sends messages, some of them as batches; all must be stored. */
  async send(count: number): Promise<void> {
    for (let done = 0; done < count;) {
      const size = done % 5 === 4 ? 3 : 1;
      const messages = this.#make(size);
      await this.#send(messages);
      done += size;
    }
  }

  /** Sends messages all at once and resolves when some of them are answered: nobody knows of the others. */
  async rush(count: number): Promise<void> {
    let answered = 0;
    const enough = new Promise<void>((resolve, reject) => {
      for (let i = 0; i < count; i++) {
        this.#send(this.#make(1)).then(() => ++answered === count >> 2 && resolve(), reject);
      }
    });
    await enough; // what rejects later does so because the broker is gone
  }

  /** The log begins there now: what lies before it is nobody's any more. */
  beginsAt(logOffset: number): void {
    this.#begin = logOffset;
    for (const [key, { place }] of this.#given) {
      if (place !== undefined && place.logOffset < logOffset) this.#given.delete(key);
    }
  }

  /** Pulls every queue from its first to its last message, and wants what was sent, all of it; by offset, too. */
  async mustBeServed(): Promise<void> {
    const found = new Set<string>();
    for (const topic of this.stored > 0 ? this.#topics : []) {
      for (let queueId = 0; queueId < QUEUES; queueId++) {
        for (const message of await this.#pullAll(topic, queueId)) {
          found.add(this.#mustBeKnown(message));
        }
      }
    }
    for (const [key, { place }] of this.#given) {
      assert(found.has(key) || place === undefined, `${key} at ${place?.logOffset} is gone`);
      if (!found.has(key)) this.#given.delete(key); // it was never answered, and never stored
    }
    await this.#forEach(async ({ uniqueKey, place }) => {
      const { code, remark, body } = await this.ask(formatView(place!.logOffset));
      assertEquals(code, 0, `33 at ${place!.logOffset}: ${remark}`);
      assertEquals(this.#mustBeKnown(decodeRecords(body)[0]), uniqueKey);
    });
  }

  /** Wants every message by each of its keys. */
  async mustHaveKeys(): Promise<void> {
    const missing: Missing[] = [];
    await this.#forEach(async (given) => {
      for (const key of [given.uniqueKey, ...given.keys]) {
        if (await this.#findsByKey(given, key)) continue;
        missing.push({ logOffset: given.place!.logOffset, key });
      }
    });
    missing.sort((a, b) => a.logOffset - b.logOffset);
    const [first] = missing;
    assertEquals(missing.length, 0, `by key ${first?.key} the message at ${first?.logOffset}`);
  }

  [Symbol.dispose](): void {
    this.#calls.close();
  }

  async #forEach(look: (given: Given) => Promise<void>): Promise<void> {
    const all = [...this.#given.values()];
    for (let i = 0; i < all.length; i += AT_A_TIME) {
      await Promise.all(all.slice(i, i + AT_A_TIME).map(look));
    }
  }

  async #findsByKey({ topic, uniqueKey, place }: Given, key: string): Promise<boolean> {
    const isUniqueKey = key === uniqueKey;
    const [beginTimestamp, endTimestamp] = [0, Number.MAX_SAFE_INTEGER];
    const answer = await this.ask(
      formatKeyQuery({ topic, key, maxCount: 32, beginTimestamp, endTimestamp, isUniqueKey }),
    );
    if (answer.code !== 0) return false;
    return decodeRecords(answer.body).some(({ logOffset }) => logOffset === place!.logOffset);
  }

  /** Messages of one queue, each with something that no other has. */
  #make(count: number): Given[] {
    const topic = this.#topics[this.#below(this.#topics.length)];
    const queueId = this.#below(QUEUES);
    return Array.from({ length: count }, () => {
      const n = this.#made++;
      const given = {
        topic,
        queueId,
        body: new Uint8Array(this.#below(20_000)).map((_, at) => n + at * 7),
        uniqueKey: `7F0000010001${String(n).padStart(20, "0")}`,
        keys: [`key-${n}`, `ключ-${n}`],
        tag: ["TagA", "TagB", "Метка", ""][n % 4],
      };
      this.#given.set(given.uniqueKey, given);
      return given;
    });
  }

  async #send(messages: readonly Given[]): Promise<void> {
    const [{ topic, queueId }] = messages;
    const batch = messages.length > 1;
    const entries = messages.map((given) => ({
      flag: 0,
      body: given.body,
      properties: formatProperties([
        ["UNIQ_KEY", given.uniqueKey],
        ["KEYS", given.keys.join(" ")],
        ["TAGS", given.tag],
        ["WAIT", "true"],
      ]),
    }));
    const { code, remark, ext } = await this.ask(formatSend({
      producerGroup: "P",
      topic,
      defaultTopic: "TBW102",
      defaultTopicQueueNums: QUEUES,
      queueId,
      sysFlag: 0,
      bornTimestamp: Date.now(),
      flag: 0,
      properties: batch ? "" : entries[0].properties,
      reconsumeTimes: 0,
      unitMode: false,
      batch,
    }, batch ? encodeBatch(entries) : entries[0].body));
    if (code !== 0) throw new Error(`a send is answered ${code}: ${remark}`);
    const ids = ext.msgId.split(",");
    for (const [i, given] of messages.entries()) {
      const { logOffset } = parseMessageId(ids[i])!;
      given.place = { queueOffset: Number(ext.queueOffset) + i, logOffset };
    }
  }

  async #pullAll(topic: string, queueId: number): Promise<StoredMessage[]> {
    const isIn = (given: Given) => given.topic === topic && given.queueId === queueId;
    // Java gives a queue that has entries, but no messages any more, no beginning of its own
    if (this.#begin > 0 && ![...this.#given.values()].some(isIn)) return [];
    const min = parseOffsetAnswer(await this.ask(formatBoundQuery("first", topic, queueId)));
    const end = parseOffsetAnswer(await this.ask(formatBoundQuery("next", topic, queueId)));
    const messages: StoredMessage[] = [];
    assert(min === 0 || this.#begin > 0, `${topic}-${queueId} begins at ${min}`);
    for (let at = min; at < end; at = min + messages.length) {
      const answer = await this.ask(pullRequest(topic, queueId, at));
      assertEquals(answer.code, 0, `${topic}-${queueId} at ${at}: ${answer.remark}`);
      for (const message of decodeRecords(answer.body)) {
        assertEquals([message.queueId, message.queueOffset], [queueId, min + messages.length]);
        messages.push(message);
      }
    }
    return messages;
  }

  /** The unique key of a message that must be as it was sent, where it was said to be. */
  #mustBeKnown(message: StoredMessage): string {
    const { topic, queueId, queueOffset, logOffset } = message;
    const properties = parseProperties(message.properties);
    const key = properties.get("UNIQ_KEY") ?? "";
    const given = this.#given.get(key);
    assert(given !== undefined, `nobody sent what lies at ${logOffset}`);
    assertEquals([topic, queueId], [given.topic, given.queueId], key);
    assertEquals(properties.get("KEYS"), given.keys.join(" "), key);
    assertEquals(properties.get("TAGS") ?? "", given.tag, key);
    assertEquals(Buffer.compare(message.body, given.body), 0, `the body of ${key}`);
    given.place ??= { queueOffset, logOffset };
    assertEquals({ queueOffset, logOffset }, given.place, key);
    return key;
  }

  #below(limit: number): number {
    this.#random = (Math.imul(this.#random, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (this.#random >> 8) % limit;
  }
}
