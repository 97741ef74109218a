import { utf8 } from "../base/bytes.ts";
import { RequestCode } from "./codes.ts";
import type { ExtFields, Request } from "./command.ts";
import type { Fields } from "./fields.ts";
import { JsonBody } from "./json_body.ts";
import { formatLooseObject } from "./loose_json.ts";

/** Where the slowest of other groups is. Source: QueryCorrectionOffsetHeader. */
export interface CorrectionQuery {
  readonly topic: string;
  /** The group that is compared with the others. */
  readonly compareGroup: string;
  /** Groups that do not count. */
  readonly filterGroups: readonly string[];
}

/** In place of an offset: the compared group is behind all others, and nothing corrects it. */
export const NOTHING_TO_CORRECT = "9223372036854775807";

/** @throws {FieldError} */
export function parseCorrectionQuery(fields: Fields): CorrectionQuery {
  return {
    topic: fields.text("topic"),
    compareGroup: fields.text("compareGroup"),
    filterGroups: (fields.optional("filterGroups") ?? "").split(",").filter((name) => name !== ""),
  };
}

/** Request 308. */
export function formatCorrectionQuery(query: CorrectionQuery): Request {
  const { topic, compareGroup, filterGroups } = query;
  const ext: ExtFields = { topic, compareGroup };
  if (filterGroups.length > 0) ext.filterGroups = filterGroups.join(",");
  return { code: RequestCode.QUERY_CORRECTION_OFFSET, ext };
}

/** The body of an answer to 308: queue ids as bare numbers; undefined is NOTHING_TO_CORRECT. */
export function formatCorrections(offsets: ReadonlyMap<number, number | undefined>): Uint8Array {
  const entries = Array.from(
    offsets,
    ([queueId, offset]) => [queueId, offset ?? NOTHING_TO_CORRECT] as const,
  );
  return utf8(`{"correctionOffsets":${formatLooseObject(entries)}}`);
}

/** @throws {FieldError} */
export function parseCorrections(body: Uint8Array): Map<number, number | undefined> {
  const corrections = JsonBody.parse(body).object("correctionOffsets");
  const offsets = new Map<number, number | undefined>();
  for (const [key] of corrections.all()) {
    const offset = corrections.long(key);
    offsets.set(Number(key), offset === Number.MAX_SAFE_INTEGER ? undefined : offset);
  }
  return offsets;
}
