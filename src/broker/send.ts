import { textOf, utf8 } from "../base/bytes.ts";
import { FieldError } from "../base/errors.ts";
import type { Address } from "../ports/net.ts";
import type { Answer, Peer } from "../rpc/peer.ts";
import { PutRefusal } from "../store/errors.ts";
import type { Appended, NewMessage, Store } from "../store/store.ts";
import { splitBatch } from "../wire/batch.ts";
import { ResponseCode } from "../wire/codes.ts";
import { type Command, refuse, type Reply } from "../wire/command.ts";
import { hostBytes } from "../wire/host_address.ts";
import { messageIdPrefix } from "../wire/message_id.ts";
import { joinProperties, Property } from "../wire/properties.ts";
import { SysFlag } from "../wire/record_layout.ts";
import { parseSend, parseSendV2, type SendRequest } from "../wire/send.ts";
import { SendScan } from "../wire/send_scan.ts";
import type { Detour, Detoured } from "./detour.ts";
import { BUSY, type Puts, replyTo, WAITING_MAX } from "./puts.ts";
import { TOO_FEW_REPLICAS } from "./replicas.ts";
import { type SendHints, sendHints } from "./send_hints.ts";
import { notSendable } from "./send_refusals.ts";
import { type AnswerStyle, Sent } from "./sent.ts";
import type { Topic, Topics } from "./topics.ts";

const EMPTY = new Uint8Array(0);
const PROPERTY_END = 2;
const NO_HINTS: SendHints = { waits: true, delay: 0, prepares: false, stored: "" };

/** What sends need of their broker. */
export interface SendContext {
  readonly store: Store;
  readonly topics: Topics;
  readonly puts: Puts;
  /** What sends some messages to other places than their own; each sees what the one before it left. */
  readonly detours: readonly Detour[];
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

/** Takes producers' messages: each request of a read is staged in the log, `Puts` does the rest. */
export class Sends {
  readonly #context: SendContext;
  /** What all its answers have in common. */
  readonly style: AnswerStyle;
  readonly #clusterProperty: string;
  readonly #clusterBytes: Uint8Array;
  readonly #scan = new SendScan();
  #lastTopic: Topic | undefined;
  readonly #storeHost: Uint8Array;
  readonly #bornHosts = new WeakMap<Peer, Uint8Array>();
  #stopped = false;

  constructor(context: SendContext) {
    this.#context = context;
    this.#storeHost = hostBytes(context.storeHost);
    const { regionId, traceOn } = context;
    this.style = { idPrefix: messageIdPrefix(this.#storeHost), regionId, traceOn };
    this.#clusterProperty = `${Property.CLUSTER}\x01${context.clusterName}`;
    this.#clusterBytes = utf8(this.#clusterProperty);
  }

  /** The address that records and message ids name. */
  get storeHost(): Address {
    return this.#context.storeHost;
  }

  /** A message as it is stored, but for its properties and its body. */
  messageOf(request: SendRequest, topic: Topic, queueId: number, peer: Peer): Detoured {
    return this.#message(request, request.flag, topic, queueId, peer);
  }

  /** Handler of 10. */
  send = (command: Command, peer: Peer): Answer =>
    this.#take(parseSend(command.ext), command, peer);

  /** Handler of 310 and 320. */
  sendV2 = (command: Command, peer: Peer): Answer =>
    this.#take(parseSendV2(command.ext), command, peer);

  /**
   * Takes a plain send to a topic that is there straight from its frame. Whatever else comes, and whatever
   * would be refused, is left to the handlers, which say why.
   */
  takesFrame = (frame: Uint8Array, peer: Peer): boolean => {
    const scan = this.#scan;
    if (!scan.read(frame)) return false;
    const { puts, accepts, store } = this.#context;
    const topic = this.#topicAt(frame, scan.topicAt, scan.topicEnd);
    if (topic === undefined || !accepts || this.#context.tooFewReplicas()) return false;
    if (puts.waiting >= WAITING_MAX) return false;
    if (notSendable(topic, scan, NO_HINTS) !== undefined || topic.isRetry) return false;
    const properties = this.#withCluster(scan);
    if (properties === undefined) return false;
    const message = this.#message(scan, scan.userFlag, topic, scan.queueId, peer);
    message.properties = properties;
    message.body = frame.subarray(scan.bodyAt);
    let stored: Appended;
    try {
      stored = store.append(message);
    } catch {
      return false; // the handler meets the same and answers with it
    }
    const { opaque, flag, waits } = scan;
    puts.staged(
      new Sent(peer, { form: "json", opaque, flag }, scan.queueId, stored, this.style),
      1,
      waits,
    );
    return true;
  };

  /** Refuses sends from now on; resolves when those before are answered, which their time-outs bound. */
  stop(): Promise<void> {
    this.#stopped = true;
    return this.#context.puts.stop();
  }

  #take(request: SendRequest, command: Command, peer: Peer): Answer {
    const { topics, accepts, puts } = this.#context;
    if (!accepts || this.#stopped) {
      const reason = accepts
        ? "is being stopped, send again when it is back"
        : "is a slave, send to its master";
      return refuse(
        ResponseCode.SERVICE_NOT_AVAILABLE,
        `cannot store a message for "${request.topic}": this broker ${reason}`,
      );
    }
    if (this.#context.tooFewReplicas()) return TOO_FEW_REPLICAS;
    if (puts.waiting >= WAITING_MAX) return BUSY;
    const topic = topics.get(request.topic) ?? topics.createOnSend(request);
    if ("code" in topic) return topic;
    const hints = sendHints(request.properties);
    const refusal = notSendable(topic, request, hints);
    if (refusal) return refusal;
    try {
      const queueId = request.queueId >= 0
        ? request.queueId
        : this.#context.pick(topic.writeQueueNums);
      const message = this.#message(request, request.flag, topic, queueId, peer);
      if (request.batch) this.#stageBatch(request, message, hints, command, peer);
      else return this.#stageOne(request, message, hints, command, peer);
      return undefined;
    } catch (error) {
      if (error instanceof FieldError) throw error;
      return replyTo(error);
    }
  }

  /** The topic whose name lies there in the frame, if it is there; most sends are to the last one's. */
  #topicAt(frame: Uint8Array, at: number, end: number): Topic | undefined {
    const { topics } = this.#context;
    const last = this.#lastTopic;
    if (last !== undefined && isAt(last.bytes, frame, at, end)) {
      const now = topics.get(last.topicName);
      if (now === last) return last;
    }
    return this.#lastTopic = topics.get(textOf(frame.subarray(at, end)));
  }

  /** The scanned properties and the cluster's name behind them; undefined when that is too long. */
  #withCluster(scan: SendScan): Uint8Array | undefined {
    const { properties } = scan;
    const cluster = this.#clusterBytes;
    let length = scan.propertiesLength;
    if (length + 1 + cluster.length > properties.length) return undefined;
    if (length > 0 && properties[length - 1] !== PROPERTY_END) properties[length++] = PROPERTY_END;
    properties.set(cluster, length);
    return properties.subarray(0, length + cluster.length);
  }

  #stageOne(
    request: SendRequest,
    message: Detoured,
    hints: SendHints,
    command: Command,
    peer: Peer,
  ): Reply | undefined {
    const { queueId } = message; // the sender's, wherever the message goes
    message.properties = joinProperties(hints.stored, this.#clusterProperty);
    message.body = command.body;
    for (const detour of this.#context.detours) {
      const refusal = detour(message, hints, request);
      if (refusal !== undefined) return refusal;
    }
    const stored = this.#context.store.append(message);
    this.#context.puts.staged(
      new Sent(peer, command, queueId, stored, this.style),
      1,
      hints.waits,
    );
    return undefined;
  }

  /** All messages of a batch or none: their limits are looked at before the first is staged. */
  #stageBatch(
    { properties: shared }: SendRequest,
    message: NewMessage,
    { waits, delay }: SendHints,
    command: Command,
    peer: Peer,
  ): void {
    const { store, maxMessageBytes } = this.#context;
    if (delay > 0) throw new PutRefusal("illegal", "cannot delay a batch: send each by itself");
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
    const sent = new Sent(peer, command, message.queueId, stored, this.style);
    this.#context.puts.staged(sent, messages.length, waits);
  }

  #message(
    { sysFlag, bornTimestamp, reconsumeTimes }: SendNumbers,
    flag: number,
    topic: Topic,
    queueId: number,
    peer: Peer,
  ): Detoured {
    let bornHost = this.#bornHosts.get(peer);
    if (bornHost === undefined) this.#bornHosts.set(peer, bornHost = hostBytes(peer.remote));
    const multiTags = topic.topicFilterType === "MULTI_TAG" ? SysFlag.MULTI_TAGS : 0;
    return {
      topic: topic.topicName,
      topicBytes: topic.bytes,
      queueId,
      flag,
      sysFlag: sysFlag | multiTags,
      bornTimestamp,
      bornHost,
      storeHost: this.#storeHost,
      reconsumeTimes,
      preparedTransactionOffset: 0,
      properties: "",
      body: EMPTY,
    };
  }
}

type SendNumbers = Pick<SendRequest, "sysFlag" | "bornTimestamp" | "reconsumeTimes">;

function isAt(name: Uint8Array, bytes: Uint8Array, at: number, end: number): boolean {
  if (name.length !== end - at) return false;
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[at + i]) return false;
  return true;
}
