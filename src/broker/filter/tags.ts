import { javaHash } from "../../wire/hash.ts";
import type { Subscription } from "../../wire/heartbeat.ts";

/** Which messages are wanted, by their queue entry: the tag's code, and where the record lies. */
export type MessageFilter = (tagsCode: number, logOffset: number, size: number) => boolean;

/** What a pull filters by. */
export interface PullFilter {
  /** Without it all messages are wanted. */
  readonly wants: MessageFilter | undefined;
}

export const ALL: PullFilter = { wants: undefined };

/**
 * A lower code is no hash but a place in `consumequeue_ext`, where a Java broker with enableConsumeQueueExt keeps
 * the hash. The client compares the text anyway, so such a message is let through.
 */
const HASH_MIN = -0x80000000;

/**
 * The filter of a tag expression: tags between `||`, or all for "", `*` and no expression at all. Undefined when
 * it is nothing but `||`. Clients compare the text of the tags again, so only hashes are looked at here.
 * Source: FilterAPI.
 */
export function tagFilter(expression: string | undefined): PullFilter | undefined {
  if (expression === undefined || expression === "" || expression === "*") return ALL;
  const parts = expression.split("||");
  if (parts.every((part) => part === "")) return undefined;
  const tags = parts.map((part) => part.trim()).filter((tag) => tag !== "");
  return codesFilter(new Set(tags.map(javaHash)));
}

/** The same of a subscription that a heartbeat brought. Source: ExpressionMessageFilter. */
export function subscriptionFilter(subscription: Subscription): PullFilter {
  const { subString, classFilterMode, codes } = subscription;
  return subString === "*" || subString === "" || classFilterMode ? ALL : codesFilter(codes);
}

function codesFilter(codes: ReadonlySet<number>): PullFilter {
  if (codes.size === 1) {
    const [only] = codes;
    return { wants: (tagsCode) => tagsCode === only || tagsCode < HASH_MIN };
  }
  return { wants: (tagsCode) => codes.has(tagsCode) || tagsCode < HASH_MIN };
}
