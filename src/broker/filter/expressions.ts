import { utf8 } from "../../base/bytes.ts";
import type { CommitLog } from "../../store/commit_log.ts";
import { RecordProperties } from "./record_properties.ts";
import { compileSql } from "./sql_compile.ts";
import { SqlError } from "./sql_tokens.ts";
import type { PullFilter } from "./tags.ts";

/** Pulls of lite consumers bring their expression each time. The oldest give way to new ones. */
const KEPT_MAX = 1_000;
const KEPT_CHARACTERS_MAX = 4 * 1024 * 1024;

/** Expressions of SQL92 as filters of the log's messages, each compiled once. */
export class Expressions {
  readonly #record: RecordProperties; // one is looked at at a time
  readonly #kept = new Map<string, PullFilter>();
  #characters = 0;

  constructor(log: Pick<CommitLog, "readAt">) {
    this.#record = new RecordProperties(log);
  }

  /** How many are kept. */
  get size(): number {
    return this.#kept.size;
  }

  /** The filter; an error when the text is no expression, with what is wrong with it. */
  get(text: string): PullFilter | SqlError {
    const known = this.#kept.get(text);
    if (known !== undefined) return known;
    try {
      const filter = this.#compile(text);
      this.#keep(text, filter);
      return filter;
    } catch (error) {
      if (error instanceof SqlError) return error;
      throw error;
    }
  }

  /** A record that cannot be read is let through: its consumer shall hear of it. */
  #compile(text: string): PullFilter {
    const expression = compileSql(text);
    const names = expression.names.map(utf8);
    const record = this.#record;
    return {
      wants: (_, logOffset, size) =>
        !record.find(logOffset, size, names) || expression.matches(record),
    };
  }

  #keep(text: string, filter: PullFilter): void {
    this.#kept.set(text, filter);
    this.#characters += text.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT_MAX && this.#characters <= KEPT_CHARACTERS_MAX) return;
      this.#kept.delete(oldest);
      this.#characters -= oldest.length;
    }
  }
}
