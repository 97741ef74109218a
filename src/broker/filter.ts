import { javaHash } from "../wire/hash.ts";

/** Which messages a subscription wants, by the tag code of their queue entry: the clients compare the text. */
export type TagFilter = (tagsCode: number) => boolean;

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
    return (tagsCode) => tagsCode === only;
  }
  return (tagsCode) => codes.has(tagsCode);
}
