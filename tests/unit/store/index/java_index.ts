import { viewOf } from "../../../../src/base/bytes.ts";
import { readCheckpoint, safeTime } from "../../../../src/store/checkpoint.ts";
import {
  indexFileBytes,
  type IndexHeader,
  type IndexShape,
  isIndexFileName,
  itemPlace,
  keyHash,
  putIndexItem,
  readIndexHeader,
  readIndexItem,
  slotPlace,
} from "../../../../src/store/index/index_layout.ts";
import { javaHash } from "../../../../src/wire/hash.ts";
import { decodeRecord, type StoredMessage } from "../../../../src/wire/message.ts";
import { parseProperties, Property } from "../../../../src/wire/properties.ts";
import { BLANK_MAGIC, SysFlag } from "../../../../src/wire/record_layout.ts";
import type { MemFs } from "../../../support/mem_fs.ts";

/** A file of the index as Java's broker has it. */
interface JavaFile {
  readonly header: IndexHeader;
  readonly view: DataView;
}

/** Keys of a record, with its topic, as the index has them. */
function keysOf({ topic, properties, sysFlag }: StoredMessage): string[] {
  if ((sysFlag & SysFlag.TRANSACTION) === SysFlag.ROLLBACK) return [];
  const parsed = parseProperties(properties);
  const keys = [parsed.get(Property.UNIQ_KEY) ?? "", ...(parsed.get("KEYS") ?? "").split(" ")];
  return keys.filter((key) => key !== "").map((key) => `${topic}#${key}`);
}

/**
 * The key index that a Java broker has once it started on a store whose broker was killed, as store.md has
 * it: which files it keeps, what of the log it reads again, and what of that it takes.
 */
export class JavaIndex {
  readonly #shape: IndexShape;
  readonly #files: JavaFile[] = [];
  readonly #records: readonly StoredMessage[];

  constructor(fs: MemFs, shape: IndexShape, logFileBytes: number) {
    this.#shape = shape;
    const checkpoint = readCheckpoint(fs.dir("store"));
    for (const { name } of fs.dir("store/index").entries()) {
      if (!isIndexFileName(name)) continue;
      const bytes = new Uint8Array(indexFileBytes(shape)); // it maps the whole, however short it is
      bytes.set(fs.bytes(`store/index/${name}`));
      const view = viewOf(bytes);
      const header = readIndexHeader(view);
      if (header.endMs <= checkpoint.indexMs) this.#files.push({ header, view });
    }
    const records = fs.paths("store/commitlog").flatMap((path) => recordsIn(fs.bytes(path)));
    const last = records.at(-1);
    this.#records = last === undefined ? [] : [...records, recordBehind(last)];
    const from = this.#restart(safeTime(checkpoint), logFileBytes);
    for (const record of this.#records) if (record.logOffset >= from) this.#dispatch(record);
  }

  /** Keys of records in the log, and of one that it is given then, that do not lead to them. */
  missing(): string[] {
    const missing: string[] = [];
    for (const record of this.#records) {
      const { logOffset } = record;
      for (const key of keysOf(record)) {
        if (!this.#find(key).includes(logOffset)) missing.push(`${key} at ${logOffset}`);
      }
    }
    return missing;
  }

  /** Where it begins to read again: the last file whose first record is safe. */
  #restart(safeMs: number, fileBytes: number): number {
    const firsts = this.#records.filter((record, i) =>
      i === 0 ||
      Math.floor(record.logOffset / fileBytes) >
        Math.floor(this.#records[i - 1].logOffset / fileBytes)
    );
    return firsts.findLast((first) => first.storeTimestamp <= safeMs)?.logOffset ?? 0;
  }

  #dispatch(record: StoredMessage): void {
    const { logOffset, storeTimestamp } = record;
    if (logOffset < this.#last().header.endLogOffset) return;
    for (const key of keysOf(record)) {
      this.#put(this.#last(), keyHash(javaHash(key)), logOffset, storeTimestamp);
    }
  }

  /** The file that takes the next item. */
  #last(): JavaFile {
    const last = this.#files.at(-1);
    if (last && last.header.count < this.#shape.items) return last;
    const { endMs, endLogOffset } = last?.header ?? { endMs: 0, endLogOffset: 0 };
    const header = {
      beginMs: endMs,
      endMs,
      beginLogOffset: endLogOffset,
      endLogOffset,
      usedSlots: 0,
      count: 1,
    };
    this.#files.push({ header, view: new DataView(new ArrayBuffer(indexFileBytes(this.#shape))) });
    return this.#files.at(-1)!;
  }

  #put({ header, view }: JavaFile, hash: number, logOffset: number, storeMs: number): void {
    const place = slotPlace(hash % this.#shape.slots);
    const held = view.getInt32(place);
    const previous = held > 0 && held <= header.count ? held : 0;
    if (header.count === 1) [header.beginMs, header.beginLogOffset] = [storeMs, logOffset];
    const seconds = Math.max(0, Math.floor((storeMs - header.beginMs) / 1_000));
    const at = itemPlace(this.#shape, header.count);
    putIndexItem(view, at, hash, logOffset, seconds, previous);
    view.setInt32(place, header.count++);
    header.endMs = storeMs;
    header.endLogOffset = logOffset;
  }

  #find(key: string): number[] {
    const hash = keyHash(javaHash(key));
    return this.#files.flatMap(({ header: { count }, view }) => {
      const found: number[] = [];
      for (let n = view.getInt32(slotPlace(hash % this.#shape.slots)); n > 0 && n <= count;) {
        const item = readIndexItem(view, itemPlace(this.#shape, n));
        if (item.hash === hash) found.push(item.logOffset);
        if (item.previous === n || item.seconds < 0) break;
        n = item.previous;
      }
      return found;
    });
  }
}

function recordBehind(last: StoredMessage): StoredMessage {
  return { ...last, logOffset: last.logOffset + last.size, properties: "KEYS\x01behind" };
}

function recordsIn(file: Uint8Array): StoredMessage[] {
  const records: StoredMessage[] = [];
  const view = viewOf(file);
  for (let at = 0; at + 8 <= file.length;) {
    const size = view.getInt32(at);
    if (size <= 0 || view.getInt32(at + 4) === BLANK_MAGIC) break;
    records.push(decodeRecord(file.subarray(at, at + size)));
    at += size;
  }
  return records;
}
