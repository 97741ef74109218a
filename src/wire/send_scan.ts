import { PROPERTIES_BYTES_MAX } from "./record_layout.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const ZERO = 0x30;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const ASCII_MAX = 0x7f;
const NEXT = 2; // between two properties
const SEND_MESSAGE_V2 = 310;
const INT32_MAX = 0x7fffffff;
/** Numbers with this many digits are exact; a longer one is left to the parser. */
const DIGITS_MAX = 15;

/** Fields that must be there, a bit each. */
const GROUP = 1, TOPIC = 2, TEMPLATE = 4, TEMPLATE_QUEUES = 8, QUEUE = 16;
const SYS_FLAG = 32, BORN = 64, FLAG = 128, CODE = 256, OPAQUE = 512, EXT = 1024;
const ALL = 2047;

const encoder = new TextEncoder();
const WAIT = encoder.encode("WAIT\x01");
const WAIT_FALSE = encoder.encode("WAIT\x01false");
const DELAY = encoder.encode("DELAY\x01");
const PREPARES = encoder.encode("TRAN_MSG\x01");
const FALSE = encoder.encode("false");
const CODE_KEY = encoder.encode("code");
const OPAQUE_KEY = encoder.encode("opaque");
const FLAG_KEY = encoder.encode("flag");
const VERSION_KEY = encoder.encode("version");
const LANGUAGE_KEY = encoder.encode("language");
const SERIALIZE_KEY = encoder.encode("serializeTypeCurrentRPC");
const EXT_KEY = encoder.encode("extFields");

/**
 * Finds what a plain send says in the bytes of its frame. A loaded broker gets hardly anything else, and a
 * header that becomes a text, an object of texts and numbers again costs a quarter of a send.
 *
 * It knows one shape: request 310 with a JSON header, one message, no delay and no transaction, all names
 * and values as clients write them. For every other frame, a wrong one among them, `read` gives false, and
 * what `decodeCommand` and `parseSendV2` make of it counts. Where it gives true both say the same.
 */
export class SendScan {
  opaque = 0;
  /** The command's flag. */
  flag = 0;
  queueId = 0;
  sysFlag = 0;
  bornTimestamp = 0;
  /** The user's number. */
  userFlag = 0;
  reconsumeTimes = 0;
  /** Where the topic's name lies in the frame. */
  topicAt = 0;
  topicEnd = 0;
  /** Where the body begins in the frame. */
  bodyAt = 0;
  /** False when the sender does not wait for slaves and disk. */
  waits = true;
  /** Properties to be stored: unescaped, and without WAIT. The first `propertiesLength` bytes. */
  readonly properties: Uint8Array = new Uint8Array(PROPERTIES_BYTES_MAX);
  propertiesLength = 0;

  #bytes: Uint8Array = this.properties;
  #at = 0;
  #end = 0;
  #seen = 0;

  /** Reads a frame (without its length word); false when it is not a plain send. */
  read(frame: Uint8Array): boolean {
    const headerBytes = frame[1] << 16 | frame[2] << 8 | frame[3];
    this.bodyAt = 4 + headerBytes;
    if (frame[0] !== 0 || frame.length < this.bodyAt) return false;
    this.#bytes = frame;
    this.#at = 4;
    this.#end = this.bodyAt;
    this.#seen = 0;
    this.flag = this.reconsumeTimes = this.propertiesLength = 0;
    this.waits = true;
    const isSend = this.#members(false) && this.#at === this.#end && this.#seen === ALL;
    this.#bytes = this.properties; // or the read that the frame came in would stay in memory
    return isSend && this.#findHints();
  }

  /** An object's members, from its `{` to behind its `}`. */
  #members(inExt: boolean): boolean {
    if (!this.#take(OPEN)) return false;
    do {
      if (!this.#take(QUOTE)) return false;
      const keyAt = this.#at;
      const keyEnd = this.#plainText();
      if (keyEnd < 0 || !this.#take(COLON)) return false;
      if (!(inExt ? this.#extField(keyAt, keyEnd) : this.#headField(keyAt, keyEnd))) return false;
    } while (this.#take(COMMA));
    return this.#take(CLOSE);
  }

  #headField(keyAt: number, keyEnd: number): boolean {
    if (this.#is(CODE_KEY, keyAt, keyEnd)) {
      this.#seen |= CODE;
      return this.#number(INT32_MAX) === SEND_MESSAGE_V2;
    }
    if (this.#is(OPAQUE_KEY, keyAt, keyEnd)) {
      this.#seen |= OPAQUE;
      return (this.opaque = this.#number(INT32_MAX)) >= 0;
    }
    if (this.#is(FLAG_KEY, keyAt, keyEnd)) {
      this.flag = this.#number(INT32_MAX);
      return this.flag >= 0 && (this.flag & 1) === 0;
    }
    if (this.#is(VERSION_KEY, keyAt, keyEnd)) return this.#number(INT32_MAX) >= 0;
    if (this.#is(EXT_KEY, keyAt, keyEnd)) {
      if ((this.#seen & EXT) !== 0) return false; // the later one would count alone
      this.#seen |= EXT;
      return this.#members(true);
    }
    const isSkipped = this.#is(LANGUAGE_KEY, keyAt, keyEnd) ||
      this.#is(SERIALIZE_KEY, keyAt, keyEnd);
    return isSkipped && this.#take(QUOTE) && this.#plainText() >= 0;
  }

  #extField(keyAt: number, keyEnd: number): boolean {
    if (!this.#take(QUOTE)) return false;
    if (keyEnd - keyAt !== 1) return this.#plainText() >= 0; // of later clients, none of a send's
    const at = this.#at;
    switch (this.#bytes[keyAt]) {
      case 0x61: // a, the producer's group
        this.#seen |= GROUP;
        return this.#plainText() > at;
      case 0x62: // b
        this.#seen |= TOPIC;
        this.topicAt = at;
        this.topicEnd = this.#plainText();
        return this.topicEnd > at;
      case 0x63: // c, the topic to make it after: it is there, or this is no plain send
        this.#seen |= TEMPLATE;
        return this.#plainText() > at;
      case 0x64: // d
        this.#seen |= TEMPLATE_QUEUES;
        return this.#quotedNumber(INT32_MAX) >= 0;
      case 0x65: // e
        this.#seen |= QUEUE;
        return (this.queueId = this.#quotedNumber(INT32_MAX)) >= 0;
      case 0x66: // f
        this.#seen |= SYS_FLAG;
        return (this.sysFlag = this.#quotedNumber(INT32_MAX)) >= 0;
      case 0x67: // g
        this.#seen |= BORN;
        return (this.bornTimestamp = this.#quotedNumber(Number.MAX_SAFE_INTEGER)) >= 0;
      case 0x68: // h
        this.#seen |= FLAG;
        return (this.userFlag = this.#quotedNumber(INT32_MAX)) >= 0;
      case 0x69: // i
        return this.#propertiesText();
      case 0x6a: // j
        return (this.reconsumeTimes = this.#quotedNumber(INT32_MAX)) >= 0;
      case 0x6b: // k, unit mode: matters for new topics only
      case 0x6d: // m, batch
        return this.#is(FALSE, at, this.#plainText());
      case 0x6c: // l
        return this.#quotedNumber(INT32_MAX) >= 0;
      default:
        return this.#plainText() >= 0;
    }
  }

  #take(byte: number): boolean {
    if (this.#at >= this.#end || this.#bytes[this.#at] !== byte) return false;
    this.#at++;
    return true;
  }

  /** Skips a text without escapes, and its closing quote; gives where it ends, -1 when it is another. */
  #plainText(): number {
    const bytes = this.#bytes;
    for (let at = this.#at; at < this.#end; at++) {
      const byte = bytes[at];
      if (byte === QUOTE) {
        this.#at = at + 1;
        return at;
      }
      if (byte < SPACE || byte === BACKSLASH || byte > ASCII_MAX) return -1;
    }
    return -1;
  }

  #is(text: Uint8Array, at: number, end: number): boolean {
    if (end - at !== text.length) return false;
    for (let i = 0; i < text.length; i++) if (this.#bytes[at + i] !== text[i]) return false;
    return true;
  }

  /** A whole number as JSON writes it, not negative; -1 when it is none, or more than `most`. */
  #number(most: number): number {
    while (this.#at < this.#end && this.#bytes[this.#at] === SPACE) this.#at++;
    const at = this.#at;
    const value = this.#digits(most);
    return this.#bytes[at] === ZERO && this.#at > at + 1 ? -1 : value;
  }

  /** Digits up to a closing quote. */
  #quotedNumber(most: number): number {
    const value = this.#digits(most);
    return this.#take(QUOTE) ? value : -1;
  }

  #digits(most: number): number {
    const from = this.#at;
    let value = 0;
    for (; this.#at < this.#end; this.#at++) {
      const digit = this.#bytes[this.#at] - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const count = this.#at - from;
    return count === 0 || count > DIGITS_MAX || value > most ? -1 : value;
  }

  /** Copies the text with its escapes undone, up to its closing quote. */
  #propertiesText(): boolean {
    const bytes = this.#bytes;
    const into = this.properties;
    let length = 0;
    for (let at = this.#at; at < this.#end && length < into.length; at++) {
      let byte = bytes[at];
      if (byte === QUOTE) {
        this.#at = at + 1;
        this.propertiesLength = length;
        return true;
      }
      if (byte === BACKSLASH) { // only \u0000 to \u007f, which is how clients write the two dividers
        if (at + 5 >= this.#end || bytes[at + 1] !== 0x75 || bytes[at + 2] !== ZERO) return false;
        const high = bytes[at + 4] - ZERO;
        const low = hexDigit(bytes[at + 5]);
        if (bytes[at + 3] !== ZERO || high < 0 || high > 7 || low < 0) return false;
        byte = high << 4 | low;
        at += 5;
      } else if (byte < SPACE || byte > ASCII_MAX) {
        return false;
      }
      into[length++] = byte;
    }
    return false;
  }

  /** Obeys WAIT and takes it out; false for delayed messages, halves of transactions, and a second WAIT. */
  #findHints(): boolean {
    const bytes = this.properties;
    let waitAt = -1;
    for (let at = 0; at < this.propertiesLength;) {
      if (startsWith(bytes, at, this.propertiesLength, WAIT)) {
        if (waitAt >= 0) return false;
        waitAt = at;
      } else if (
        startsWith(bytes, at, this.propertiesLength, DELAY) ||
        startsWith(bytes, at, this.propertiesLength, PREPARES)
      ) return false;
      at = pieceEnd(bytes, at, this.propertiesLength) + 1;
    }
    if (waitAt >= 0) this.#cutWait(waitAt);
    return true;
  }

  #cutWait(at: number): void {
    const bytes = this.properties;
    const length = this.propertiesLength;
    const end = pieceEnd(bytes, at, length);
    this.waits = !(end - at === WAIT_FALSE.length && startsWith(bytes, at, length, WAIT_FALSE));
    if (end < length) {
      bytes.copyWithin(at, end + 1, length);
      this.propertiesLength = at + length - end - 1;
    } else {
      this.propertiesLength = Math.max(0, at - 1);
    }
  }
}

function pieceEnd(bytes: Uint8Array, at: number, length: number): number {
  while (at < length && bytes[at] !== NEXT) at++;
  return at;
}

function startsWith(bytes: Uint8Array, at: number, length: number, text: Uint8Array): boolean {
  if (bytes[at] !== text[0] || at + text.length > length) return false;
  for (let i = 1; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}

function hexDigit(byte: number): number {
  if (byte >= ZERO && byte <= 0x39) return byte - ZERO;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
