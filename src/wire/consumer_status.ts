import { utf8 } from "../base/bytes.ts";
import { RequestCode } from "./codes.ts";
import type { ExtFields, Request } from "./command.ts";
import { Fields } from "./fields.ts";
import { JsonBody } from "./json_body.ts";
import { formatLooseObject } from "./loose_json.ts";
import { formatQueueNumbers, type QueueNumber, readQueueNumbers } from "./queue_numbers.ts";

/** Requests 223, to a broker, and 221, to a member: how far a group's members are in a topic. */
export interface StatusQuery {
  readonly topic: string;
  readonly group: string;
  /** That member alone. */
  readonly clientId?: string;
}

/** Fields of 223. @throws {FieldError} Source: GetConsumerStatusRequestHeader. */
export function parseStatusQuery(ext: ExtFields): StatusQuery {
  const fields = new Fields(ext);
  const query = { topic: fields.text("topic"), group: fields.text("group") };
  const clientId = fields.optional("clientAddr");
  return clientId === undefined ? query : { ...query, clientId };
}

/** Request 223; Java calls the client's id its address. */
export function formatStatusQuery({ topic, group, clientId }: StatusQuery): Request {
  const ext: ExtFields = { topic, group };
  if (clientId !== undefined) ext.clientAddr = clientId;
  return { code: RequestCode.INVOKE_BROKER_TO_GET_CONSUMER_STATUS, ext };
}

/** Request 221. */
export function formatStatusAsk({ topic, group }: StatusQuery): Request {
  return { code: RequestCode.GET_CONSUMER_STATUS_FROM_CLIENT, ext: { topic, group } };
}

/** Offsets by client id: the answer to 223. Source: GetConsumerStatusBody. */
export type ConsumerStatus = ReadonlyMap<string, readonly QueueNumber[]>;

/** The body of the answer to 223. */
export function formatConsumerStatus(status: ConsumerStatus): Uint8Array {
  const members: [string, string][] = [];
  for (const [clientId, offsets] of status) {
    members.push([JSON.stringify(clientId), formatQueueNumbers(offsets)]);
  }
  return utf8(`{"consumerTable":${formatLooseObject(members)},"messageQueueTable":{}}`);
}

/** @throws {FieldError} */
export function parseConsumerStatus(body: Uint8Array): Map<string, QueueNumber[]> {
  const table = JsonBody.parse(body);
  const status = new Map<string, QueueNumber[]>();
  for (const [clientId] of table.each("consumerTable")) {
    status.set(clientId, readQueueNumbers(table.object("consumerTable"), clientId));
  }
  return status;
}

/** Offsets in a member's answer to 221. @throws {FieldError} */
export function parseMemberStatus(body: Uint8Array): QueueNumber[] {
  return readQueueNumbers(JsonBody.parse(body), "messageQueueTable");
}
