import type { Log } from "../base/log.ts";
import type { Dir } from "../ports/fs.ts";
import type { Runtime } from "../ports/host.ts";
import type { Store } from "../store/store.ts";
import { Clients } from "./clients.ts";
import type { BrokerConfig } from "./config.ts";
import type { Confirmations } from "./confirm.ts";
import { Groups } from "./groups.ts";
import { Locks } from "./locks.ts";
import { Offsets } from "./offsets.ts";
import type { Stats } from "./stats.ts";
import { Topics } from "./topics.ts";

/** The state of one broker, each piece with its one owner. */
export interface Parts extends Tables {
  readonly runtime: Runtime;
  readonly config: BrokerConfig;
  readonly log: Log;
  readonly store: Store;
  /** The folder of the log, for what is known of its disk. */
  readonly disk: Dir;
  readonly confirmations: Confirmations;
  readonly isSlave: boolean;
  readonly stats: Stats;
  /** ms since 1970. */
  readonly startedAt: number;
  /** A read further behind the log's end than this counts as a read from disk. */
  readonly memoryBytes: number;
  /** Whether the first message of a queue is that far behind. */
  readonly startsOnDisk: (topic: string, queueId: number) => boolean;
  /** Progress of the delay levels, as JSON: the body of answer 45. */
  readonly delayTable: () => string;
}

/** What a broker knows of topics, groups and clients. */
export interface Tables {
  readonly topics: Topics;
  readonly groups: Groups;
  readonly offsets: Offsets;
  readonly clients: Clients;
  readonly locks: Locks;
}

/** Reads the tables from the store's `config` folder. @throws {CorruptLogError} when one cannot be read. */
export function openTables(
  { clock, fs }: Pick<Runtime, "clock" | "fs">,
  config: BrokerConfig,
  log: Log,
): Tables {
  const dir = fs.dir(config.storePathRootDir).child("config");
  dir.make();
  const follows = config.brokerRole === "SLAVE";
  const topics = new Topics(config, { dir, clock, log, follows });
  const groups = new Groups(config, { dir, clock, log, follows });
  const { flushConsumerOffsetInterval } = config;
  const offsets = new Offsets({ dir, clock, log, flushConsumerOffsetInterval });
  topics.load();
  groups.load();
  offsets.load();
  const notifies = (name: string) =>
    config.notifyConsumerIdsChangedEnable &&
    (groups.get(name)?.notifyConsumerIdsChangedEnable ?? true);
  return {
    topics,
    groups,
    offsets,
    clients: new Clients({ clock, log, notifies }),
    locks: new Locks(clock),
  };
}

/** Writes what the tables hold and forgets who is connected. */
export async function closeTables({ topics, groups, offsets, clients }: Tables): Promise<void> {
  clients.close();
  await Promise.all([topics.close(), groups.close(), offsets.close()]);
}
