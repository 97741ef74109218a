import { FieldError } from "../base/errors.ts";
import type { Clock } from "../ports/host.ts";
import type { Address } from "../ports/net.ts";
import type { Answer, Peer } from "../rpc/peer.ts";
import { isInQueue } from "../store/append.ts";
import { PutRefusal } from "../store/errors.ts";
import type { NewMessage, Store } from "../store/store.ts";
import { splitBatch } from "../wire/batch.ts";
import { ResponseCode } from "../wire/codes.ts";
import { type Command, refuse, type Reply } from "../wire/command.ts";
import { hostBytes } from "../wire/host_address.ts";
import { messageIdPrefix } from "../wire/message_id.ts";
import { joinProperties, Property } from "../wire/properties.ts";
import { SysFlag } from "../wire/record_layout.ts";
import { parseSend, parseSendV2, type SendRequest } from "../wire/send.ts";
import type { Confirmations } from "./confirm.ts";
import { type SendHints, sendHints } from "./send_hints.ts";
import { type AnswerStyle, Sent } from "./sent.ts";
import type { Stats } from "./stats.ts";
import type { Topic, Topics } from "./topics.ts";

/** Above this many messages that wait for a slave or the disk, new ones are refused with SYSTEM_BUSY. */
const WAITING_MAX = 100_000;

/** With this much staged the end of the turn is not waited for. */
const STAGED_BYTES_MAX = 4 * 1024 * 1024;
const EMPTY = new Uint8Array(0);
const TOO_FEW_REPLICAS = refuse(
  ResponseCode.SYSTEM_ERROR,
  "cannot store a message: fewer slaves than minInSyncReplicas asks for",
);

/** What sends need of their broker. */
export interface SendContext {
  readonly clock: Pick<Clock, "soon">;
  readonly store: Store;
  readonly topics: Topics;
  readonly confirmations: Confirmations;
  readonly stats: Stats;
  /** False on a slave, which refuses all sends. */
  readonly accepts: boolean;
  readonly clusterName: string;
  readonly regionId: string;
  readonly traceOn: boolean;
  readonly maxMessageBytes: number;
  /** Address the broker is known by; part of each message id. */
  readonly storeHost: Address;
  /** True while fewer nodes than minInSyncReplicas would have a message: then none is stored. */
  tooFewReplicas(): boolean;
  /** Number from 0 to below `n`, for senders that leave the queue to us. */
  pick(n: number): number;
}

/**
 * Takes messages: each request of a read is staged in the log, then all are written at once by `commit` and
 * answered, or wait together for slaves and the disk.
 */
export class Sends {
  readonly #context: SendContext;
  readonly #style: AnswerStyle;
  readonly #clusterProperty: string;
  readonly #storeHost: Uint8Array;
  readonly #bornHosts = new WeakMap<Peer, Uint8Array>();
  #staged: Sent[] = [];
  #stagedUnwaited: Sent[] = [];
  #stagedCount = 0; // messages in both
  #commitQueued = false;
  #stopped = false;

  constructor(context: SendContext) {
    this.#context = context;
    this.#storeHost = hostBytes(context.storeHost);
    const { regionId, traceOn } = context;
    this.#style = { idPrefix: messageIdPrefix(this.#storeHost), regionId, traceOn };
    this.#clusterProperty = `${Property.CLUSTER}\x01${context.clusterName}`;
  }

  /** Handler of 10. */
  send = (command: Command, peer: Peer): Answer =>
    this.#take(parseSend(command.ext), command, peer);

  /** Handler of 310 and 320. */
  sendV2 = (command: Command, peer: Peer): Answer =>
    this.#take(parseSendV2(command.ext), command, peer);

  /**
   * Has what the handlers staged written when all connections that are readable now were read: then one
   * write of the log, one frame to each slave and one write of answers serve them all. Without it a busy
   * broker settles at one message a write, five times slower.
   */
  commitSoon = (): void => {
    if (this.#context.store.log.stage.length > STAGED_BYTES_MAX) return this.commit();
    if (this.#commitQueued || this.#stagedCount === 0) return;
    this.#commitQueued = true;
    this.#context.clock.soon(this.commit);
  };

  /** Writes what the handlers staged, and answers it when its guarantees are reached. */
  commit = (): void => {
    this.#commitQueued = false;
    if (this.#stagedCount === 0) return;
    const waiting = this.#staged;
    const unwaited = this.#stagedUnwaited;
    const count = this.#stagedCount;
    this.#stagedCount = 0;
    this.#staged = [];
    this.#stagedUnwaited = [];
    try {
      this.#context.store.commit();
      mustBeStored(this.#context.store, waiting, unwaited);
    } catch (error) {
      const reply = replyTo(error);
      for (const sent of unwaited) sent.refused(reply);
      for (const sent of waiting) sent.refused(reply);
      return;
    }
    this.#context.stats.put.add(count);
    for (const sent of unwaited) sent.confirmed(ResponseCode.SUCCESS);
    this.#context.confirmations.add(waiting);
  };

  /** Refuses sends from now on; resolves when those before are answered, which their time-outs bound. */
  stop(): Promise<void> {
    this.#stopped = true;
    this.commit();
    return this.#context.confirmations.idle();
  }

  #take(request: SendRequest, command: Command, peer: Peer): Answer {
    const { topics, accepts, confirmations } = this.#context;
    if (!accepts || this.#stopped) {
      const reason = accepts ? "is being stopped" : "is a slave";
      return refuse(
        ResponseCode.SERVICE_NOT_AVAILABLE,
        `cannot store a message for "${request.topic}": this broker ${reason}`,
      );
    }
    if (this.#context.tooFewReplicas()) return TOO_FEW_REPLICAS;
    if (confirmations.waiting + this.#staged.length >= WAITING_MAX) {
      return refuse(
        ResponseCode.SYSTEM_BUSY,
        `[OVERLOAD] ${WAITING_MAX} messages wait for a slave or the disk`,
      );
    }
    const topic = topics.get(request.topic) ?? topics.createOnSend(request);
    if ("code" in topic) return topic;
    const hints = sendHints(request.properties);
    const refusal = notSendable(topic, request, hints);
    if (refusal) return refusal;
    try {
      const queueId = request.queueId >= 0
        ? request.queueId
        : this.#context.pick(topic.writeQueueNums);
      const message = this.#message(request, topic, queueId, peer);
      if (request.batch) this.#stageBatch(request, message, hints, command, peer);
      else this.#stageOne(message, hints, command, peer);
      return undefined;
    } catch (error) {
      if (error instanceof FieldError) throw error;
      return replyTo(error);
    }
  }

  #stageOne(message: Mutable<NewMessage>, hints: SendHints, command: Command, peer: Peer): void {
    message.properties = joinProperties(hints.stored, this.#clusterProperty);
    message.body = command.body;
    const stored = this.#context.store.append(message);
    this.#stage(new Sent(peer, command, message.queueId, stored, this.#style), 1, hints.waits);
  }

  /** All messages of a batch or none: their limits are looked at before the first is staged. */
  #stageBatch(
    { properties: shared }: SendRequest,
    message: NewMessage,
    { waits }: SendHints,
    command: Command,
    peer: Peer,
  ): void {
    const { store, maxMessageBytes } = this.#context;
    if (command.body.length > maxMessageBytes) {
      const reason = `batch of ${command.body.length} bytes, at most ${maxMessageBytes}`;
      throw new PutRefusal("illegal", reason);
    }
    const messages = splitBatch(command.body).map(({ flag, body, properties }) => ({
      ...message,
      flag,
      body,
      properties: joinProperties(joinProperties(properties, shared), this.#clusterProperty),
    }));
    if (messages.length === 0) throw new FieldError("body", "", "a batch of at least one message");
    const stored = store.appendBatch(messages);
    const sent = new Sent(peer, command, message.queueId, stored, this.#style);
    this.#stage(sent, messages.length, waits);
  }

  #stage(sent: Sent, count: number, waits: boolean): void {
    this.#stagedCount += count;
    if (waits) this.#staged.push(sent);
    else this.#stagedUnwaited.push(sent);
  }

  #message(
    request: SendRequest,
    topic: Topic,
    queueId: number,
    peer: Peer,
  ): Mutable<NewMessage> {
    let bornHost = this.#bornHosts.get(peer);
    if (bornHost === undefined) this.#bornHosts.set(peer, bornHost = hostBytes(peer.remote));
    const multiTags = topic.topicFilterType === "MULTI_TAG" ? SysFlag.MULTI_TAGS : 0;
    return {
      topic: topic.topicName,
      topicBytes: topic.bytes,
      queueId,
      flag: request.flag,
      sysFlag: request.sysFlag | multiTags,
      bornTimestamp: request.bornTimestamp,
      bornHost,
      storeHost: this.#storeHost,
      reconsumeTimes: request.reconsumeTimes,
      preparedTransactionOffset: 0,
      properties: "",
      body: EMPTY,
    };
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function notSendable(
  topic: Topic,
  request: SendRequest,
  { delay, prepares }: SendHints,
): Reply | undefined {
  if (!topic.sendable) {
    return refuse(
      ResponseCode.NO_PERMISSION,
      `cannot send to "${topic.topicName}": it is the broker's own`,
    );
  }
  const queues = Math.max(topic.writeQueueNums, topic.readQueueNums);
  if (request.queueId >= queues) {
    return refuse(
      ResponseCode.SYSTEM_ERROR,
      `cannot send to queue ${request.queueId} of "${topic.topicName}": it has ${queues} queues`,
    );
  }
  if (request.queueId < 0 && topic.writeQueueNums === 0) {
    return refuse(
      ResponseCode.SYSTEM_ERROR,
      `cannot send to "${topic.topicName}": it has no queue to write to`,
    );
  }
  if (delay > 0) {
    return refuse(ResponseCode.MESSAGE_ILLEGAL, `cannot delay a message: not supported yet`);
  }
  // by its flag alone too: such a message is in no queue, so it would be answered OK and never delivered
  if (!isInQueue(request.sysFlag) || prepares) {
    return refuse(ResponseCode.NO_PERMISSION, "cannot prepare a transaction: not supported yet");
  }
  return undefined;
}

/** Whoever else took back what was staged, as a store that is being closed does, must not make us say OK. */
function mustBeStored({ log }: Store, ...lists: readonly Sent[][]): void {
  for (const list of lists) {
    if (list.length > 0 && list[list.length - 1].end > log.tail) {
      throw new PutRefusal("unavailable", "Cannot store the message: the store is being closed");
    }
  }
}

function replyTo(error: unknown): Reply {
  if (!(error instanceof PutRefusal)) throw error;
  switch (error.status) {
    case "illegal":
      return refuse(ResponseCode.MESSAGE_ILLEGAL, error.message);
    case "unavailable":
      return refuse(ResponseCode.SERVICE_NOT_AVAILABLE, error.message);
    default:
      return refuse(ResponseCode.SYSTEM_ERROR, error.message);
  }
}
