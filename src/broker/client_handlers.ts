import { utf8 } from "../base/bytes.ts";
import { FieldError } from "../base/errors.ts";
import type { Handler } from "../rpc/peer.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import { refuse } from "../wire/command.ts";
import { Fields } from "../wire/fields.ts";
import { parseClientCheck, parseHeartbeat } from "../wire/heartbeat.ts";
import type { Clients } from "./clients.ts";
import type { Groups } from "./groups.ts";
import { NO_PROPERTY_FILTER } from "./subscriptions.ts";
import type { Topics } from "./topics.ts";

/** What requests about clients need of their broker. */
export interface ClientContext {
  readonly clients: Clients;
  readonly groups: Groups;
  readonly topics: Topics;
}

const SUCCESS = { code: ResponseCode.SUCCESS };

/** Handlers of 34, 35, 38 and 46. Source: ClientManageProcessor, ConsumerManageProcessor. */
export function clientHandlers({ clients, groups, topics }: ClientContext): [number, Handler][] {
  const heartbeat: Handler = ({ body, language, version }, peer) => {
    const beat = parseHeartbeat(body);
    if (!clients.heartbeat(beat, peer, { language, version })) {
      return refuse(
        ResponseCode.SYSTEM_BUSY,
        `Cannot take in "${beat.clientId}": its connection has too many groups`,
      );
    }
    for (const { groupName, unitMode } of beat.consumers) {
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

  const check: Handler = ({ body }) => {
    const { subscription } = parseClientCheck(body);
    if (subscription.expressionType === "TAG") return SUCCESS;
    if (subscription.expressionType === "SQL92") {
      return refuse(
        ResponseCode.SYSTEM_ERROR,
        `Cannot subscribe to "${subscription.topic}": ${NO_PROPERTY_FILTER}`,
      );
    }
    throw new FieldError("expressionType", subscription.expressionType, "TAG or SQL92");
  };

  return [
    [RequestCode.HEART_BEAT, heartbeat],
    [RequestCode.UNREGISTER_CLIENT, unregister],
    [RequestCode.GET_CONSUMER_LIST_BY_GROUP, consumerIds],
    [RequestCode.CHECK_CLIENT_CONFIG, check],
  ];
}
