import type { Clock } from "../../ports/host.ts";
import type { Handler } from "../../rpc/peer.ts";
import { RequestCode, ResponseCode } from "../../wire/codes.ts";
import { refuse } from "../../wire/command.ts";
import {
  type Connection,
  formatConsumerConnections,
  formatProducerConnections,
  formatProducers,
  knownLanguage,
  type ProducerInfo,
} from "../../wire/connections.ts";
import { Fields } from "../../wire/fields.ts";
import { addressText } from "../../wire/host_address.ts";
import type { ClientPeer, Clients, Member } from "../clients.ts";

/** What these requests are answered from. */
export interface ConnectionsContext {
  readonly runtime: { readonly clock: Clock };
  readonly clients: Clients;
}

type Members = ReadonlyMap<ClientPeer, Member>;

/** Handlers of 203, 204 and 328: who is online. Source: AdminBrokerProcessor, ClientManageProcessor. */
export function connectionsHandlers({ runtime, clients }: ConnectionsContext): [number, Handler][] {
  const consumers: Handler = ({ ext }) => {
    const name = new Fields(ext).text("consumerGroup");
    const group = clients.consumerGroup(name);
    if (group === undefined) {
      const remark = `Cannot list the consumers of "${name}": none is online here`;
      return refuse(ResponseCode.CONSUMER_NOT_ONLINE, remark);
    }
    const body = formatConsumerConnections({ ...group, connections: connectionsOf(group.members) });
    return { code: ResponseCode.SUCCESS, body };
  };

  const producers: Handler = ({ ext }) => {
    const name = new Fields(ext).text("producerGroup");
    const members = clients.producers(name);
    if (members === undefined) {
      const remark = `Cannot list the producers of "${name}": none is online here`;
      return refuse(ResponseCode.SYSTEM_ERROR, remark);
    }
    return { code: ResponseCode.SUCCESS, body: formatProducerConnections(connectionsOf(members)) };
  };

  const allProducers: Handler = () => {
    const groups = new Map<string, ProducerInfo[]>();
    for (const [group, members] of clients.producerGroups()) {
      groups.set(group, infosOf(members, runtime.clock));
    }
    return { code: ResponseCode.SUCCESS, body: formatProducers(groups) };
  };

  return [
    [RequestCode.GET_CONSUMER_CONNECTION_LIST, consumers],
    [RequestCode.GET_PRODUCER_CONNECTION_LIST, producers],
    [RequestCode.GET_ALL_PRODUCER_INFO, allProducers],
  ];
}

function connectionsOf(members: Members): Connection[] {
  return Array.from(members, ([{ remote }, { clientId, language, version }]) => ({
    clientAddr: addressText(remote),
    clientId,
    language: knownLanguage(language),
    version,
  }));
}

function infosOf(members: Members, clock: Clock): ProducerInfo[] {
  const started = clock.now() - clock.monotonic(); // heartbeats are on the other clock
  return Array.from(members, ([{ remote }, { clientId, language, version, lastHeartbeat }]) => ({
    clientId,
    language: knownLanguage(language),
    lastUpdateTimestamp: Math.round(started + lastHeartbeat),
    remoteAddr: addressText(remote),
    version,
  }));
}
