import type { Seen } from "../../../src/cli/ha_health.ts";
import type {
  HaConnectionStatus,
  HaState,
  HaStatus,
  OwnHaStatus,
  RefusedSlave,
} from "../../../src/wire/ha_status.ts";
import { FOLLOWS_NOBODY } from "../../support/ha_status.ts";

/** When the tests look. */
export const NOW = Date.parse("2026-01-31T12:00:00Z");

const own: OwnHaStatus = {
  state: "MASTER",
  since: NOW - 90_000,
  reason: "",
  advice: "",
  minOffset: 0,
  maxOffset: 5_000,
  masterMinOffset: -1,
  masterMaxOffset: -1,
  refused: [],
};

/** A slave as its master sees it. */
export function connection(more: Partial<HaConnectionStatus> = {}): HaConnectionStatus {
  return {
    addr: "10.0.0.7:40000",
    slaveAckOffset: 5_000,
    diff: 0,
    inSync: true,
    transferredByteInSecond: 2_048,
    transferFromWhere: 5_000,
    ...more,
  };
}

/** A slave that was refused so many seconds ago. */
export function refused(kind: string, secondsAgo: number): RefusedSlave {
  return {
    addr: "10.0.0.7:11011",
    kind,
    reason: "it holds other bytes",
    at: NOW - secondsAgo * 1000,
  };
}

/** A master of ours. */
export function master(
  role: "SYNC_MASTER" | "ASYNC_MASTER",
  slaves: readonly HaConnectionStatus[],
  { inSyncReplicas = 2, refused = [] }: {
    inSyncReplicas?: number;
    refused?: readonly RefusedSlave[];
  } = {},
): Seen {
  const status: HaStatus = {
    master: true,
    masterCommitLogMaxOffset: 5_000,
    inSyncSlaveNums: slaves.filter(({ inSync }) => inSync).length,
    haConnectionInfo: slaves,
    haClientRuntimeInfo: FOLLOWS_NOBODY,
    pocketmq: { ...own, refused },
  };
  return seenAs(0, role, status, inSyncReplicas);
}

/** A slave of ours, with its log up to 5000 of its master's 5000. */
export function slave(state: HaState, more: Partial<OwnHaStatus> = {}): Seen {
  const status: HaStatus = {
    master: false,
    masterCommitLogMaxOffset: 5_000,
    inSyncSlaveNums: 0,
    haConnectionInfo: [],
    haClientRuntimeInfo: { ...FOLLOWS_NOBODY, transferredByteInSecond: 1_024 },
    pocketmq: { ...own, state, masterMinOffset: 0, masterMaxOffset: 5_000, ...more },
  };
  return seenAs(1, "SLAVE", status, 2);
}

/** A Java 4.9 broker. */
export function oldJava(id: number, maxOffset = 9_000): Seen {
  const seen = seenAs(id, id === 0 ? "SYNC_MASTER" : "SLAVE", undefined, 0);
  return { ...seen, ha: { ...seen.ha!, maxOffset, version: "V4_9_7" } };
}

/** A broker that could not be asked. */
export function unreachable(exit: number): Seen {
  return {
    address: "10.0.0.9:10911",
    failure: { reason: "cannot reach 10.0.0.9:10911: nobody listens there", exit },
  };
}

function seenAs(
  id: number,
  role: string,
  status: HaStatus | undefined,
  inSyncReplicas: number,
): Seen {
  return {
    address: `10.0.0.${5 + id}:10911`,
    registered: { cluster: "C", name: "broker-a", id },
    ha: {
      status,
      name: "broker-a",
      id,
      role,
      inSyncReplicas,
      minOffset: 0,
      maxOffset: 5_000,
      version: "V4_9_7",
    },
  };
}
