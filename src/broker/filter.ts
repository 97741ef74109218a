import { javaHash } from "../wire/hash.ts";

/** Which messages a subscription wants, by the tag code of their queue entry: the clients compare the text. */
export type TagFilter = (tagsCode: number) => boolean;

/**
 * A lower code is no hash but a place in `consumequeue_ext`, where a Java broker with enableConsumeQueueExt keeps
 * the hash. The client compares the text anyway, so such a message is let through.
 */
const HASH_MIN = -0x80000000;

/**
 * The filter of a tag expression: tags between `||`, or all for "", `*` and no expression at all (then
 * there is no filter). Source: FilterAPI.
 */
export function tagFilter(expression: string | undefined): TagFilter | undefined {
  if (expression === undefined || expression === "" || expression === "*") return undefined;
  const codes = new Set<number>();
  for (const part of expression.split("||")) {
    const tag = part.trim();
    if (tag !== "") codes.add(javaHash(tag));
  }
  return codesFilter(codes);
}

/** The filter of tag codes that a heartbeat brought; none wants all. */
export function codesFilter(codes: ReadonlySet<number>): TagFilter | undefined {
  if (codes.size === 0) return undefined;
  if (codes.size === 1) {
    const [only] = codes;
    return (tagsCode) => tagsCode === only || tagsCode < HASH_MIN;
  }
  return (tagsCode) => codes.has(tagsCode) || tagsCode < HASH_MIN;
}
