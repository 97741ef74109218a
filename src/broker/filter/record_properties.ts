import { viewOf } from "../../base/bytes.ts";
import type { CommitLog } from "../../store/commit_log.ts";
import {
  hostsExtra,
  MAGIC_AT,
  MESSAGE_MAGIC,
  PROPERTIES_BYTES_MAX,
  RECORD_BYTES_MIN,
  SYS_FLAG_AT,
} from "../../wire/record_layout.ts";
import type { Properties } from "./sql_compile.ts";

/** A record up to this size is read whole, with one read; of a larger one the body is left out. */
const READ_BYTES = 4096;
/** Length and text of topic and properties at their longest. */
const TAIL_BYTES_MAX = 2 + 32767 + 2 + PROPERTIES_BYTES_MAX;
/** With IPv4 hosts. */
const BODY_LENGTH_AT = 84;

const VALUE = 1;
const NEXT = 2;
/** A string is made faster of few ASCII characters than by a decoder. */
const SHORT = 32;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true }); // Java takes a BOM for a character

/**
 * Some properties of a record of the log: found in its bytes, made text only when asked for. One object serves
 * any number of records, each takes the place of the one before. It follows the reading rules of properties.ts.
 */
export class RecordProperties implements Properties {
  readonly #log: Pick<CommitLog, "readAt">;
  readonly #bytes = new Uint8Array(TAIL_BYTES_MAX);
  readonly #view = viewOf(this.#bytes);
  readonly #part = this.#bytes.subarray(0, READ_BYTES);
  #begins: number[] = []; // where the value of a name begins, 0: there is none
  #ends: number[] = [];
  #texts: (string | undefined)[] = []; // those that were asked for

  constructor(log: Pick<CommitLog, "readAt">) {
    this.#log = log;
  }

  /** Looks for the names in a record of `size` bytes; false when there is no whole record. */
  find(logOffset: number, size: number, names: readonly Uint8Array[]): boolean {
    this.#begins.length = this.#ends.length = names.length;
    this.#begins.fill(0);
    this.#texts.length = 0;
    if (size < RECORD_BYTES_MIN) return false;
    const first = Math.min(size, READ_BYTES);
    const part = first === READ_BYTES ? this.#part : this.#bytes.subarray(0, first);
    if (this.#log.readAt(logOffset, part) < first) return false;
    let at = this.#topicAt();
    let end = size;
    if (at < 0 || at > size - 3) return false;
    const wide = this.#view.getInt32(MAGIC_AT) !== MESSAGE_MAGIC;
    if (size > READ_BYTES) {
      end = size - at;
      if (end > TAIL_BYTES_MAX) return false;
      const tail = this.#bytes.subarray(0, end);
      if (this.#log.readAt(logOffset + at, tail) < end) return false;
      at = 0;
    }
    const length = wide ? 2 + this.#view.getUint16(at) : 1 + this.#view.getUint8(at);
    const from = at + length + 2; // behind the length of the properties
    if (from > end) return false;
    this.#scan(from, end, names);
    return true;
  }

  /** The value of the name at that place; null when the record has none. */
  text(place: number): string | null {
    const from = this.#begins[place];
    if (from === 0) return null;
    return this.#texts[place] ??= this.#textOf(from, this.#ends[place]);
  }

  #textOf(from: number, to: number): string {
    const bytes = this.#bytes;
    if (to - from > SHORT) return decoder.decode(bytes.subarray(from, to));
    let text = "";
    for (let at = from; at < to; at++) {
      if (bytes[at] >= 0x80) return decoder.decode(bytes.subarray(from, to));
      text += String.fromCharCode(bytes[at]);
    }
    return text;
  }

  /** Where the topic's length lies; negative when the body's makes no sense. */
  #topicAt(): number {
    const view = this.#view;
    const bodyLengthAt = BODY_LENGTH_AT + hostsExtra(view.getInt32(SYS_FLAG_AT));
    const bodyLength = view.getInt32(bodyLengthAt);
    return bodyLength < 0 ? -1 : bodyLengthAt + 4 + bodyLength;
  }

  #scan(from: number, end: number, names: readonly Uint8Array[]): void {
    const bytes = this.#bytes;
    for (let at = from; at < end; at++) {
      const start = at;
      while (at < end && bytes[at] !== VALUE && bytes[at] !== NEXT) at++;
      if (at === end || bytes[at] === NEXT) continue;
      const valueAt = at + 1;
      while (at < end && bytes[at] !== NEXT) at++;
      if (at === valueAt || valueAt - 1 === start) continue; // no value, or no name
      const place = placeOf(bytes, start, valueAt - 1, names);
      if (place < 0) continue;
      this.#begins[place] = valueAt; // of equal names the last counts
      this.#ends[place] = at;
    }
  }
}

function placeOf(
  bytes: Uint8Array,
  from: number,
  to: number,
  names: readonly Uint8Array[],
): number {
  for (let place = 0; place < names.length; place++) {
    const name = names[place];
    if (name.length !== to - from) continue;
    let i = 0;
    while (i < name.length && name[i] === bytes[from + i]) i++;
    if (i === name.length) return place;
  }
  return -1;
}
