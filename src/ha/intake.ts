import { WireError } from "../base/errors.ts";
import type { Transfer } from "./frames.ts";

/** What a slave asks of its store; `store/store.ts` is one. */
export interface CopyStore {
  readonly log: { readonly fileBytes: number; readonly tail: number; readonly durable: number };
  readonly flush: { reached(logOffset: number): Promise<void> };
  /** Writes at exactly the tail, never across a file end; the bytes are not kept. */
  appendRaw(logOffset: number, bytes: Uint8Array): void;
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

/** A body this large is written from where it was read: a second write costs less than copying it. */
const ALONE_BYTES = 16 * 1024;

/**
 * Appends transfers that were checked. Small ones that lie side by side in one file are joined and written
 * at once: under load a read brings dozens of them.
 */
export class Intake {
  readonly #store: CopyStore;
  #joined = new Uint8Array(ALONE_BYTES);
  #from = 0; // log offset of what is joined
  #length = 0;

  constructor(store: CopyStore) {
    this.#store = store;
  }

  /** Appends the bodies in order. Throws what the store throws; then part of them may be appended. */
  append(batch: readonly Transfer[]): void {
    this.#length = 0;
    for (const { logOffset, body } of batch) {
      const { fileBytes } = this.#store.log;
      if (body.length >= ALONE_BYTES) {
        this.#flush();
        this.#store.appendRaw(logOffset, body);
      } else if (body.length > 0) {
        if (logOffset % fileBytes === 0) this.#flush();
        this.#join(logOffset, body);
      }
    }
    this.#flush();
  }

  #join(logOffset: number, body: Uint8Array): void {
    const length = this.#length + body.length;
    if (length > this.#joined.length) {
      const larger = new Uint8Array(2 * length);
      larger.set(this.#joined.subarray(0, this.#length));
      this.#joined = larger;
    }
    if (this.#length === 0) this.#from = logOffset;
    this.#joined.set(body, this.#length);
    this.#length = length;
  }

  #flush(): void {
    if (this.#length === 0) return;
    this.#store.appendRaw(this.#from, this.#joined.subarray(0, this.#length));
    this.#length = 0;
  }
}
