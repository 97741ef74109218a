import { javaHash } from "../../wire/hash.ts";
import { decodeRecord } from "../../wire/message.ts";
import { parseProperties, Property } from "../../wire/properties.ts";
import type { CommitLog } from "../commit_log.ts";
import type { KeyIndex } from "./key_index.ts";
import { recordAt } from "../records.ts";
import type { Turns } from "../turn.ts";

/** What is looked for, and how much of it at most. */
export interface KeyQuestion {
  readonly topic: string;
  /** Log offset before which the topic's messages are deleted. */
  readonly from: number;
  /** One of the parts of KEYS, or the unique key. */
  readonly key: string;
  /** Store times in ms, both included. */
  readonly beginMs: number;
  readonly endMs: number;
  readonly maxCount: number;
  readonly maxBytes: number;
}

/**
 * Records with that key in the order of the log; of more than asked for, the newest. The index finds what
 * has the key's hash: what has another key, and what is gone from the log, is passed over.
 */
export async function recordsByKey(
  log: CommitLog,
  index: KeyIndex,
  question: KeyQuestion,
  turn: Turns,
): Promise<Uint8Array[]> {
  const { topic, from, key, beginMs, endMs, maxCount, maxBytes } = question;
  const records: Uint8Array[] = [];
  let bytes = 0;
  if (maxCount <= 0) return records;
  for (const logOffset of index.find(javaHash(`${topic}#${key}`), beginMs, endMs)) {
    if (turn.isOver()) await turn.next();
    if (logOffset < log.minOffset || logOffset < from) continue;
    const record = recordAt(log, logOffset);
    if (record === undefined || !answers(record, question)) continue;
    bytes += record.length;
    if (bytes > maxBytes && records.length > 0) break;
    records.push(record);
    if (records.length >= maxCount) break;
  }
  return records.reverse();
}

function answers(bytes: Uint8Array, { topic, key, beginMs, endMs }: KeyQuestion): boolean {
  const record = decodeRecord(bytes);
  if (record.topic !== topic) return false;
  if (record.storeTimestamp < beginMs || record.storeTimestamp > endMs) return false;
  const properties = parseProperties(record.properties);
  if (properties.get(Property.UNIQ_KEY) === key) return true;
  return properties.get(Property.KEYS)?.split(" ").includes(key) ?? false;
}
