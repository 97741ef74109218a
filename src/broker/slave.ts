import { together } from "../base/together.ts";
import { copyMetadata, type MetadataOwners } from "../ha/metadata.ts";
import { followMaster, SlaveStatus } from "../ha/slave.ts";
import type { Address } from "../ports/net.ts";
import { SCHEDULE_TOPIC } from "../store/delay.ts";
import type { Redial } from "../rpc/redial.ts";
import { parseAddress } from "../wire/host_address.ts";
import type { Parts } from "./parts.ts";
import type { MasterAddresses } from "./registration.ts";
import { slaveOptions } from "./told.ts";

/** A slave's side of replication: the log from the HA port, tables from the broker port. */
export interface Following {
  readonly status: SlaveStatus;
  /** What the name servers say of the master; a configured haMasterAddress wins over its HA address. */
  masterIs(master: MasterAddresses): void;
  /** No name server has a master, and none is followed. */
  readonly masterGone: boolean;
  /** Follows until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** Prepares to follow the master that registration or the configuration names. */
export function follow(parts: Parts, peers: Redial): Following {
  const { runtime, config, store, log } = parts;
  const given = config.haMasterAddress ? parseAddress(config.haMasterAddress) : undefined;
  let ha: Address | undefined = given;
  let broker: Address | undefined;
  const status = new SlaveStatus();
  return {
    status,
    masterIs({ masterAddr, haServerAddr }) {
      broker = masterAddr === undefined ? undefined : parseAddress(masterAddr);
      if (given === undefined && haServerAddr) ha = parseAddress(haServerAddr);
    },
    get masterGone() {
      return broker === undefined && !status.followed;
    },
    run: (signal) =>
      together(signal, (until) => [
        followMaster({
          net: runtime.net,
          clock: runtime.clock,
          store,
          log: log.child("ha"),
          options: slaveOptions(config),
          masterAddress: () => ha,
          status,
        }, until),
        copyMetadata({
          redial: peers,
          clock: runtime.clock,
          log: log.child("metadata"),
          store,
          masterAddress: () => broker,
          mayCopy: () => true,
          followed: () => status.followed,
          name: () => undefined,
          owners: ownersOf(parts),
        }, until),
      ]),
  };
}

function ownersOf({ topics, groups, offsetCopy, delay, store }: Parts): MetadataOwners {
  return {
    topics: (table) => topics.replaceFrom(table.dataVersion, table.topics.values()),
    groups: (table) => groups.replaceFrom(table.dataVersion, table.groups),
    offsets: (table, bootTimestamp) => offsetCopy.take(table, bootTimestamp),
    delay: (table) =>
      delay.mergeFrom(
        table,
        (level) => store.queues.get(SCHEDULE_TOPIC, level - 1)?.maxOffset ?? 0,
      ),
  };
}
