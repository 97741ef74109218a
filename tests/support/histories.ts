import type { MasterAnswers } from "../../src/ha/master_answers.ts";
import { recordAt } from "../../src/store/records.ts";
import type { Store } from "../../src/store/store.ts";
import { viewOf } from "../../src/base/bytes.ts";
import { message } from "./store.ts";

/** Stores messages of these body sizes, one commit each; gives where each begins and ends. */
export function putSizes(
  store: Store,
  name: string,
  sizes: readonly number[],
): { at: number; end: number }[] {
  return sizes.map((size, i) => {
    const text = `${name} ${i} `.padEnd(size, "x").slice(0, size);
    const { logOffset, end } = store.append(message({ text, queueId: i % 2 }));
    store.commit();
    return { at: logOffset, end };
  });
}

/** Appends the log of one store to another, as replication does. */
export function copyLog(from: Store, to: Store, end: number = from.log.tail): void {
  for (let at = to.log.tail; at < end;) {
    const bytes = new Uint8Array(Math.min(end - at, from.log.available(at)));
    to.appendRaw(at, bytes.subarray(0, from.log.readAt(at, bytes)));
    at += bytes.length;
  }
}

/** All bytes of a log from `from` up to `to`. */
export function logBytes(store: Store, from: number, to: number): Uint8Array {
  const bytes = new Uint8Array(to - from);
  for (let at = from; at < to;) at += store.log.readAt(at, bytes.subarray(at - from));
  return bytes;
}

/** What the broker of a store answers. `java`: where no record begins it may give what the bytes there claim to be. */
export function answersFrom(
  store: Store,
  { java = false, calls = { count: 0 } } = {},
): MasterAnswers {
  const { log } = store;
  return {
    settings: () => Promise.resolve({ role: "ASYNC_MASTER", fileBytes: log.fileBytes }),
    bounds: () => Promise.resolve({ min: log.minOffset, max: log.tail }),
    name: () => Promise.resolve(),
    recordAt(logOffset) {
      calls.count++;
      return Promise.resolve(java ? claimedAt(store, logOffset) : recordAt(log, logOffset));
    },
  };
}

function claimedAt({ log }: Store, logOffset: number): Uint8Array | undefined {
  const head = new Uint8Array(4);
  if (log.readAt(logOffset, head) < 4) return undefined;
  const size = viewOf(head).getInt32(0);
  if (size <= 0 || size > log.available(logOffset)) return undefined;
  const bytes = new Uint8Array(size);
  log.readAt(logOffset, bytes);
  return bytes;
}
