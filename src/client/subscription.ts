import { javaHash } from "../wire/hash.ts";
import type { Subscription } from "../wire/heartbeat.ts";

/** Which messages of a topic a consumer wants. */
export interface Wanted {
  /** The topic. */
  readonly topic: string;
  /** Tags, `a || b`; without one, or with `*`, all messages. With type SQL92 a condition on properties. */
  readonly expression?: string;
  /** What `expression` is; TAG by default. */
  readonly type?: "TAG" | "SQL92";
}

const ALL = "*";

/** The subscription as brokers take it. `version` tells it from an earlier one of the same group. */
export function subscriptionOf(
  { topic, expression, type = "TAG" }: Wanted,
  version: number,
): Subscription {
  const subString = expression?.trim() || ALL;
  const tags = type === "TAG" && subString !== ALL
    ? [...new Set(subString.split("||").map((tag) => tag.trim()).filter((tag) => tag !== ""))]
    : [];
  return {
    topic,
    subString,
    codes: new Set(tags.map(javaHash)),
    tags,
    subVersion: version,
    expressionType: type,
    classFilterMode: false,
  };
}

/** True unless the tag only looks like a wanted one: brokers compare hashes, and two tags may share one. */
export function wants({ tags }: Subscription, tag: string | undefined): boolean {
  return tags.length === 0 || (tag !== undefined && tags.includes(tag));
}
