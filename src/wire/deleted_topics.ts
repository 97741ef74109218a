import { FieldError } from "../base/errors.ts";
import { JsonBody, shown } from "./json_body.ts";
import { formatJson } from "./tables.ts";

/**
 * Topic -> log offset before which its messages are deleted: deletedTopics.json, and in the answer to 21 of a
 * broker of ours. Java reads over it there.
 */
export type DeletedTopics = ReadonlyMap<string, number>;

/** @throws {FieldError} */
export function parseDeletedTopics(text: string): Map<string, number> {
  return readDeletedTopics(JsonBody.parse(text));
}

/** Those inside a larger body; none where it has no such field. @throws {FieldError} */
export function readDeletedTopics(body: JsonBody): Map<string, number> {
  const deleted = new Map<string, number>();
  for (const [topic, value, path] of body.each("deletedTopics")) {
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
      throw new FieldError(path, shown(value), "a log offset");
    }
    deleted.set(topic, value);
  }
  return deleted;
}

/** The text of deletedTopics.json. */
export function formatDeletedTopics(deleted: DeletedTopics): string {
  return formatJson(deletedTopicsJson(deleted), true);
}

/** The field of a larger body; nothing when none is deleted. */
export function deletedTopicsJson(deleted: DeletedTopics = new Map()): Record<string, unknown> {
  return deleted.size === 0 ? {} : { deletedTopics: Object.fromEntries(deleted) };
}
