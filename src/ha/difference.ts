import { sameBytes, viewOf } from "../base/bytes.ts";
import type { Codecs } from "../ports/host.ts";
import { type Place, recordHolding, type RecordLog } from "../store/record_search.ts";
import { BLANK_BYTES_MIN, MESSAGE_MAGIC, MESSAGE_MAGIC_V2 } from "../wire/record_layout.ts";
import { recordMagic } from "../wire/record_view.ts";
import type { MasterAnswers } from "./master_answers.ts";
import type { Bounds } from "./slave_status.ts";

/** Where two logs part. */
export type Difference =
  /** Behind the last record that both have. */
  | { readonly kind: "parts"; readonly at: number }
  /** Nowhere: one of them is the beginning of the other. */
  | { readonly kind: "same" }
  /** Not one record that both can still show is the same. */
  | { readonly kind: "foreign" };

/**
 * Finds where our log parts from the master's, by asking it for some records that begin where ours do:
 * before that place all are the same, behind it none is, so some forty are enough for any log.
 * @throws {NoAnswer}
 */
export async function findDifference(
  answers: Pick<MasterAnswers, "recordAt">,
  { min, max }: Bounds,
  log: RecordLog,
  codecs: Codecs,
): Promise<Difference> {
  let low = Math.max(log.minOffset, min); // before it all records are known to be the same
  let high = Math.min(log.tail, max); // from it on none is
  const reach = high;
  let same: Place | undefined;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const place = recordHolding(log, codecs, middle);
    const end = place === undefined ? 0 : place.at + place.size;
    const behind = Math.max(middle + 1, end); // `middle` may lie in filler behind the record
    if (place === undefined || place.at < low) low = behind;
    else if (await isSame(answers, log, place, max)) [same, low] = [place, behind];
    else high = place.at;
  }
  if (same === undefined) return { kind: high < reach ? "foreign" : "same" };
  const at = same.at + same.size;
  const parts = high < reach || (at < reach && await beginsThere(answers, at));
  return parts ? { kind: "parts", at } : { kind: "same" };
}

/** Whether the master has our record; one that reaches over its end it cannot have. */
async function isSame(
  answers: Pick<MasterAnswers, "recordAt">,
  log: RecordLog,
  { at, size }: Place,
  max: number,
): Promise<boolean> {
  if (at + size > max) return false;
  const theirs = await answers.recordAt(at);
  if (theirs?.length !== size) return false;
  const ours = new Uint8Array(size);
  return log.readAt(at, ours) === size && sameBytes(ours, theirs);
}

/** True when the master has a message record there: ours has filler or a torn record. Java also gives filler. */
async function beginsThere(
  answers: Pick<MasterAnswers, "recordAt">,
  logOffset: number,
): Promise<boolean> {
  const theirs = await answers.recordAt(logOffset);
  if (theirs === undefined || theirs.length < BLANK_BYTES_MIN) return false;
  const magic = recordMagic(viewOf(theirs), 0);
  return magic === MESSAGE_MAGIC || magic === MESSAGE_MAGIC_V2;
}
