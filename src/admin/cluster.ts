import { AnswerError } from "../client/errors.ts";
import type { NameServers } from "../client/name_servers.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import { parseClusterInfo } from "../wire/route.ts";

/** A broker as the name servers know it. */
export interface ClusterBroker {
  /** Cluster it belongs to. */
  readonly cluster: string;
  /** Name it shares with its slaves or master. */
  readonly name: string;
  /** 0 is the master. */
  readonly id: number;
  /** host:port for clients. */
  readonly address: string;
}

/**
 * Every broker that is registered, in order of cluster, name and id.
 *
 * @throws {CallError} when no name server answers. @throws {AnswerError} {FieldError}
 */
export async function clusterBrokers(servers: Pick<NameServers, "ask">): Promise<ClusterBroker[]> {
  const answer = await servers.ask({ code: RequestCode.GET_BROKER_CLUSTER_INFO });
  if (answer.code !== ResponseCode.SUCCESS) {
    throw new AnswerError(answer.code, `a name server answers ${answer.code} to request 106`);
  }
  return parseClusterInfo(answer.body).brokers
    .flatMap(({ cluster, brokerName: name, brokerAddrs }) =>
      Array.from(brokerAddrs, ([id, address]) => ({ cluster, name, id, address }))
    )
    .sort((a, b) => order(a.cluster, b.cluster) || order(a.name, b.name) || a.id - b.id);
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Of each broker name the master, or the slave with the least id where it has none. */
export function onePerName(brokers: readonly ClusterBroker[]): ClusterBroker[] {
  const least = new Map<string, ClusterBroker>();
  for (const broker of brokers) {
    const place = `${broker.cluster}\n${broker.name}`;
    const known = least.get(place);
    if (known === undefined || broker.id < known.id) least.set(place, broker);
  }
  return [...least.values()];
}
