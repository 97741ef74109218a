import { sameBytes, utf8 } from "../base/bytes.ts";
import { LogWalk } from "../store/inspect/log_walk.ts";
import { placeText, StoredStore, type StorePlace } from "../store/inspect/stored.ts";
import { decodeRecord, type StoredMessage } from "../wire/message.ts";
import { parseProperties, Property } from "../wire/properties.ts";
import type { Context } from "./command.ts";
import { Exit } from "./exit.ts";
import { keysOf, RECORD_HEADER, recordJson, recordText } from "./log_record.ts";

/** What the flags of `log dump` say. */
export interface DumpFlags {
  readonly json: boolean;
  readonly topic: string | undefined;
  readonly queue: number | undefined;
  /** Log offsets. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly key: string | undefined;
  readonly tag: string | undefined;
  readonly limit: number | undefined;
  readonly body: boolean;
}

/** `pocketmq log dump` */
export function dump(
  { runtime, terminal }: Pick<Context, "runtime" | "terminal">,
  place: StorePlace,
  flags: DumpFlags,
): number {
  using store = new StoredStore(place);
  const { from, to = Infinity, limit = Infinity, json } = flags;
  const codecs = flags.body ? runtime.codecs : undefined;
  const step = new LogWalk(store.log, runtime.codecs, from);
  const say = (at: number, reason: string) =>
    terminal.stderr(`pocketmq: ${placeText(store, at)}: ${reason}\n`);
  if (!json) terminal.stdout(RECORD_HEADER);
  let damaged = false;
  for (let shown = 0; shown < limit;) {
    const found = step.next();
    const { at, size, reason } = step;
    if (found === "end") {
      if (reason !== undefined) say(at, `the log ends here, torn or damaged: ${reason}`);
      break;
    }
    if (at >= to) break;
    if (found === "bad" && at !== from) {
      say(at, `${reason}; going on ${size} bytes later`);
      damaged = true;
    }
    if (found !== "record") continue;
    const message = matching(step, flags);
    if (!message) continue;
    terminal.stdout(json ? recordJson(message, codecs) : recordText(message, codecs));
    shown++;
  }
  return damaged ? Exit.REFUSED : Exit.OK;
}

/** The record a walk has come to, when it is one that is asked for. */
function matching(
  { bytes, record }: LogWalk,
  { topic, queue, key, tag }: DumpFlags,
): StoredMessage | undefined {
  if (queue !== undefined && record.queueId !== queue) return undefined;
  const { topicAt, topicLength, at } = record;
  if (topic !== undefined) {
    if (!sameBytes(bytes.subarray(topicAt, topicAt + topicLength), utf8(topic))) return undefined;
  }
  const message = decodeRecord(bytes, at);
  if (key === undefined && tag === undefined) return message;
  const properties = parseProperties(message.properties);
  if (tag !== undefined && properties.get(Property.TAGS) !== tag) return undefined;
  return key === undefined || keysOf(properties).includes(key) ? message : undefined;
}
