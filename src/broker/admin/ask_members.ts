import { CallError, type Handler } from "../../rpc/peer.ts";
import { recordAt } from "../../store/records.ts";
import type { Store } from "../../store/store.ts";
import { RequestCode, ResponseCode } from "../../wire/codes.ts";
import { type Command, refuse, type Reply, type Request } from "../../wire/command.ts";
import { parseDirectConsume, parseMember } from "../../wire/consumer_ask.ts";
import {
  type ConsumerStatus,
  formatConsumerStatus,
  formatStatusAsk,
  parseMemberStatus,
  parseStatusQuery,
} from "../../wire/consumer_status.ts";
import { FieldError } from "../../base/errors.ts";
import { parseMessageId } from "../../wire/message_id.ts";
import type { QueueNumber } from "../../wire/queue_numbers.ts";
import type { ClientPeer, Clients, Member } from "../clients.ts";

/** A member has this long to answer what is handed on to it. Source: Broker2Client.callClient. */
const ANSWER_MS = 10_000;
const STATUS_MS = 5_000;

/** What asking members needs of its broker. */
export interface AskContext {
  readonly brokerName: string;
  readonly clients: Pick<Clients, "consumerGroup">;
  readonly store: Pick<Store, "log">;
}

/**
 * Handlers of 223, 307 and 309, which members of a group answer. A client too old for one of them says so
 * itself. Source: AdminBrokerProcessor.callConsumer, Broker2Client.getConsumeStatus.
 */
export function askMemberHandlers(context: AskContext): [number, Handler][] {
  const { clients, store, brokerName } = context;

  const running: Handler = ({ code, ext, body }) =>
    askMember(clients, ext, { code, ext: { ...ext }, body: body.slice() });

  const consume: Handler = ({ code, ext }) => {
    const { messageId } = parseDirectConsume(ext);
    const place = parseMessageId(messageId);
    if (place === undefined) throw new FieldError("msgId", messageId, "an offset message id");
    const record = recordAt(store.log, place.logOffset);
    if (record === undefined) {
      return refuse(ResponseCode.SYSTEM_ERROR, `Cannot find message ${messageId} in the log`);
    }
    return askMember(clients, ext, { code, ext: { ...ext, brokerName }, body: record });
  };

  const status: Handler = async ({ ext }) => {
    const query = parseStatusQuery(ext);
    const members = [...clients.consumerGroup(query.group)?.members ?? []].filter(([, member]) =>
      query.clientId === undefined || member.clientId === query.clientId
    );
    if (members.length === 0) {
      const who = query.clientId === undefined ? "no member" : `no client "${query.clientId}"`;
      return refuse(
        ResponseCode.SYSTEM_ERROR,
        `Cannot tell how far "${query.group}" is: ${who} is online`,
      );
    }
    const ask = formatStatusAsk(query);
    const said = await Promise.all(members.map((member) => statusOf(member, ask)));
    const known: ConsumerStatus = new Map(said.filter((one) => one !== undefined));
    return { code: ResponseCode.SUCCESS, body: formatConsumerStatus(known) };
  };

  return [
    [RequestCode.INVOKE_BROKER_TO_GET_CONSUMER_STATUS, status],
    [RequestCode.GET_CONSUMER_RUNNING_INFO, running],
    [RequestCode.CONSUME_MESSAGE_DIRECTLY, consume],
  ];
}

/** What one member says of itself; undefined when it says nothing that can be read: the others still count. */
async function statusOf(
  [peer, { clientId }]: [ClientPeer, Member],
  ask: Request,
): Promise<[string, QueueNumber[]] | undefined> {
  try {
    const answer = await peer.call(ask, STATUS_MS);
    return answer.code === ResponseCode.SUCCESS
      ? [clientId, parseMemberStatus(answer.body)]
      : undefined;
  } catch (error) {
    if (error instanceof CallError || error instanceof FieldError) return undefined;
    throw error;
  }
}

/** Hands a request on to the member it names, and the member's answer back. */
async function askMember(
  clients: AskContext["clients"],
  ext: Command["ext"],
  request: Request,
): Promise<Reply> {
  const { group, clientId } = parseMember(ext);
  const members = clients.consumerGroup(group)?.members ?? new Map<ClientPeer, Member>();
  const found = [...members].find(([, member]) => member.clientId === clientId);
  if (found === undefined) {
    return refuse(
      ResponseCode.SYSTEM_ERROR,
      `Cannot ask "${clientId}": no such client of group "${group}" is online`,
    );
  }
  try {
    const { code, remark, ext, body } = await found[0].call(request, ANSWER_MS);
    return { code, remark, ext, body: body.slice() };
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const isSilent = error.kind === "timeout";
    return refuse(
      isSilent ? ResponseCode.CONSUME_MSG_TIMEOUT : ResponseCode.SYSTEM_ERROR,
      `Cannot ask "${clientId}" of group "${group}": ${error.message}`,
    );
  }
}
