import type { Log } from "../../base/log.ts";
import type { Dir } from "../../ports/fs.ts";
import { StoreRefusal } from "../errors.ts";

const DLEDGER = /^dledger-/;

/**
 * True for the topic of a Java broker's light queues: their entries point at records of other topics, which name
 * them in a property. Source: MixAll.LMQ_PREFIX.
 */
export function isLight(topic: string): boolean {
  return topic.startsWith("%LMQ%");
}

/**
 * What RocketMQ 5.x, DLedger and options of 4.x that we lack keep beside the log.
 * Source: StorePathConfigHelper, TimerMessageStore, CompactionStore, DLedgerCommitLog.
 */
const FOREIGN: readonly { readonly name: RegExp; readonly means: string }[] = [
  { name: /^timer(log|wheel|check|metrics)/, means: "timer messages that wait are not delivered" },
  { name: /^compaction/i, means: "compacted topics are served from the log alone" },
  { name: /rocksdb/i, means: "what only RocksDB holds is not there" },
  { name: /^batchconsumequeue$/, means: "queues of batches are not served" },
  { name: /^consumequeue_ext$/, means: "filters by what it holds look at each message instead" },
  { name: DLEDGER, means: "what only the DLedger group holds is not there" },
  { name: /^tieredstore/i, means: "what was moved to the tiered store is not there" },
];

/** Says once what a store holds that this broker neither reads nor touches. */
export function warnOfForeign(dir: Dir, log: Log): void {
  for (const folder of [dir, dir.child("config"), dir.child("consumequeue")]) {
    for (const { name } of folder.entries()) {
      const known = FOREIGN.find((foreign) => foreign.name.test(name));
      if (!known) continue;
      const path = `${folder.path}/${name}`;
      log.warn("left alone, another kind of broker made it", { path, means: known.means });
    }
  }
}

/**
 * A store without a log begins anew, and what was derived from a log goes: not where that log is a DLedger group's.
 * @throws {StoreRefusal}
 */
export function mustNotBeDledger(dir: Dir): void {
  const found = dir.entries().find(({ name, isDir }) => isDir && DLEDGER.test(name));
  if (!found) return;
  throw new StoreRefusal(
    `Cannot open ${dir.path}: its messages are in ${found.name}, the log of a DLedger group, which only a Java broker reads`,
  );
}
