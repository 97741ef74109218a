import { concat, hexOf, utf8, viewOf } from "../../base/bytes.ts";
import { encodeBatch } from "../../wire/batch.ts";
import { RequestCode } from "../../wire/codes.ts";
import { formatProperties, Property } from "../../wire/properties.ts";

/** What each message of a load is like. */
export interface MessageShape {
  readonly topic: string;
  /** Messages go to its queues 0 to `queues` - 1 in turn. */
  readonly queues: number;
  readonly bodyBytes: number;
  /** Messages in one request; 1 is a plain send. */
  readonly batch: number;
  /** Keys of its own that each message has, beside its id. */
  readonly keys: number;
  readonly tag?: string;
  readonly properties?: Readonly<Record<string, string>>;
  /** False: answered before disk and slaves have it. */
  readonly waits?: boolean;
}

/** Name of the group that sends. */
const GROUP = "pocketmq-bench";
const OPAQUE_DIGITS = 10;
const BORN_DIGITS = 13;
const ID_DIGITS = 32;
const NUMBER_DIGITS = 12;
const ZERO = 48;
const SPACE = 32;

/** Where a message's number stands, the last digits of its id. */
interface IdPlace {
  readonly at: number;
  /** Which message of the request it belongs to. */
  readonly entry: number;
}

/**
 * A send (310, or 320 for several) as bytes in which few places change: opaque, queue, time of birth and the
 * number in each id. They have fixed widths; a JSON number may have spaces before it, and one in quotes zeros.
 * `random` tells the ids of one connection from those of others.
 */
export class SendTemplate {
  readonly bytes: Uint8Array;
  readonly #shape: MessageShape;
  readonly #queueDigits: number;
  readonly #queueAt: number;
  readonly #bornAt: number;
  readonly #opaqueAt: number;
  readonly #ids: readonly IdPlace[];
  readonly #born = new Uint8Array(BORN_DIGITS);
  #bornMs = -1;

  constructor(shape: MessageShape, random: Uint8Array) {
    this.#shape = shape;
    this.#queueDigits = String(shape.queues - 1).length;
    const prefix = hexOf(random).toUpperCase().padEnd(ID_DIGITS, "0").slice(0, 20);
    const id = prefix + "0".repeat(NUMBER_DIGITS);
    const body = bodyOf(shape, id);
    const head = `{"code":${
      shape.batch > 1 ? RequestCode.SEND_BATCH_MESSAGE : RequestCode.SEND_MESSAGE_V2
    },"flag":0,"language":"OTHER","version":407,"extFields":${this.#fields(id)}`;
    const header = utf8(`${head},"opaque":${" ".repeat(OPAQUE_DIGITS)}}`);
    this.bytes = concat([new Uint8Array(8), header, body]);
    const view = viewOf(this.bytes);
    view.setUint32(0, this.bytes.length - 4);
    view.setUint32(4, header.length);
    const headEnd = 8 + header.length;
    this.#opaqueAt = headEnd - 1 - OPAQUE_DIGITS;
    this.#queueAt = find(this.bytes, utf8('"e":"'), 8) + 5;
    this.#bornAt = find(this.bytes, utf8('"g":"'), 8) + 5;
    this.#ids = idsIn(this.bytes, utf8(prefix), headEnd, body.length / shape.batch);
  }

  #fields(id: string): string {
    const { topic, queues, batch, waits = true } = this.#shape;
    const outer = batch > 1
      ? formatProperties([[Property.WAIT, String(waits)]])
      : propertiesOf(this.#shape, id);
    return JSON.stringify({
      a: GROUP,
      b: topic,
      c: "TBW102",
      d: String(queues),
      e: "0".repeat(this.#queueDigits),
      g: "0".repeat(BORN_DIGITS),
      f: "0",
      h: "0",
      j: "0",
      k: "false",
      m: String(batch > 1),
      i: outer,
    });
  }

  /** Makes the copy of `bytes` that lies at `at` a request of its own. */
  patch(into: Uint8Array, at: number, opaque: number, bornMs: number): void {
    if (bornMs !== this.#bornMs) {
      putNumber(this.#born, 0, BORN_DIGITS, bornMs, ZERO);
      this.#bornMs = bornMs;
    }
    const { batch, queues } = this.#shape;
    into.set(this.#born, at + this.#bornAt);
    putNumber(into, at + this.#queueAt, this.#queueDigits, opaque % queues, ZERO);
    putNumber(into, at + this.#opaqueAt, OPAQUE_DIGITS, opaque, SPACE);
    for (let i = 0; i < this.#ids.length; i++) {
      const place = this.#ids[i];
      putNumber(into, at + place.at, NUMBER_DIGITS, opaque * batch + place.entry, ZERO);
    }
  }
}

function bodyOf(shape: MessageShape, id: string): Uint8Array {
  const body = new Uint8Array(shape.bodyBytes);
  for (let i = 0; i < body.length; i++) body[i] = i * 31;
  if (shape.batch === 1) return body;
  const entry = { flag: 0, body, properties: propertiesOf(shape, id) };
  return encodeBatch(Array.from({ length: shape.batch }, () => entry));
}

function propertiesOf({ tag, keys, properties, waits = true }: MessageShape, id: string): string {
  const own = Array.from({ length: keys }, (_, i) => `${id}-${i + 1}`).join(" ");
  return formatProperties([
    ...Object.entries(properties ?? {}),
    [Property.TAGS, tag ?? ""],
    [Property.KEYS, own],
    [Property.UNIQ_KEY, id],
    [Property.WAIT, String(waits)],
  ]);
}

/** Every place in the request where an id stands. */
function idsIn(
  bytes: Uint8Array,
  prefix: Uint8Array,
  bodyAt: number,
  entryBytes: number,
): IdPlace[] {
  const places: IdPlace[] = [];
  for (let at = find(bytes, prefix, 8); at >= 0; at = find(bytes, prefix, at + 1)) {
    const entry = at < bodyAt ? 0 : Math.floor((at - bodyAt) / entryBytes);
    places.push({ at: at + prefix.length, entry });
  }
  return places;
}

function find(bytes: Uint8Array, text: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(text[0], from); at >= 0; at = bytes.indexOf(text[0], at + 1)) {
    let same = 1;
    while (same < text.length && bytes[at + same] === text[same]) same++;
    if (same === text.length) return at;
  }
  return -1;
}

/** Digits of a whole number, right-aligned; `pad` stands before them. */
function putNumber(into: Uint8Array, at: number, width: number, value: number, pad: number): void {
  let i = at + width - 1;
  do {
    const tenth = Math.floor(value / 10);
    into[i--] = ZERO + value - tenth * 10;
    value = tenth;
  } while (value > 0 && i >= at);
  while (i >= at) into[i--] = pad;
}
