import { utf8 } from "../base/bytes.ts";
import type { Handler } from "../rpc/peer.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import { refuse } from "../wire/command.ts";
import { Fields } from "../wire/fields.ts";
import { parseClientCheck, parseHeartbeat } from "../wire/heartbeat.ts";
import type { Clients } from "./clients.ts";
import type { Filters } from "./filter/filters.ts";
import type { Groups } from "./groups.ts";
import type { Topics } from "./topics.ts";

/** What requests about clients need of their broker. */
export interface ClientContext {
  readonly clients: Clients;
  readonly filters: Filters;
  readonly groups: Groups;
  readonly topics: Topics;
}

const SUCCESS = { code: ResponseCode.SUCCESS };

/** Handlers of 34, 35, 38 and 46. Source: ClientManageProcessor, ConsumerManageProcessor. */
export function clientHandlers(
  { clients, filters, groups, topics }: ClientContext,
): [number, Handler][] {
  const heartbeat: Handler = ({ body, language, version }, peer) => {
    const beat = parseHeartbeat(body);
    const online = beat.consumers.map(({ groupName }) => clients.consumerGroup(groupName));
    if (!clients.heartbeat(beat, peer, { language, version })) {
      return refuse(
        ResponseCode.SYSTEM_BUSY,
        `Cannot take in "${beat.clientId}": its connection has too many groups`,
      );
    }
    for (const [i, { groupName, unitMode, subscriptions }] of beat.consumers.entries()) {
      filters.heartbeat(groupName, subscriptions, online[i] !== undefined);
      const group = groups.find(groupName);
      if (group !== undefined) topics.createRetry(groupName, group.retryQueueNums, unitMode);
    }
    return SUCCESS;
  };

  const unregister: Handler = ({ ext }, peer) => {
    const fields = new Fields(ext);
    fields.text("clientID");
    clients.unregister(peer, fields.optional("producerGroup"), fields.optional("consumerGroup"));
    return SUCCESS;
  };

  const consumerIds: Handler = ({ ext }) => {
    const group = new Fields(ext).text("consumerGroup");
    const consumerIdList = clients.consumerIds(group);
    if (consumerIdList !== undefined) {
      return { ...SUCCESS, body: utf8(JSON.stringify({ consumerIdList })) };
    }
    return refuse(ResponseCode.SYSTEM_ERROR, `no consumer of "${group}" is online here`);
  };

  const check: Handler = ({ body }) =>
    filters.refusal(parseClientCheck(body).subscription) ?? SUCCESS;

  return [
    [RequestCode.HEART_BEAT, heartbeat],
    [RequestCode.UNREGISTER_CLIENT, unregister],
    [RequestCode.GET_CONSUMER_LIST_BY_GROUP, consumerIds],
    [RequestCode.CHECK_CLIENT_CONFIG, check],
  ];
}
