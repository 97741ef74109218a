import type { Clock } from "../../ports/host.ts";
import type { Address } from "../../ports/net.ts";
import type { Answer, Handler, Peer } from "../../rpc/peer.ts";
import { reasonOf } from "../../base/log.ts";
import { RequestCode, ResponseCode } from "../../wire/codes.ts";
import { type Command, type ExtFields, refuse, type Reply } from "../../wire/command.ts";
import { addressText } from "../../wire/host_address.ts";
import { formatMessageId } from "../../wire/message_id.ts";
import { Property, property, withProperty } from "../../wire/properties.ts";
import { formatPushedReply, type PushedReply } from "../../wire/reply.ts";
import { parseSend, parseSendV2, type SendRequest } from "../../wire/send.ts";
import { formatSendReply } from "../../wire/send_reply.ts";
import type { Clients } from "../clients.ts";
import type { PutOutcome, Puts } from "../puts.ts";
import { sendHints } from "../send_hints.ts";
import { notSendable } from "../send_refusals.ts";
import type { Sends } from "../send.ts";
import type { Topic, Topics } from "../topics.ts";

/** How long whoever asked may take to say that it has the answer. Source: Broker2Client. */
const PUSH_MS = 10_000;
/** Answers on their way to who asked; above this many, further ones are refused. */
const PUSHING_MAX = 10_000;

/** What answers to requests need of their broker. */
export interface ReplyContext {
  readonly clock: Clock;
  readonly topics: Topics;
  readonly clients: Pick<Clients, "producer">;
  readonly puts: Pick<Puts, "put">;
  readonly sends: Pick<Sends, "style" | "storeHost" | "messageOf">;
  readonly isSlave: boolean;
  /** Answers are stored as well [storeReplyMessageEnable]. */
  readonly stores: boolean;
}

/**
 * Handlers of 324 and 325: the answer to a request is pushed to the client that asked, and stored beside that.
 * Whoever answers hears whether it was pushed; what became of the storing does not change that. Source:
 * ReplyMessageProcessor.
 */
export function replyHandlers(context: ReplyContext): [number, Handler][] {
  let pushing = 0;
  const handler = (parse: (ext: ExtFields) => SendRequest): Handler => (command, peer): Answer => {
    const request = parse(command.ext);
    const topic = topicFor(context, request);
    if ("code" in topic) return topic;
    if (pushing >= PUSHING_MAX) {
      return refuse(ResponseCode.SYSTEM_BUSY, `[OVERLOAD] ${PUSHING_MAX} answers are on their way`);
    }
    pushing++;
    return answer(context, request, topic, command, peer).finally(() => pushing--);
  };
  return [
    [RequestCode.SEND_REPLY_MESSAGE, handler(parseSend)],
    [RequestCode.SEND_REPLY_MESSAGE_V2, handler(parseSendV2)],
  ];
}

function topicFor({ topics, isSlave }: ReplyContext, request: SendRequest): Topic | Reply {
  if (isSlave) {
    const reason = "Cannot hand an answer on: this broker is a slave, send to its master";
    return refuse(ResponseCode.SERVICE_NOT_AVAILABLE, reason);
  }
  const topic = topics.get(request.topic) ?? topics.createOnSend(request);
  if ("code" in topic) return topic;
  return notSendable(topic, request, sendHints(request.properties)) ?? topic;
}

/** Both begin in this turn: the body is the frame's. */
async function answer(
  context: ReplyContext,
  request: SendRequest,
  topic: Topic,
  command: Command,
  peer: Peer,
): Promise<Reply> {
  const { sends: { style } } = context;
  const queueId = Math.max(0, request.queueId);
  const [problem, outcome] = await Promise.all([
    push(context, request, queueId, command.body, peer),
    context.stores ? store(context, request, topic, queueId, command.body, peer) : undefined,
  ]);
  const stored = outcome?.stored;
  return formatSendReply({
    code: problem === undefined ? ResponseCode.SUCCESS : ResponseCode.SYSTEM_ERROR,
    remark: problem,
    msgId: stored === undefined ? "0" : formatMessageId(style.idPrefix, stored.logOffset),
    queueId,
    queueOffset: stored?.queueOffset ?? 0,
    region: style.regionId,
    traceOn: style.traceOn,
  });
}

/** Hands it to who asked; gives why that did not work, or undefined. */
async function push(
  { clock, clients, sends }: ReplyContext,
  request: SendRequest,
  queueId: number,
  body: Uint8Array,
  peer: Peer,
): Promise<string | undefined> {
  const clientId = property(request.properties, Property.REPLY_TO_CLIENT);
  if (clientId === undefined) return "Cannot hand an answer on: REPLY_TO_CLIENT is missing";
  const asker = clients.producer(clientId);
  const cannot = `Cannot hand an answer on to "${clientId}"`;
  if (asker === undefined) return `${cannot}: no such producer is connected`;
  const now = clock.now();
  const pushed = pushedOf(request, queueId, now, peer.remote, sends.storeHost);
  try {
    const { code, remark } = await asker.call(formatPushedReply(pushed, body), PUSH_MS);
    return code === ResponseCode.SUCCESS ? undefined : `${cannot}: it says ${code} ${remark ?? ""}`;
  } catch (error) {
    return `${cannot}: ${reasonOf(error)}`;
  }
}

function pushedOf(
  request: SendRequest,
  queueId: number,
  now: number,
  bornHost: Address,
  storeHost: Address,
): PushedReply {
  const { producerGroup, topic, defaultTopic, defaultTopicQueueNums, sysFlag, flag } = request;
  const { bornTimestamp, reconsumeTimes, unitMode, properties } = request;
  return {
    producerGroup,
    topic,
    defaultTopic,
    defaultTopicQueueNums,
    queueId,
    sysFlag,
    bornTimestamp,
    flag,
    properties: withProperty(properties, Property.PUSH_REPLY_TIME, String(now)),
    reconsumeTimes,
    unitMode,
    bornHost: addressText(bornHost),
    storeHost: addressText(storeHost),
    storeTimestamp: now,
  };
}

function store(
  { puts, sends }: ReplyContext,
  request: SendRequest,
  topic: Topic,
  queueId: number,
  body: Uint8Array,
  peer: Peer,
): Promise<PutOutcome> {
  const { waits, stored } = sendHints(request.properties);
  const message = sends.messageOf(request, topic, queueId, peer);
  return puts.put({ ...message, properties: stored, body }, waits);
}
