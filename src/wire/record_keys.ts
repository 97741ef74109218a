import { javaHashOfUtf8 } from "./hash.ts";
import type { RecordView } from "./record_view.ts";

const HASH_SIGN = 0x23;
const SPACE = 0x20;

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
  #hashes = new Int32Array(16); // of `topic#key`
  #tagsAt = 0;
  #tagsEnd = 0;
  #uniqueAt = 0;
  #uniqueEnd = 0;
  #keysAt = 0;
  #keysEnd = 0;

  /** Java's hash of `topic#key` for key `i`; the unique key comes first. */
  hash(i: number): number {
    return this.#hashes[i];
  }

  /** Looks at the record, which lies in `bytes`; without `withKeys` only at its tag. */
  read(bytes: Uint8Array, record: RecordView, withKeys: boolean): void {
    const { propertiesAt, propertiesLength } = record;
    this.#find(bytes, propertiesAt, propertiesAt + propertiesLength);
    this.tagsCode = javaHashOfUtf8(bytes, this.#tagsAt, this.#tagsEnd);
    this.count = 0;
    if (!withKeys || this.#uniqueEnd + this.#keysEnd === 0) return;
    const topicEnd = record.topicAt + record.topicLength;
    const head = (Math.imul(31, javaHashOfUtf8(bytes, record.topicAt, topicEnd)) + HASH_SIGN) | 0;
    if (this.#uniqueEnd > 0) {
      this.#add(javaHashOfUtf8(bytes, this.#uniqueAt, this.#uniqueEnd, head));
    }
    if (this.#keysEnd > 0) this.#addParts(bytes, head);
  }

  /** Notes where the three values lie; an end of 0 says that there is none. */
  #find(bytes: Uint8Array, from: number, end: number): void {
    this.#tagsEnd = this.#uniqueEnd = this.#keysEnd = 0;
    for (let start = from; start < end;) {
      let stop = start;
      while (stop < end && bytes[stop] !== 2) stop++;
      const first = bytes[start];
      if (first === 0x54) { // T
        if (stop - start > 5 && isTags(bytes, start)) {
          this.#tagsAt = start + 5;
          this.#tagsEnd = stop;
        }
      } else if (first === 0x55) { // U
        if (stop - start > 9 && isUniqueKey(bytes, start)) {
          this.#uniqueAt = start + 9;
          this.#uniqueEnd = stop;
        }
      } else if (first === 0x4b) { // K
        if (stop - start > 5 && isKeys(bytes, start)) {
          this.#keysAt = start + 5;
          this.#keysEnd = stop;
        }
      }
      start = stop + 1;
    }
  }

  /** KEYS holds several, with spaces between. */
  #addParts(bytes: Uint8Array, head: number): void {
    const end = this.#keysEnd;
    for (let start = this.#keysAt; start < end;) {
      let stop = start;
      while (stop < end && bytes[stop] !== SPACE) stop++;
      if (stop > start) this.#add(javaHashOfUtf8(bytes, start, stop, head));
      start = stop + 1;
    }
  }

  #add(hash: number): void {
    if (this.count === this.#hashes.length) {
      const more = new Int32Array(2 * this.count);
      more.set(this.#hashes);
      this.#hashes = more;
    }
    this.#hashes[this.count++] = hash;
  }
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
