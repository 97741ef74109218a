import { javaHashOfUtf8 } from "./hash.ts";
import type { RecordView } from "./record_view.ts";

const HASH_SIGN = 0x23;
const SPACE = 0x20;
const NEXT = 2;
const T = 0x54;
const U = 0x55;
const K = 0x4b;

/**
 * What consume queues and key index want of a record's properties, found in one pass over their bytes. One
 * object serves any number of records. It follows the reading rules of properties.ts: a piece without a
 * value is none, of equal names the last counts.
 */
export class RecordKeys {
  /** Java's hash of the tag; 0 without one. */
  tagsCode = 0;
  /** How many keys there are: the unique key and each part of KEYS. */
  count = 0;
  #hashes = new Int32Array(16); // of `topic#key`; the first is the unique key's
  #first = 1; // 0 when there is a unique key

  /** Java's hash of `topic#key` for key `i`; the unique key comes first. */
  hash(i: number): number {
    return this.#hashes[this.#first + i];
  }

  /** Looks at the record, which lies in `bytes`; without `withKeys` only at its tag. */
  read(bytes: Uint8Array, record: RecordView, withKeys: boolean): void {
    let at = record.propertiesAt;
    const end = at + record.propertiesLength;
    let head = 0; // hash of `topic#`, once it is needed
    let tagsCode = 0;
    this.#first = 1;
    this.count = 0;
    while (at < end) {
      const first = bytes[at];
      const from = at;
      while (at < end && bytes[at] !== NEXT) at++;
      if (first === T) {
        if (at - from > 5 && isTags(bytes, from)) tagsCode = javaHashOfUtf8(bytes, from + 5, at);
      } else if (withKeys && (first === U || first === K)) {
        head ||= headOf(bytes, record);
        if (first === U) {
          if (at - from > 9 && isUniqueKey(bytes, from)) this.#unique(bytes, from + 9, at, head);
        } else if (at - from > 5 && isKeys(bytes, from)) this.#parts(bytes, from + 5, at, head);
      }
      at++;
    }
    this.tagsCode = tagsCode;
  }

  #unique(bytes: Uint8Array, from: number, to: number, head: number): void {
    this.#hashes[0] = javaHashOfUtf8(bytes, from, to, head);
    this.count += this.#first;
    this.#first = 0;
  }

  /** KEYS holds several, with spaces between. */
  #parts(bytes: Uint8Array, from: number, to: number, head: number): void {
    let n = 1;
    for (let start = from; start < to; start++) {
      let stop = start;
      while (stop < to && bytes[stop] !== SPACE) stop++;
      if (stop === start) continue;
      if (n === this.#hashes.length) this.#grow();
      this.#hashes[n++] = javaHashOfUtf8(bytes, start, stop, head);
      start = stop;
    }
    this.count = n - this.#first;
  }

  #grow(): void {
    const more = new Int32Array(2 * this.#hashes.length);
    more.set(this.#hashes);
    this.#hashes = more;
  }
}

function headOf(bytes: Uint8Array, { topicAt, topicLength }: RecordView): number {
  return (Math.imul(31, javaHashOfUtf8(bytes, topicAt, topicAt + topicLength)) + HASH_SIGN) | 0;
}

/** True when `TAGS` and the separator 0x01 lie at `at`. */
function isTags(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 1] === 0x41 && bytes[at + 2] === 0x47 && bytes[at + 3] === 0x53 &&
    bytes[at + 4] === 1;
}

/** The same for `UNIQ_KEY`. */
function isUniqueKey(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 1] === 0x4e && bytes[at + 2] === 0x49 && bytes[at + 3] === 0x51 &&
    bytes[at + 4] === 0x5f && bytes[at + 5] === 0x4b && bytes[at + 6] === 0x45 &&
    bytes[at + 7] === 0x59 && bytes[at + 8] === 1;
}

/** The same for `KEYS`. */
function isKeys(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 1] === 0x45 && bytes[at + 2] === 0x59 && bytes[at + 3] === 0x53 &&
    bytes[at + 4] === 1;
}
