import { RecordKeys } from "../../wire/record_keys.ts";
import { SysFlag } from "../../wire/record_layout.ts";
import type { RecordView } from "../../wire/record_view.ts";
import { type IndexItem, keyHash } from "../index/index_layout.ts";
import type { Findings } from "./findings.ts";
import type { StoredIndexFile } from "./stored_index.ts";

/** What an item has room for. */
const SECONDS_MAX = 0x7fffffff;

/**
 * Compares each record's keys with the items of the key index, which lie in log order as the records do, and
 * each file's items with its chains and slots.
 */
export class IndexCheck {
  /** Items that fit a key of their record. */
  good = 0;
  readonly #files: readonly StoredIndexFile[];
  readonly #logMin: number;
  readonly #isSafe: (file: StoredIndexFile, isNewest: boolean) => boolean;
  readonly #rebuiltFrom: number;
  readonly #findings: Findings;
  readonly #keys = new RecordKeys();
  #file = -1; // index of the file the next item is in
  #n = 0; // its number
  #slots = new Int32Array(0); // newest item of each slot, as the items say
  #usedSlots = 0;
  #lastLogOffset = -1;
  /** Records whose keys are missing, side by side. */
  #hole: { readonly from: number; readonly to: number; readonly count: number } | undefined;
  #atRecord: number[] = []; // hashes of the items of the record that is looked at

  /** Keys of records from `rebuiltFrom` on, and those of the log's last records, the next start makes anew. */
  constructor(
    files: readonly StoredIndexFile[],
    { logMin, rebuiltFrom, isSafe }: {
      readonly logMin: number;
      readonly rebuiltFrom: number;
      readonly isSafe: (file: StoredIndexFile, isNewest: boolean) => boolean;
    },
    findings: Findings,
  ) {
    this.#files = files;
    this.#logMin = logMin;
    this.#rebuiltFrom = rebuiltFrom;
    this.#isSafe = isSafe;
    this.#findings = findings;
    this.#nextFile();
  }

  /** The next record of the log. */
  record(bytes: Uint8Array, record: RecordView): void {
    const { logOffset, sysFlag } = record;
    if (this.#files.length === 0) return;
    this.#passUpTo(logOffset, record.storeTimestamp);
    const isIndexed = (sysFlag & SysFlag.TRANSACTION) !== SysFlag.ROLLBACK;
    this.#keys.read(bytes, record, isIndexed);
    let found = 0;
    for (let i = 0; i < this.#keys.count; i++) {
      if (this.#atRecord.includes(keyHash(this.#keys.hash(i)))) found++;
    }
    this.good += found;
    if (found < this.#keys.count) this.#missing(logOffset, this.#keys.count - found);
    else if (found > 0) this.#endMissing(true);
    for (const hash of this.#atRecord) {
      if (this.#hasKey(hash)) continue;
      const text = `an item with hash ${hash} points to ${logOffset}, whose record has no such key`;
      this.#findings.add("problem", "index", this.#path(), text, logOffset);
    }
  }

  /** The log ends there: what items are left point to nothing. */
  finish(logEnd: number): void {
    this.#endMissing(false);
    for (let item = this.#peek(); item; item = this.#peek()) {
      this.#take(item);
      const { logOffset } = item;
      const text = `item ${this.#n - 1} points to ${logOffset}, the log ends at ${logEnd}`;
      this.#findings.add("note", "index", this.#path(), text, logOffset);
    }
  }

  /** Takes all items up to the record's, and keeps the hashes of its own. */
  #passUpTo(logOffset: number, storeMs: number): void {
    this.#atRecord.length = 0;
    for (let item = this.#peek(); item && item.logOffset <= logOffset; item = this.#peek()) {
      this.#take(item);
      if (item.logOffset === logOffset) {
        this.#atRecord.push(item.hash);
        this.#checkTime(item, storeMs);
      } else if (item.logOffset >= this.#logMin) {
        const text = `item ${
          this.#n - 1
        } points to ${item.logOffset}, where no record with keys lies`;
        this.#findings.add("problem", "index", this.#path(), text, item.logOffset);
      }
    }
  }

  /** Searches by time go by the seconds since a file's begin, which its first item has none of. */
  #checkTime({ seconds, logOffset }: IndexItem, storeMs: number): void {
    const { path, header: { beginMs } } = this.#files[this.#file];
    const n = this.#n - 1;
    const since = Math.floor((storeMs - beginMs) / 1_000);
    const wanted = Math.min(Math.max(since, 0), SECONDS_MAX);
    if (n === 1 ? beginMs === storeMs : seconds === wanted) return;
    const text = n === 1
      ? `it begins at ${beginMs}, its first record was stored at ${storeMs}`
      : `item ${n} says ${seconds} seconds, its record was stored ${wanted} after the file's begin`;
    this.#findings.add(this.#mended(), "index", path, text, logOffset);
  }

  /** Records side by side lose their keys together: a Java broker does so by a crash. */
  #missing(logOffset: number, keys: number): void {
    const { from, count } = this.#hole ?? { from: logOffset, count: 0 };
    this.#hole = { from, to: logOffset, count: count + keys };
  }

  /** The index goes on from where it ends, so a hole behind which `hasMore` follows stays one. */
  #endMissing(hasMore: boolean): void {
    if (this.#hole === undefined) return;
    const { from, to, count } = this.#hole;
    const text = `${count} keys of the records from ${from} to ${to} are missing`;
    if (hasMore && from < this.#rebuiltFrom) {
      const lasting = `${text}, until a \`log rebuild\``;
      this.#findings.addLasting("index", this.#path(), lasting, from);
    } else this.#findings.add("note", "index", this.#path(), text, from);
    this.#hole = undefined;
  }

  #hasKey(hash: number): boolean {
    for (let i = 0; i < this.#keys.count; i++) {
      if (keyHash(this.#keys.hash(i)) === hash) return true;
    }
    return false;
  }

  /** The next item, past those that cannot stand where they do. */
  #peek(): IndexItem | undefined {
    for (;;) {
      const file = this.#files[this.#file];
      if (!file) return undefined;
      const item = file.item(this.#n);
      if (item === undefined) {
        this.#endFile(file);
        this.#nextFile();
        continue;
      }
      const { logOffset, hash } = item;
      const isLegal = logOffset >= this.#lastLogOffset && logOffset <= file.header.endLogOffset;
      if (isLegal && hash >= 0) return item;
      const text = `item ${this.#n} with hash ${hash} points to ${logOffset}, ` +
        `from ${this.#lastLogOffset} to ${file.header.endLogOffset} would be possible`;
      this.#findings.add(this.#mended(), "index", file.path, text, logOffset);
      this.#link(item);
      this.#n++;
    }
  }

  #take(item: IndexItem): void {
    this.#lastLogOffset = item.logOffset;
    this.#link(item);
    this.#n++;
  }

  /** Follows the chain of an item's slot. */
  #link({ hash, previous }: IndexItem): void {
    if (hash < 0) return;
    const slot = hash % this.#slots.length;
    const wanted = this.#slots[slot];
    if (wanted === 0) this.#usedSlots++;
    this.#slots[slot] = this.#n;
    if (previous === wanted) return;
    const text = `item ${this.#n} says that item ${previous} came before it, it was ${wanted}`;
    this.#findings.add(this.#mended(), "index", this.#path(), text);
  }

  #nextFile(): void {
    const file = this.#files[++this.#file];
    this.#n = 1;
    this.#usedSlots = 0;
    if (!file) return;
    const { shape, header, path, size } = file;
    this.#slots = new Int32Array(shape?.slots ?? 1);
    if (shape === undefined && header.count > 1) {
      const text = `its ${size} bytes and its header are not those of an index file`;
      this.#findings.add(this.#mended(), "index", path, text);
    }
  }

  /** A file is done: its slots must lead to the newest items. */
  #endFile({ shape, header, path }: StoredIndexFile): void {
    if (shape === undefined || this.#mended() === "note") return;
    if (this.#n < header.count) {
      const text = `it counts ${header.count} items and ends at item ${this.#n}`;
      this.#findings.add("problem", "index", path, text);
    }
    if (header.usedSlots !== this.#usedSlots) {
      const text = `it counts ${header.usedSlots} used slots, its items use ${this.#usedSlots}`;
      this.#findings.add("problem", "index", path, text);
    }
    const differing = this.#files[this.#file].differingSlots(this.#slots);
    if (differing === 0) return;
    const text = `${differing} of ${shape.slots} slots do not lead to their newest items`;
    this.#findings.add("problem", "index", path, text);
  }

  /** What a running broker has not written yet, the next start makes anew. */
  #mended(): "note" | "problem" {
    const last = this.#files.length - 1;
    const at = Math.min(this.#file, last);
    return this.#isSafe(this.#files[at], at === last) ? "problem" : "note";
  }

  #path(): string {
    return this.#files[Math.min(this.#file, this.#files.length - 1)].path;
  }
}
