import { concat } from "../base/bytes.ts";
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

/** Appends transfers that were checked: one write for all that lies in one file. */
export function appendTransfers(batch: readonly Transfer[], store: CopyStore): void {
  const { fileBytes } = store.log;
  let run: Uint8Array[] = [];
  let from = 0;
  const append = () => {
    if (run.length > 0) store.appendRaw(from, concat(run));
    run = [];
  };
  for (const { logOffset, body } of batch) {
    if (body.length === 0) continue;
    if (run.length === 0) from = logOffset;
    run.push(body);
    if ((logOffset + body.length) % fileBytes === 0) append();
  }
  append();
}
