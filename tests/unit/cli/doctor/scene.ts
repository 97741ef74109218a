import type { ClusterBroker } from "../../../../src/admin/cluster.ts";
import type { BrokerHa, BrokerState } from "../../../../src/admin/ha.ts";
import type {
  BrokerFacts,
  Facts,
  GroupFacts,
  NamesrvFacts,
} from "../../../../src/cli/doctor/facts.ts";
import type { HaState, HaStatus } from "../../../../src/wire/ha_status.ts";
import type { TopicRoute } from "../../../../src/wire/route.ts";
import type { TopicConfig } from "../../../../src/wire/topic.ts";

export const MASTER: ClusterBroker = {
  ...{ cluster: "C", name: "a", id: 0 },
  address: "10.0.0.5:10911",
};
export const SLAVE: ClusterBroker = { ...MASTER, id: 1, address: "10.0.0.6:10911" };
export const TOPIC: TopicConfig = {
  ...{ topicName: "T", order: false, perm: 6, readQueueNums: 4, writeQueueNums: 4 },
  ...{ topicFilterType: "SINGLE_TAG", topicSysFlag: 0 },
};

/** A route of T: all of it on broker a. */
export function routeOf(perm = 6, queues = 4, cluster = "C"): TopicRoute {
  return {
    brokers: [{ cluster, brokerName: "a", brokerAddrs: new Map([[0, MASTER.address]]) }],
    queues: [{
      ...{ brokerName: "a", perm, topicSysFlag: 0 },
      ...{ readQueueNums: queues, writeQueueNums: queues },
    }],
  };
}

export function namesrv(more: Partial<NamesrvFacts> = {}): NamesrvFacts {
  return {
    ...{ address: "10.0.0.1:9876", tookMs: 2, brokers: [MASTER, SLAVE], topics: ["T", "orders"] },
    ...{ hasDefaultTopic: true, wiped: [], route: routeOf() },
    ...more,
  };
}

/** How a slave's or master's replication is. */
export function statusOf(state: HaState, more: Partial<HaStatus> = {}, reason = ""): HaStatus {
  const master = state === "MASTER";
  return {
    master,
    masterCommitLogMaxOffset: 100,
    inSyncSlaveNums: master ? 1 : 0,
    haConnectionInfo: [],
    haClientRuntimeInfo: {
      ...{ masterAddr: "h:1", transferredByteInSecond: 0, maxOffset: 100, lastReadTimestamp: 1 },
      ...{ lastWriteTimestamp: 1, masterFlushOffset: 100 },
    },
    pocketmq: {
      ...{ state, since: 1, reason, advice: "", minOffset: 0, maxOffset: 100 },
      ...{ masterMinOffset: 0, masterMaxOffset: 100, refused: [] },
    },
    ...more,
  };
}

export interface StateMore {
  readonly ha?: Partial<BrokerHa>;
  readonly settings?: Record<string, string>;
  readonly runtime?: Record<string, string>;
}

export function stateOf({ name, id, cluster }: ClusterBroker, more: StateMore = {}): BrokerState {
  const { ha, settings, runtime } = more;
  return {
    ha: {
      ...{ status: statusOf(id === 0 ? "MASTER" : "IN_SYNC"), name, id, inSyncReplicas: 2 },
      ...{ role: id === 0 ? "SYNC_MASTER" : "SLAVE", minOffset: 0, maxOffset: 100 },
      version: "V4_9_7",
      ...ha,
    },
    settings: new Map(Object.entries({
      ...{ brokerName: name, brokerId: String(id), brokerClusterName: cluster },
      ...{ namesrvAddr: "10.0.0.1:9876;10.0.0.2:9876", ...settings },
    })),
    runtime: new Map(Object.entries({ commitLogDiskRatio: "0.3", ...runtime })),
  };
}

export function broker(
  registered: ClusterBroker,
  more: Partial<BrokerFacts> & StateMore = {},
): BrokerFacts {
  const { ha, settings, runtime, ...facts } = more;
  const { address } = registered;
  const port = (by: number) => ({ address: `10.0.0.5:${10911 + by}`, isOpen: true });
  return {
    ...{ address, registered, at: ["10.0.0.1:9876"], tookMs: 1, skewMs: 100 },
    ...{ fastPort: port(-2), haPort: registered.id === 0 ? port(1) : undefined },
    ...{ state: stateOf(registered, { ha, settings, runtime }), topic: TOPIC },
    ...facts,
  };
}

/** One that could not be asked. */
export function silentBroker(
  registered: ClusterBroker,
  kind: "refused" | "mute" | "foreign",
  more: Partial<BrokerFacts> = {},
): BrokerFacts {
  const { address } = registered;
  return { address, registered, at: [], tookMs: 1, silence: { kind, reason: "why" }, ...more };
}

export function group(more: Partial<GroupFacts> = {}): GroupFacts {
  const connection = { clientAddr: "h:1", clientId: "c1", language: "JAVA", version: 399 };
  return {
    name: "g",
    online: {
      connections: [connection],
      ...{ consumeFromWhere: "", consumeType: "CONSUME_PASSIVELY", messageModel: "CLUSTERING" },
      subscriptions: new Map(),
    },
    ...{ lags: [], deadLetters: 0, disabledOn: [], subscribed: new Map([["c1", "*"]]) },
    ...more,
  };
}

/** Two name servers, a SYNC_MASTER and its slave, a topic and a group: nothing is wrong. */
export function scene(more: Partial<Facts> = {}): Facts {
  return {
    ...{ topic: "T", now: 1_000_000, dashN: " -n 'x'" },
    namesrvs: [namesrv(), namesrv({ address: "10.0.0.2:9876" })],
    brokers: [broker(MASTER), broker(SLAVE)],
    groups: [group()],
    watched: [],
    ...more,
  };
}

/** A group that has ten messages of a queue to come. */
export const lag = {
  ...{ topic: "T", brokerName: "a", queueId: 0, brokerOffset: 10, consumerOffset: 0 },
  ...{ behind: 10, lastTimestamp: 0 },
};
