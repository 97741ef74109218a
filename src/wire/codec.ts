import { Outbox } from "../base/bytes.ts";
import { invariant, WireError } from "../base/errors.ts";
import type { Command, ExtFields, HeaderForm, Reply, Request } from "./command.ts";
import { FLAG_ONEWAY, FLAG_RESPONSE, OUR_VERSION } from "./command.ts";
import { FRAME_BYTES_MAX } from "./frame.ts";
import type { Header } from "./header.ts";
import { OUR_LANGUAGE } from "./header.ts";
import { binaryHeaderBytesMax, putBinaryHeader, readBinaryHeader } from "./header_binary.ts";
import { jsonHeader, readJsonHeader } from "./header_json.ts";

const encoder = new TextEncoder();
const JSON_TYPE = 0;
const BINARY_TYPE = 1;
/** Length word and header word. */
const WORDS_BYTES = 8;
const NO_EXT: ExtFields = {};

/** Where an answer belongs: the form and the number its request came with. */
export interface ReplyTo {
  readonly form: HeaderForm;
  readonly opaque: number;
}

/**
 * The command in a frame (drawn in frame.ts); its body is a view of the frame.
 *
 * @throws {WireError} when the header is of an unknown type or cannot be read.
 */
export function decodeCommand(frame: Uint8Array): Command {
  const headerBytes = frame[1] << 16 | frame[2] << 8 | frame[3];
  if (frame.length < 4 + headerBytes) {
    throw new WireError(`header of ${headerBytes} bytes, the frame has ${frame.length - 4}`);
  }
  const form = formOf(frame[0]);
  const bytes = frame.subarray(4, 4 + headerBytes);
  const header = form === "json" ? readJsonHeader(bytes) : readBinaryHeader(bytes);
  return {
    form,
    code: header.code,
    language: header.language,
    version: header.version,
    opaque: header.opaque,
    flag: header.flag,
    remark: header.remark,
    ext: header.ext,
    body: frame.subarray(4 + headerBytes),
  };
}

/** The whole frame of any command, length word included. For the hot path see `putReply`. */
export function encodeCommand(command: Command): Uint8Array {
  const out = new Outbox(1024);
  putFrameHead(out, command.form, command, command.body.length, false);
  out.put(command.body);
  return out.take();
}

/** Puts a request of ours into the outbox. */
export function putRequest(
  out: Outbox,
  form: HeaderForm,
  opaque: number,
  request: Request,
  oneway: boolean,
): void {
  const header = ours(request.code, opaque, oneway ? FLAG_ONEWAY : 0, undefined, request.ext);
  putFrameHead(out, form, header, request.body?.length ?? 0, request.ext !== undefined);
  if (request.body) out.put(request.body);
}

/** Puts an answer into the outbox, in the form its request had. */
export function putReply(out: Outbox, to: ReplyTo, reply: Reply): void {
  beginReply(out, to, reply, reply.body?.length ?? 0);
  if (reply.body) out.put(reply.body);
}

/**
 * Puts the head of an answer with `bodyBytes` of body into the outbox and reserves room for the body: the
 * caller must put exactly that many bytes next.
 */
export function beginReply(
  out: Outbox,
  to: ReplyTo,
  reply: Omit<Reply, "body">,
  bodyBytes: number,
): void {
  const header = ours(reply.code, to.opaque, FLAG_RESPONSE, reply.remark, reply.ext);
  putFrameHead(out, to.form, header, bodyBytes, reply.ext !== undefined);
}

/**
 * Puts a frame with a JSON header and no body into the outbox. `write` writes the header into the slab, which
 * has room for `mostBytes` at the place it is told, and gives its size.
 */
export function putJsonFrame(
  out: Outbox,
  mostBytes: number,
  write: (slab: Uint8Array, at: number) => number,
): void {
  out.reserve(WORDS_BYTES + mostBytes);
  putWords(out, JSON_TYPE, write(out.slab, out.at + WORDS_BYTES), 0);
}

function putFrameHead(
  out: Outbox,
  form: HeaderForm,
  header: Header,
  bodyBytes: number,
  emptyExt: boolean,
): void {
  if (form === "json") {
    const text = jsonHeader(header, emptyExt);
    out.reserve(WORDS_BYTES + 3 * text.length + bodyBytes);
    const { written } = encoder.encodeInto(text, out.slab.subarray(out.at + WORDS_BYTES));
    return putWords(out, JSON_TYPE, written, bodyBytes);
  }
  out.reserve(WORDS_BYTES + binaryHeaderBytesMax(header) + bodyBytes);
  const headerBytes = putBinaryHeader(out.slab, out.view, out.at + WORDS_BYTES, header);
  putWords(out, BINARY_TYPE, headerBytes, bodyBytes);
}

/** Writes both words in front of a header that lies in the outbox already, and counts them all as put. */
function putWords(out: Outbox, type: number, headerBytes: number, bodyBytes: number): void {
  const size = WORDS_BYTES + headerBytes + bodyBytes;
  invariant(headerBytes <= 0xffffff && size <= FRAME_BYTES_MAX, "peers take frames of 16 MiB");
  out.view.setUint32(out.at, size - 4);
  out.view.setUint32(out.at + 4, type << 24 | headerBytes);
  out.advance(WORDS_BYTES + headerBytes);
}

function ours(
  code: number,
  opaque: number,
  flag: number,
  remark: string | undefined,
  ext: ExtFields = NO_EXT,
): Header {
  return { code, language: OUR_LANGUAGE, version: OUR_VERSION, opaque, flag, remark, ext };
}

function formOf(type: number): HeaderForm {
  if (type === JSON_TYPE) return "json";
  if (type === BINARY_TYPE) return "binary";
  throw new WireError(`header type ${type}, it must be 0 (JSON) or 1 (binary)`);
}
