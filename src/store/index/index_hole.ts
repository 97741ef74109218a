import type { Log } from "../../base/log.ts";
import type { Codecs } from "../../ports/host.ts";
import { SysFlag } from "../../wire/record_layout.ts";
import { RecordKeys } from "../../wire/record_keys.ts";
import type { KeyIndex } from "./key_index.ts";
import { LogReader } from "../log_reader.ts";
import type { Segments } from "../segments.ts";

const LOOK_BYTES = 4 * 1024;
/** Looked at for the first that has keys; when none of them has, nothing is said. */
const RECORDS_MAX = 256;

/**
 * Says when files of the index go on behind messages whose keys no file has, and what helps. A Java broker
 * leaves that: after a crash it removes its newest files and reads again only what its recovery reads.
 */
export function sayHole(
  { files }: Pick<KeyIndex, "files">,
  segments: Segments,
  codecs: Codecs,
  log: Log,
): void {
  const reader = new LogReader(segments, codecs, LOOK_BYTES);
  let at = segments.first?.base ?? 0;
  for (const { header } of files) {
    if (header.count <= 1) continue;
    const { beginLogOffset, endLogOffset } = header;
    const from = beginLogOffset > at ? firstWithKeys(reader, at, beginLogOffset) : undefined;
    if (from !== undefined) {
      const means = "not found by key; `pocketmq log rebuild` makes the index whole";
      return log.warn("the key index lacks messages", { from, to: beginLogOffset, means });
    }
    at = Math.max(at, endLogOffset);
    if (at === endLogOffset && reader.look(at) === "record") at += reader.scanner.size;
  }
}

/** Log offset of the first record from `at` on, and before `end`, that the index would have. */
function firstWithKeys(reader: LogReader, at: number, end: number): number | undefined {
  const keys = new RecordKeys();
  for (let looked = 0; at < end && looked < RECORDS_MAX; looked++) {
    const found = reader.look(at);
    if (found === "zero" || found === "bad") return undefined;
    const { record, size } = reader.scanner;
    if (found === "record") {
      keys.read(reader.bytes, record, true);
      const isRollback = (record.sysFlag & SysFlag.TRANSACTION) === SysFlag.ROLLBACK;
      if (keys.count > 0 && !isRollback) return at;
    }
    at += size;
  }
}
