import { invariant } from "../../src/base/errors.ts";
import { utf8, viewOf } from "../../src/base/bytes.ts";
import { putBlank, putRecord } from "../../src/wire/message.ts";
import { RECORD_BYTES_MIN } from "../../src/wire/record_layout.ts";
import { codecs } from "./codecs.ts";
import { noise } from "./fake_log.ts";

const HOST = new Uint8Array([10, 0, 0, 1, 0, 0, 0x2a, 0x9f]);
const TOPIC = utf8("T");

/** A message record of exactly `size` bytes for that place of a log; other seeds give other bodies. */
export function recordOf(logOffset: number, size: number, seed = 1): Uint8Array {
  invariant(size > RECORD_BYTES_MIN + TOPIC.length, "a record has its fields");
  const bytes = new Uint8Array(size);
  const body = noise(size - RECORD_BYTES_MIN - TOPIC.length, seed);
  putRecord(bytes, viewOf(bytes), 0, {
    topic: TOPIC,
    queueId: 0,
    flag: 0,
    queueOffset: 0,
    logOffset,
    sysFlag: 0,
    bornTimestamp: 0,
    bornHost: HOST,
    storeTimestamp: 1,
    storeHost: HOST,
    reconsumeTimes: 0,
    preparedOffset: 0,
    body,
    bodyCrc: codecs.crc32(body) & 0x7fffffff,
    properties: "",
  });
  return bytes;
}

/** Filler of `size` bytes, which end a file; what follows its head is up to whoever wrote it. */
export function fillerOf(size: number, content = 0): Uint8Array {
  const bytes = new Uint8Array(size).fill(content);
  putBlank(viewOf(bytes), 0, size);
  return bytes;
}

/** Records of `each` bytes from `from` to exactly `to`, in files of `fileBytes`, with filler at their ends. */
export function recordsBetween(
  from: number,
  to: number,
  fileBytes: number,
  each = 1000,
): Uint8Array {
  const bytes = new Uint8Array(to - from);
  for (let at = from; at < to;) {
    const room = Math.min(fileBytes - at % fileBytes, to - at);
    const endsFile = (at + room) % fileBytes === 0;
    const last = room < 2 * each;
    const part = !last
      ? recordOf(at, each, at)
      : endsFile
      ? fillerOf(room)
      : recordOf(at, room, at);
    bytes.set(part, at - from);
    at += part.length;
  }
  return bytes;
}
