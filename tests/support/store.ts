import { type Facts, type Log, silentLog } from "../../src/base/log.ts";
import { utf8 } from "../../src/base/bytes.ts";
import type { Clock } from "../../src/ports/host.ts";
import { STORE_DEFAULTS, type StoreOptions } from "../../src/store/options.ts";
import { type NewMessage, openStore, type Store } from "../../src/store/store.ts";
import { decodeRecord, type StoredMessage } from "../../src/wire/message.ts";
import { recordAt } from "../../src/store/records.ts";
import { viewOf } from "../../src/base/bytes.ts";
import { ENTRY_BYTES, entryLogOffset } from "../../src/store/queue_entry.ts";
import type { VirtualClock } from "./clock.ts";
import type { MemFs } from "./mem_fs.ts";
import { runtime } from "./runtime.ts";

/** Files as small as the captured ones. */
export const SMALL: StoreOptions = {
  ...STORE_DEFAULTS,
  logFileBytes: 65536,
  queueFileBytes: 2000,
  indexSlots: 500,
  indexItems: 400,
};

const HOST = new Uint8Array([10, 0, 0, 1, 0, 0, 0x2a, 0x9f]);

/** A message with what a test says of it. */
export function message(fields: Partial<NewMessage> & { text?: string } = {}): NewMessage {
  const { topic = "T1", text = "hello" } = fields;
  return {
    topic,
    topicBytes: utf8(topic),
    queueId: 0,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1_700_000_000_000,
    bornHost: HOST,
    storeHost: HOST,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    properties: "",
    body: utf8(text),
    ...fields,
  };
}

/** Keeps what is logged, as "level message {facts}". */
export class Lines implements Log {
  readonly lines: string[] = [];
  debug = silentLog.debug;
  info = (message: string, facts?: Facts): void => this.#keep("info", message, facts);
  warn = (message: string, facts?: Facts): void => this.#keep("warn", message, facts);
  error = (message: string, facts?: Facts): void => this.#keep("error", message, facts);
  child = (): Log => this;

  #keep(level: string, message: string, facts: Facts = {}): void {
    this.lines.push(`${level} ${message} ${JSON.stringify(facts)}`);
  }
}

/** Opens the store in the folder `store` of a file system in memory. */
export function openIn(
  fs: MemFs,
  options: Partial<StoreOptions> = {},
  log: Log = silentLog,
  clock: Clock = runtime.clock,
): Promise<Store> {
  const { codecs } = runtime;
  const bootId = `boot ${fs.boots}`;
  return openStore({ fs, clock, codecs, bootId }, fs.dir("store"), { ...SMALL, ...options }, log);
}

/** The messages of a queue in order. */
export function messagesOf(store: Store, topic: string, queueId: number): StoredMessage[] {
  const queue = store.queues.get(topic, queueId);
  if (!queue) return [];
  const bytes = new Uint8Array((queue.maxOffset - queue.minOffset) * ENTRY_BYTES);
  const view = viewOf(bytes);
  queue.read(queue.minOffset, bytes);
  const messages: StoredMessage[] = [];
  for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
    const record = recordAt(store.log, entryLogOffset(view, at));
    if (!record) throw new Error(`no record at ${entryLogOffset(view, at)} of ${topic}-${queueId}`);
    messages.push(decodeRecord(record));
  }
  return messages;
}

/** The bodies of a queue's messages as texts. */
export function textsOf(store: Store, topic: string, queueId: number): string[] {
  return messagesOf(store, topic, queueId).map(({ body }) => new TextDecoder().decode(body));
}

/** Opens a store on a clock that only the test moves. */
export async function openAt(
  clock: VirtualClock,
  fs: MemFs,
  options: Partial<StoreOptions> = {},
  log: Log = silentLog,
): Promise<Store> {
  const opened = openIn(fs, options, log, clock);
  const [result] = await Promise.allSettled([opened, clock.settle()]);
  if (result.status === "rejected") throw result.reason;
  return result.value;
}

/** Closes a store that was opened by `openAt`. */
export async function closeAt(clock: VirtualClock, store: Store): Promise<void> {
  await Promise.all([store.close(), clock.advance(1)]);
}
