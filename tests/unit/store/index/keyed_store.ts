import { assert, assertEquals } from "@std/assert";
import { viewOf } from "../../../../src/base/bytes.ts";
import { itemPlace, readIndexHeader } from "../../../../src/store/index/index_layout.ts";
import { recordsByKey } from "../../../../src/store/index/key_query.ts";
import type { Store } from "../../../../src/store/store.ts";
import { AT_ONCE } from "../../../../src/store/turn.ts";
import { decodeRecord } from "../../../../src/wire/message.ts";
import type { MemFs } from "../../../support/mem_fs.ts";
import { message } from "../../../support/store.ts";

/** Files that are full after three items. */
export const TINY = { indexSlots: 5, indexItems: 4 };

/** Stores messages, one for each text, with that text as their key; gives their log offsets. */
export function put(store: Store, ...texts: string[]): number[] {
  return texts.map((text) => {
    const { logOffset } = store.append(message({ text, properties: `KEYS\x01${text}` }));
    store.commit();
    return logOffset;
  });
}

/** The bodies of messages with that key. */
export async function found(store: Store, key: string, index = store.index): Promise<string[]> {
  const question = {
    topic: "T1",
    from: 0,
    key,
    beginMs: 0,
    endMs: Infinity,
    maxCount: 64,
    maxBytes: 1e9,
  };
  const records = await recordsByKey(store.log, index, question, AT_ONCE);
  return records.map((record) => new TextDecoder().decode(decodeRecord(record).body));
}

export async function finds(store: Store, texts: readonly string[]): Promise<void> {
  await store.dispatch.reached(store.log.tail);
  for (const text of texts) assertEquals(await found(store, text), [text]);
}

export const names = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => `k${from + i}`);
export const files = (fs: MemFs) => fs.paths("store/index");
export const content = (fs: MemFs) => files(fs).map((path) => [path, fs.bytes(path).join()]);

/** Stale items would come back to life when a crash makes the slots anew. */
export function assertZeroBehindItems(bytes: Uint8Array): void {
  const { count } = readIndexHeader(viewOf(bytes));
  const { indexSlots: slots, indexItems: items } = TINY;
  const behind = bytes.subarray(itemPlace({ slots, items }, count));
  assert(behind.every((byte) => byte === 0));
}
