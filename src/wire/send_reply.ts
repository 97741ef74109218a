import { type Outbox, utf8 } from "../base/bytes.ts";
import type { ReplyTo } from "./codec.ts";
import { putJsonFrame, putReply } from "./codec.ts";
import type { Command, ExtFields, Reply } from "./command.ts";
import { FLAG_RESPONSE, OUR_VERSION } from "./command.ts";
import { Fields } from "./fields.ts";
import { OUR_LANGUAGE } from "./header.ts";

/**
 * What a stored message is answered with: code 0, and 10, 11 or 12 when it is stored but a guarantee was not
 * reached. Clients read every field then. Source: SendMessageResponseHeader.
 */
export interface SendAnswer {
  readonly code: number;
  readonly remark?: string;
  /** Offset message id; those of a batch joined with commas. */
  readonly msgId: string;
  readonly queueId: number;
  /** Place in the queue; that of the first message of a batch. */
  readonly queueOffset: number;
  /** The client's own message id, given back. */
  readonly transactionId?: string;
  readonly region: string;
  readonly traceOn: boolean;
}

/** Region of a broker that was told none. */
export const DEFAULT_REGION = "DefaultRegion";

const HEAD = utf8('{"code":');
const MSG_ID = utf8('","msgId":"');
const QUEUE_OFFSET = utf8('","queueOffset":"');
const OPAQUE = utf8(`"},"flag":${FLAG_RESPONSE},"language":"${OUR_LANGUAGE}","opaque":`);
const TAIL = utf8(`,"serializeTypeCurrentRPC":"JSON","version":${OUR_VERSION}}`);
/** All that varies but the region and the message ids: four numbers of at most 16 digits. */
const NUMBERS_BYTES_MAX = 64;

/** A broker answers with one region always: its part of the header is made once. */
let known = { region: "", traceOn: false, bytes: regionPart("", false) };

/** The answer as any other, for `putReply`. */
export function formatSendReply(answer: SendAnswer): Reply {
  const ext: ExtFields = {
    MSG_REGION: answer.region,
    TRACE_ON: String(answer.traceOn),
    queueId: String(answer.queueId),
    msgId: answer.msgId,
    queueOffset: String(answer.queueOffset),
  };
  if (answer.transactionId !== undefined) ext.transactionId = answer.transactionId;
  return { code: answer.code, remark: answer.remark, ext };
}

/** @throws {FieldError} */
export function parseSendReply(reply: Command): SendAnswer {
  const fields = new Fields(reply.ext);
  return {
    code: reply.code,
    remark: reply.remark,
    msgId: fields.text("msgId"),
    queueId: fields.int32("queueId"),
    queueOffset: fields.int64("queueOffset"),
    transactionId: fields.optional("transactionId"),
    region: fields.optional("MSG_REGION") ?? DEFAULT_REGION,
    traceOn: reply.ext.TRACE_ON !== "false",
  };
}

/**
 * Puts the answer to a send into the outbox. A broker under load writes little else, so the plain answer in
 * JSON form is put together from bytes: a quarter of the time that a template and its encoding take.
 */
export function putSendReply(out: Outbox, to: ReplyTo, answer: SendAnswer): void {
  const { remark, transactionId, region, traceOn } = answer;
  const isPlain = to.form === "json" && to.opaque >= 0 && remark === undefined &&
    transactionId === undefined && answer.queueId >= 0;
  if (!isPlain) return putReply(out, to, formatSendReply(answer));
  if (known.region !== region || known.traceOn !== traceOn) {
    known = { region, traceOn, bytes: regionPart(region, traceOn) };
  }
  const most = HEAD.length + known.bytes.length + MSG_ID.length + answer.msgId.length +
    QUEUE_OFFSET.length + OPAQUE.length + TAIL.length + NUMBERS_BYTES_MAX;
  putJsonFrame(out, most, (slab, start) => {
    let at = putBytes(slab, start, HEAD);
    at = putNumber(slab, at, answer.code);
    at = putBytes(slab, at, known.bytes);
    at = putNumber(slab, at, answer.queueId);
    at = putBytes(slab, at, MSG_ID);
    at = putAscii(slab, at, answer.msgId);
    at = putBytes(slab, at, QUEUE_OFFSET);
    at = putNumber(slab, at, answer.queueOffset);
    at = putBytes(slab, at, OPAQUE);
    at = putNumber(slab, at, to.opaque);
    return putBytes(slab, at, TAIL) - start;
  });
}

function regionPart(region: string, traceOn: boolean): Uint8Array {
  return utf8(
    `,"extFields":{"MSG_REGION":${JSON.stringify(region)},"TRACE_ON":"${traceOn}","queueId":"`,
  );
}

/** These write at `at` and give the place behind what they wrote. */
function putBytes(into: Uint8Array, at: number, bytes: Uint8Array): number {
  into.set(bytes, at);
  return at + bytes.length;
}

function putAscii(into: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) into[at + i] = text.charCodeAt(i);
  return at + text.length;
}

/** Digits of a whole number that is not negative. */
function putNumber(into: Uint8Array, at: number, value: number): number {
  let end = at + 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) end++;
  for (let i = end - 1, rest = value; i >= at; i--) {
    const tens = Math.floor(rest / 10);
    into[i] = rest - tens * 10 + 0x30; // in this order: near 2^53 there is no room for the sum
    rest = tens;
  }
  return end;
}
