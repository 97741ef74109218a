import { readInt64, viewOf } from "../../base/bytes.ts";
import type { Dir, LogFile } from "../../ports/fs.ts";
import type { Closable, Handles } from "../handles.ts";
import {
  INDEX_HEADER_BYTES,
  indexFileBytes,
  type IndexHeader,
  type IndexItem,
  type IndexShape,
  isIndexFileName,
  ITEM_BYTES,
  itemPlace,
  readIndexHeader,
  readIndexItem,
  slotPlace,
} from "../index/index_layout.ts";

/** RocketMQ's own. Source: MessageStoreConfig.maxHashSlotNum, maxIndexNum. */
const DEFAULT_SHAPE: IndexShape = { slots: 5_000_000, items: 20_000_000 };
const WINDOW_BYTES = 3_276 * ITEM_BYTES;

/** One file of the key index as it lies on the disk, for looking only. */
export class StoredIndexFile implements Closable {
  readonly path: string;
  readonly size: number;
  readonly header: IndexHeader;
  /** How many slots and items it has room for; undefined when nothing tells. */
  readonly shape: IndexShape | undefined;
  used = false;
  readonly #dir: Dir;
  readonly #name: string;
  readonly #handles: Handles;
  #file: LogFile | undefined;
  readonly #bytes = new Uint8Array(WINDOW_BYTES);
  readonly #view: DataView = viewOf(this.#bytes);
  #from = 0; // number of the first item in the window
  #count = 0;

  constructor(dir: Dir, name: string, size: number, handles: Handles) {
    this.path = `${dir.path}/${name}`;
    this.size = size;
    this.#dir = dir;
    this.#name = name;
    this.#handles = handles;
    this.file.readAt(0, this.#bytes.subarray(0, INDEX_HEADER_BYTES));
    this.header = readIndexHeader(this.#view);
    this.shape = shapeOf(this.file, size, this.header);
  }

  /** The open file. Not to be kept: it is closed when too many are open. */
  get file(): LogFile {
    this.used = true;
    if (this.#file) return this.#file;
    this.#file = this.#dir.open(this.#name, "read");
    this.#handles.opened(this);
    return this.#file;
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** Item `n` of those the header counts. */
  item(n: number): IndexItem | undefined {
    if (this.shape === undefined || n >= this.header.count) return undefined;
    if (n < this.#from || n >= this.#from + this.#count) {
      this.#from = n;
      const length = this.file.readAt(itemPlace(this.shape, n), this.#bytes);
      this.#count = Math.floor(length / ITEM_BYTES);
      if (this.#count === 0) return undefined;
    }
    return readIndexItem(this.#view, (n - this.#from) * ITEM_BYTES);
  }

  /** Slots that hold another number than `wanted` says. */
  differingSlots(wanted: Int32Array): number {
    let differing = 0;
    const bytes = new Uint8Array(64 * 1024);
    const view = viewOf(bytes);
    for (let slot = 0; slot < wanted.length;) {
      const length = this.file.readAt(slotPlace(slot), bytes);
      for (let at = 0; at + 4 <= length && slot < wanted.length; at += 4, slot++) {
        if (view.getInt32(at) !== wanted[slot]) differing++;
      }
      if (length < 4) return differing + wanted.length - slot;
    }
    return differing;
  }
}

/** The files of a key index in the order they were made. */
export function storedIndex(dir: Dir, handles: Handles): StoredIndexFile[] {
  return dir.entries()
    .filter(({ isDir, name }) => !isDir && isIndexFileName(name))
    .map(({ name, size }) => new StoredIndexFile(dir, name, size, handles));
}

/**
 * How many slots a file has stands nowhere in it. But the header says where the records of its first and its
 * last item lie, which must fit both items; with RocketMQ's own numbers the size tells.
 */
function shapeOf(file: LogFile, size: number, header: IndexHeader): IndexShape | undefined {
  if (size === indexFileBytes(DEFAULT_SHAPE)) return DEFAULT_SHAPE;
  if (header.count < 2 || size <= INDEX_HEADER_BYTES) return undefined;
  const bytes = new Uint8Array(WINDOW_BYTES + 2 * ITEM_BYTES);
  const view = viewOf(bytes);
  const first = INDEX_HEADER_BYTES + 4 * (((size - INDEX_HEADER_BYTES) / 4) % 5);
  if (!Number.isInteger(first)) return undefined;
  for (let from = first; from < size; from += WINDOW_BYTES) {
    const length = file.readAt(from, bytes);
    for (let at = 0; at < WINDOW_BYTES && at + 2 * ITEM_BYTES <= length; at += ITEM_BYTES) {
      if (readInt64(view, at + ITEM_BYTES + 4) !== header.beginLogOffset) continue;
      const slots = (from + at - INDEX_HEADER_BYTES) / 4;
      const shape = { slots, items: (size - from - at) / ITEM_BYTES };
      if (slots > 0 && fits(file, header, shape, view, at)) return shape;
    }
  }
}

/** Whether items 0 and 1, which lie at `at`, the newest item and its slot can be those of such a file. */
function fits(
  file: LogFile,
  header: IndexHeader,
  shape: IndexShape,
  view: DataView,
  at: number,
): boolean {
  const { count, endLogOffset } = header;
  if (count > shape.items) return false;
  for (let i = 0; i < ITEM_BYTES; i++) if (view.getUint8(at + i) !== 0) return false;
  const first = readIndexItem(view, at + ITEM_BYTES);
  if (first.hash < 0 || first.seconds < 0 || first.previous !== 0) return false;
  const bytes = new Uint8Array(ITEM_BYTES);
  if (file.readAt(itemPlace(shape, count - 1), bytes) < ITEM_BYTES) return false;
  const newest = readIndexItem(viewOf(bytes), 0);
  if (newest.hash < 0 || newest.logOffset !== endLogOffset) return false;
  const slot = bytes.subarray(0, 4);
  file.readAt(slotPlace(newest.hash % shape.slots), slot);
  return viewOf(slot).getInt32(0) >= count - 1;
}
