import { assert, assertEquals } from "@std/assert";
import { silentLog } from "../../../src/base/log.ts";
import { Redial } from "../../../src/rpc/redial.ts";
import type { Command, Request } from "../../../src/wire/command.ts";
import { decodeRecords, type StoredMessage } from "../../../src/wire/message.ts";
import { formatBoundQuery, parseOffsetAnswer } from "../../../src/wire/offset.ts";
import { property } from "../../../src/wire/properties.ts";
import { formatKeyQuery } from "../../../src/wire/query.ts";
import type { BrokerNode } from "../../support/cluster.ts";
import { pullRequest } from "../../support/pull_request.ts";
import { runtime } from "../../support/runtime.ts";
import type { Random } from "../../support/seeds.ts";
import { type Ledger, QUEUES, uniqueKey } from "./ledger.ts";

const CALL_MS = 20_000;
/** Messages whose keys are looked up. */
const LOOKED_UP = 30;

/** Asks one broker. */
export class Asker implements Disposable {
  readonly #calls = new Redial(runtime, silentLog);
  readonly #address: string;

  constructor({ broker: { host, port } }: BrokerNode) {
    this.#address = `${host}:${port}`;
  }

  ask(request: Request): Promise<Command> {
    return this.#calls.call(this.#address, request, CALL_MS);
  }

  [Symbol.dispose](): void {
    this.#calls.close();
  }
}

/** All messages of a queue; they are there, in order and without a gap. */
async function readQueue(asker: Asker, topic: string, queueId: number): Promise<StoredMessage[]> {
  const bound = async (which: "first" | "next") =>
    parseOffsetAnswer(await asker.ask(formatBoundQuery(which, topic, queueId)));
  const [first, next] = [await bound("first"), await bound("next")];
  const where = `${topic}-${queueId}`;
  assertEquals(first, 0, `${where} begins at its first message`);
  const messages: StoredMessage[] = [];
  while (messages.length < next) {
    const { code, body, remark } = await asker.ask(pullRequest(topic, queueId, messages.length));
    assertEquals(code, 0, `${where} at ${messages.length} of ${next}: ${remark}`);
    for (const message of decodeRecords(body)) {
      const { topic: of, queueId: id, queueOffset } = message;
      assertEquals([of, id, queueOffset], [topic, queueId, messages.length], where);
      messages.push(message);
    }
  }
  return messages;
}

/**
 * Reads all that a broker has: every message answered SEND_OK is where the answer said, none is there twice
 * or damaged, and none whose answer said that it is not stored. Of a batch that was not answered a kill can
 * leave the first messages only, as the write of its bytes ends where the process does.
 */
export async function holdsAll(asker: Asker, ledger: Ledger): Promise<void> {
  const text = new TextDecoder();
  const places = new Map<string, number>();
  const requests = new Map<number, number>();
  for (const topic of ledger.topics()) {
    for (let queueId = 0; queueId < QUEUES; queueId++) {
      if (!await isServed(asker, topic, queueId)) continue;
      for (const { body, properties, queueOffset } of await readQueue(asker, topic, queueId)) {
        const key = property(properties, "KEYS") ?? "no key";
        const sent = ledger.sent.get(key);
        assertEquals(text.decode(body), sent?.body, `the body of ${key}`);
        assertEquals([topic, queueId], [sent!.topic, sent!.queueId], `the place of ${key}`);
        assert(!places.has(key), `${key} is there twice`);
        places.set(key, queueOffset);
        requests.set(sent!.request, (requests.get(sent!.request) ?? 0) + 1);
      }
    }
  }
  const lost = [...ledger.ok].filter(([key, { queueOffset }]) => places.get(key) !== queueOffset);
  assertEquals(lost, [], "answered SEND_OK, and not there");
  const kept = [...ledger.refused].filter(([key]) => places.has(key));
  assertEquals(kept, [], "said not to be stored, and it is there");
  for (const { key, request, number } of ledger.sent.values()) {
    const kept = number < (requests.get(request) ?? 0);
    assertEquals(places.has(key), kept, `${key} of a request of which the first are kept`);
  }
}

/** A queue that nothing was answered for may be unknown to the broker. */
async function isServed(asker: Asker, topic: string, queueId: number): Promise<boolean> {
  const next = parseOffsetAnswer(await asker.ask(formatBoundQuery("next", topic, queueId)));
  return next > 0;
}

/** Some of the messages answered SEND_OK, new and old ones, are found by their keys. */
export async function findsKeys(asker: Asker, ledger: Ledger, random: Random): Promise<void> {
  const keys = [...ledger.ok.keys()];
  const newest = keys.slice(-LOOKED_UP / 2);
  const any = Array.from({ length: LOOKED_UP / 2 }, () => random.pick(keys));
  for (const key of [...newest, ...any]) {
    for (const isUniqueKey of [false, true]) {
      const { code, body, remark } = await asker.ask(formatKeyQuery({
        topic: ledger.sent.get(key)!.topic,
        key: isUniqueKey ? uniqueKey(key) : key,
        maxCount: 32,
        beginTimestamp: 0,
        endTimestamp: Date.now() + 60_000,
        isUniqueKey,
      }));
      assertEquals(code, 0, `${key}, unique ${isUniqueKey}: ${remark}`);
      const found = decodeRecords(body).map(({ properties }) => property(properties, "KEYS"));
      assert(found.includes(key), `${key}, unique ${isUniqueKey}: found ${found}`);
    }
  }
}
