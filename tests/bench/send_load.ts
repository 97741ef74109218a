import { build, type Histogram } from "hdr-histogram-js";
import { ByteQueue, utf8, viewOf } from "../../src/base/bytes.ts";
import type { Address, Connection, Net } from "../../src/ports/net.ts";

/** What one run of sends did; times in milliseconds. */
export interface SendResult {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly ok: number;
  /** Answers by code, other than 0. */
  readonly other: ReadonlyMap<number, number>;
}

export interface SendLoad {
  readonly address: Address;
  readonly topic: string;
  readonly connections: number;
  readonly inFlight: number;
  readonly bodyBytes: number;
  readonly queues: number;
  /** Counted seconds, after a warm-up that is not. */
  readonly seconds: number;
  readonly warmSeconds: number;
  /** Messages have a key of their own in KEYS, too. */
  readonly keyed?: boolean;
  /** Shows how many were answered 0 so far, and ends the load early. */
  readonly counter?: { answered: number; stop: boolean };
}

/** Digits that are patched in place; JSON allows spaces before a number. */
const OPAQUE_DIGITS = 9;
const KEY_DIGITS = 12;

/**
 * One request as a template: a client that builds each header anew would cost as much as the broker it
 * measures. Opaque, queue and unique key have fixed places and widths.
 */
class Template {
  readonly bytes: Uint8Array;
  readonly #opaqueAt: number;
  readonly #queueAt: number;
  readonly #keysAt: number[] = [];

  constructor({ topic, bodyBytes, keyed = false }: SendLoad, run: string) {
    const key = run.padEnd(20, "0").slice(0, 20) + "0".repeat(KEY_DIGITS);
    const keys = keyed ? `KEYS\\u0001${key}\\u0002` : "";
    const head = `{"code":310,"flag":0,"language":"OTHER","version":407,` +
      `"extFields":{"a":"bench","b":"${topic}","c":"TBW102","d":"4","f":"0","h":"0","j":"0",` +
      `"k":"false","m":"false","g":"${Date.now()}",` +
      `"i":"${keys}UNIQ_KEY\\u0001${key}\\u0002TAGS\\u0001A\\u0002WAIT\\u0001true","e":"0"},"opaque":`;
    const header = utf8(head + " ".repeat(OPAQUE_DIGITS) + "}");
    this.bytes = new Uint8Array(8 + header.length + bodyBytes);
    const view = viewOf(this.bytes);
    view.setUint32(0, this.bytes.length - 4);
    view.setUint32(4, header.length);
    this.bytes.set(header, 8);
    for (let i = 0; i < bodyBytes; i++) this.bytes[8 + header.length + i] = i * 31;
    this.#opaqueAt = 8 + header.length - 1 - OPAQUE_DIGITS;
    this.#queueAt = 8 + head.lastIndexOf('"e":"0"') + 5;
    for (let at = head.indexOf(key); at >= 0; at = head.indexOf(key, at + 1)) {
      this.#keysAt.push(8 + at + 20);
    }
  }

  /** Writes the request of this number at `at`. */
  put(into: Uint8Array, at: number, opaque: number, queueId: number): void {
    into.set(this.bytes, at);
    into[at + this.#queueAt] = 48 + queueId;
    putDigits(into, at + this.#opaqueAt, OPAQUE_DIGITS, opaque, 32);
    for (const keyAt of this.#keysAt) putDigits(into, at + keyAt, KEY_DIGITS, opaque, 48);
  }
}

function putDigits(into: Uint8Array, at: number, width: number, value: number, pad: number): void {
  for (let i = at + width - 1; i >= at; i--) {
    into[i] = value > 0 ? 48 + value % 10 : pad;
    value = Math.floor(value / 10);
  }
  if (pad === 32 && into[at + width - 1] === 32) into[at + width - 1] = 48;
}

/** Keeps `inFlight` sends under way on each connection and counts the answers. */
export async function sendLoad(net: Net, load: SendLoad): Promise<SendResult> {
  const run = crypto.randomUUID().replaceAll("-", "").toUpperCase();
  const warmUntil = performance.now() + load.warmSeconds * 1000;
  const until = warmUntil + load.seconds * 1000;
  const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000 });
  const other = new Map<number, number>();
  await Promise.all(
    Array.from({ length: load.connections }, async (_, i) => {
      const conn = await net.dial(load.address, { timeoutMs: 3000 });
      const template = new Template(load, run.slice(0, 16) + String(i).padStart(4, "0"));
      await drive(conn, template, load, { warmUntil, until, histogram, other });
    }),
  );
  const ok = histogram.totalCount;
  const ms = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1000;
  return {
    perSecond: ok / load.seconds,
    p50: ok === 0 ? 0 : ms(50),
    p99: ok === 0 ? 0 : ms(99),
    max: histogram.maxValue / 1000,
    ok,
    other,
  };
}

interface Counting {
  readonly warmUntil: number;
  readonly until: number;
  readonly histogram: Histogram;
  readonly other: Map<number, number>;
}

async function drive(
  conn: Connection,
  template: Template,
  { inFlight, queues, counter }: SendLoad,
  { warmUntil, until, histogram, other }: Counting,
): Promise<void> {
  using _ = conn;
  const writer = conn.writable.getWriter();
  const reader = conn.readable.getReader();
  const started = new Float64Array(65536); // by opaque; far more than are ever under way
  let opaque = 0;
  const issue = (count: number, now: number): Promise<void> => {
    const bytes = new Uint8Array(count * template.bytes.length);
    for (let i = 0; i < count; i++) {
      opaque++;
      started[opaque & 0xffff] = now;
      template.put(bytes, i * template.bytes.length, opaque, opaque % queues);
    }
    return writer.write(bytes);
  };
  await issue(inFlight, performance.now());
  let underWay = inFlight;
  const queue = new ByteQueue();
  while (underWay > 0) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the broker closed a connection with ${underWay} sends under way`);
    queue.push(value);
    let answered = 0;
    const now = performance.now();
    while (queue.length >= 4 && queue.length >= 4 + queue.peekInt32()) {
      const answer = answerOf(queue.take(4 + queue.peekInt32()));
      answered++;
      if (counter && answer.code === 0) counter.answered++;
      if (now < warmUntil || now >= until) continue;
      if (answer.code === 0) {
        histogram.recordValue(
          Math.max(1, Math.round((now - started[answer.opaque & 0xffff]) * 1000)),
        );
      } else other.set(answer.code, (other.get(answer.code) ?? 0) + 1);
    }
    underWay -= answered;
    if (answered > 0 && now < until && !counter?.stop) {
      underWay += answered;
      await issue(answered, now);
    }
  }
}

const latin1 = new TextDecoder("latin1");

/** Code and opaque of an answer with a JSON header, found without parsing it. */
function answerOf(frame: Uint8Array): { code: number; opaque: number } {
  const header = latin1.decode(frame.subarray(8));
  return { code: numberAfter(header, '"code":'), opaque: numberAfter(header, '"opaque":') };
}

function numberAfter(text: string, name: string): number {
  const at = text.indexOf(name);
  return at < 0 ? -1 : parseInt(text.slice(at + name.length, at + name.length + 12), 10);
}
