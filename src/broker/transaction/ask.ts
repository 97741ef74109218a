import { utf8, viewOf } from "../../base/bytes.ts";
import type { Log } from "../../base/log.ts";
import type { Appended, NewMessage } from "../../store/store.ts";
import type { Request } from "../../wire/command.ts";
import { putRecord, recordSizeMax, type StoredMessage } from "../../wire/message.ts";
import { formatMessageId, messageIdPrefix } from "../../wire/message_id.ts";
import { Property, property } from "../../wire/properties.ts";
import { formatTransactionCheck } from "../../wire/transaction.ts";
import type { ClientPeer, Clients } from "../clients.ts";
import { realPlaceOf } from "../real_place.ts";

/** Whom it can ask. */
export interface AskContext {
  readonly clients: Pick<Clients, "producers">;
  readonly log: Log;
}

/** Asks the live producers of a group in turn. */
export class Ask {
  readonly #context: AskContext;
  readonly #asked = new Set<ClientPeer>();
  readonly #missing = new Map<string, number>();
  #turn = 0;

  constructor(context: AskContext) {
    this.#context = context;
  }

  /** Asks about a half message whose newest copy was just stored. */
  about(half: StoredMessage, copy: NewMessage, stored: Appended): void {
    const group = property(half.properties, Property.PGROUP) ?? "";
    const peers = [...this.#context.clients.producers(group)?.keys() ?? []];
    if (peers.length === 0) {
      this.#missing.set(group, 1 + (this.#missing.get(group) ?? 0));
      return;
    }
    const peer = peers[this.#turn++ % peers.length];
    this.#asked.add(peer);
    const question = questionOf(half, copy, stored);
    if (question !== undefined) peer.tell(question);
  }

  /** Resolves when those that were asked have read it, or are gone: what they do not read must not pile up. */
  async drained(): Promise<void> {
    const peers = [...this.#asked];
    this.#asked.clear();
    await Promise.all(peers.map((peer) => peer.drained()));
  }

  /** Says whose producers were missing since the last time, once for each group. */
  sayMissing(): void {
    for (const [producerGroup, transactions] of this.#missing) {
      this.#context.log.warn("no producer is connected that could say how transactions ended", {
        producerGroup,
        transactions,
      });
    }
    this.#missing.clear();
  }
}

/** Request 39: the half message as it would be delivered, at the place of its newest copy. */
function questionOf(half: StoredMessage, copy: NewMessage, at: Appended): Request | undefined {
  const real = realPlaceOf(half);
  if (real === undefined) return undefined;
  const topic = utf8(real.topic);
  const record = new Uint8Array(recordSizeMax(topic.length, half.body.length, copy.properties));
  const size = putRecord(record, viewOf(record), 0, {
    ...copy,
    topic,
    queueId: real.queueId,
    queueOffset: at.queueOffset,
    logOffset: at.logOffset,
    storeTimestamp: at.storeTimestamp,
    preparedOffset: 0,
    bodyCrc: half.bodyCrc,
  });
  const offsetMessageId = formatMessageId(messageIdPrefix(copy.storeHost), at.logOffset);
  const messageId = property(half.properties, Property.UNIQ_KEY) ?? offsetMessageId;
  const check = {
    halfQueueOffset: at.queueOffset,
    halfLogOffset: at.logOffset,
    messageId,
    transactionId: messageId,
    offsetMessageId,
  };
  return formatTransactionCheck(check, record.subarray(0, size));
}
