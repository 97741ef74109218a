import { WireError } from "../base/errors.ts";
import type { Transfer } from "./frames.ts";

/** What a slave asks of its store; `store/store.ts` is one. */
export interface CopyStore {
  readonly log: { readonly fileBytes: number; readonly tail: number; readonly durable: number };
  readonly flush: { reached(logOffset: number): Promise<void> };
  /** Writes at exactly the tail, never across a file end; the bytes are not kept. */
  appendRaw(logOffset: number, bytes: Uint8Array): void;
  /**
   * Derives from the log's last bytes, which begin at `logOffset`, what there is to derive, and gives up to
   * where that is done now. Without it the log is read for that; the bytes are not kept.
   */
  derive(logOffset: number, bytes: Uint8Array): number;
}

/**
 * Looks whether transfers continue our log, which ends at `tail`. An empty log takes what it asked for:
 * after report 0 any file start, else exactly the reported offset.
 * @throws {WireError} with both numbers when they do not, or when a body runs over the end of our file.
 */
export function checkTransfers(
  batch: readonly Transfer[],
  { tail, fileBytes }: Pick<CopyStore["log"], "tail" | "fileBytes">,
  asked: number,
): void {
  let end = tail;
  for (const { logOffset, body } of batch) {
    if (end === 0) {
      const begins = asked === 0
        ? logOffset % fileBytes === 0 && logOffset >= 0
        : logOffset === asked;
      if (!begins) {
        throw new WireError(
          `the master sends from ${logOffset}, our log is empty and asked for ${asked} (files of ${fileBytes})`,
        );
      }
    } else if (logOffset !== end) {
      throw new WireError(`the master sends from ${logOffset}, our log ends at ${end}`);
    }
    if (logOffset % fileBytes + body.length > fileBytes) {
      throw new WireError(
        `${body.length} bytes at ${logOffset} cross the end of our file of ${fileBytes}: file sizes differ?`,
      );
    }
    if (body.length > 0) end = logOffset + body.length;
  }
}

/** What of the log may have to stay at hand for a record to become whole. A larger one is read back. */
const KEPT_BYTES = 128 * 1024;

/**
 * Appends transfers that were checked. Those of one read are joined, for one large write costs less than
 * several and the copy, and records then lie in one piece for whoever looks at them next.
 */
export class Intake {
  readonly #store: CopyStore;
  #bytes = new Uint8Array(KEPT_BYTES); // of the log, up to its tail
  #from = 0; // log offset of the first of them
  #length = 0;

  constructor(store: CopyStore) {
    this.#store = store;
  }

  /** Appends the bodies in order; gives their bytes. Throws what the store throws; then part of them may be appended. */
  append(batch: readonly Transfer[]): number {
    const { fileBytes } = this.#store.log;
    let bytes = 0;
    let written = this.#length;
    for (const { logOffset, body } of batch) {
      if (body.length === 0) continue;
      if (logOffset !== this.#from + this.#length) {
        this.#from = logOffset;
        this.#length = written = 0;
      } else if (logOffset % fileBytes === 0) written = this.#write(written);
      this.#join(body);
      bytes += body.length;
    }
    this.#write(written);
    return bytes;
  }

  /** Lets the store see what it was given, all but the end of it that holds no whole record yet. */
  derive(): void {
    const end = this.#from + this.#length;
    const to = this.#store.derive(this.#from, this.#bytes.subarray(0, this.#length));
    const from = Math.max(this.#from, Math.min(to, end), end - KEPT_BYTES);
    this.#bytes.copyWithin(0, from - this.#from, this.#length);
    this.#length = end - from;
    this.#from = from;
  }

  #join(body: Uint8Array): void {
    const length = this.#length + body.length;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(2 * length);
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(body, this.#length);
    this.#length = length;
  }

  #write(from: number): number {
    if (from === this.#length) return from;
    this.#store.appendRaw(this.#from + from, this.#bytes.subarray(from, this.#length));
    return this.#length;
  }
}
