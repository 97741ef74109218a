import { textOf } from "../../base/bytes.ts";
import { reasonOf } from "../../base/log.ts";
import type { Dir } from "../../ports/fs.ts";
import { parseDeletedTopics } from "../../wire/deleted_topics.ts";
import { parseGroupTable } from "../../wire/group.ts";
import { parseLooseJson } from "../../wire/loose_json.ts";
import { parseOffsetTable } from "../../wire/offset.ts";
import { parseDelayTable } from "../../wire/tables.ts";
import { parseTopicTable } from "../../wire/topic.ts";
import { DELETED_TOPICS } from "../deletions.ts";
import type { Findings } from "./findings.ts";

/** How brokers read a table; others need only be JSON as fastjson writes it. */
const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  "topics.json": parseTopicTable,
  "subscriptionGroup.json": parseGroupTable,
  "consumerOffset.json": parseOffsetTable,
  "delayOffset.json": parseDelayTable,
  [DELETED_TOPICS]: parseDeletedTopics,
};

/** Parses the tables in a store's `config` folder; gives how many can be read. */
export function checkTables(config: Dir, findings: Findings): number {
  const names = config.entries().filter(({ isDir }) => !isDir).map(({ name }) => name);
  const tables = new Set(
    names.filter((name) => /\.json(\.bak)?$/.test(name)).map((name) => name.replace(/\.bak$/, "")),
  );
  let good = 0;
  for (const table of tables) if (isReadable(config, table, findings)) good++;
  return good;
}

/** Brokers read the copy before it when a table is missing or cut short. */
function isReadable(config: Dir, table: string, findings: Findings): boolean {
  const path = `${config.path}/${table}`;
  const problem = problemOf(config, table, PARSERS[table] ?? parseLooseJson);
  if (problem === undefined) return true;
  const bak = problemOf(config, `${table}.bak`, PARSERS[table] ?? parseLooseJson);
  if (bak === undefined) {
    findings.add("note", "table", path, `${problem}; its .bak can be read and is used`);
    return true;
  }
  if (problem === EMPTY && (bak === MISSING || bak === EMPTY)) {
    findings.add("note", "table", path, problem);
    return true;
  }
  findings.add("problem", "table", path, `${problem}; .bak: ${bak}`);
  return false;
}

const MISSING = "it is missing";
const EMPTY = "it is empty";

function problemOf(
  config: Dir,
  name: string,
  parse: (text: string) => unknown,
): string | undefined {
  if (!config.stat(name)) return MISSING;
  try {
    using file = config.open(name, "read");
    const bytes = new Uint8Array(file.size());
    const text = textOf(bytes.subarray(0, file.readAt(0, bytes)));
    if (text.trim() === "") return EMPTY;
    parse(text);
  } catch (error) {
    return reasonOf(error);
  }
}
